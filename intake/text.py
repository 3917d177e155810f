"""What may come in as text: any script, no control characters, one normal form."""

from __future__ import annotations

import unicodedata
from typing import Final

from intake.errors import TextEmpty, TextTooLong

#: Characters of one turn. Longer texts are refused with the limit named. Of what is longer than the engine reads
#: (intake.interview.guided.reading), the whole is kept and the first part understood.
MAX_TEXT: Final = 1_000_000
# Embeddings, overrides and isolates reorder what a reader sees without changing what is stored;
# the marks U+200E and U+200F and the joiners are part of ordinary Persian, Hebrew and emoji.
_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_KEPT_CONTROLS: Final = frozenset("\n\t")
# Control characters and lone surrogates: PostgreSQL takes no NUL, UTF-8 no surrogate.
_DROPPED_CATEGORIES: Final = frozenset({"Cc", "Cs"})


def clean(text: str) -> str:
    """NFC, with newlines as "\\n" and without control, reordering and surrogate characters."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", "".join(c for c in text if _is_kept(c)))


def clean_turn(text: str) -> str:
    """A turn's text as it is stored, without surrounding white space. Raises TextEmpty, TextTooLong."""
    if len(text) > 2 * MAX_TEXT:  # before any work on it; what is dropped may bring a text below the limit
        raise TextTooLong(limit=MAX_TEXT)
    text = clean(text).strip()
    if not any(map(_is_visible, text)):
        raise TextEmpty
    if len(text) > MAX_TEXT:
        raise TextTooLong(limit=MAX_TEXT)
    return text


def _is_kept(character: str) -> bool:
    if character in _KEPT_CONTROLS:
        return True
    return character not in _REORDERING and unicodedata.category(character) not in _DROPPED_CATEGORIES


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "ZC"
