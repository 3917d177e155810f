"""Names in other scripts, written in Latin letters."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from anyascii import anyascii

from intake.conflicts.tables import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Characters of a name that are read; longer ones are no names.
MAX_NAME: Final = 400
_HAN_WORD: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]+")
_HANGUL_WORD: Final = re.compile("[\uac00-\ud7af]+")
# Written without most of their vowels.
_ABJAD: Final = re.compile("[\u0590-\u06ff\u0750-\u077f]")
_DOUBLE_SURNAMES: Final = frozenset({
    "\u6b27\u9633", "\u6b50\u967d", "\u53f8\u9a6c", "\u53f8\u99ac", "\u8bf8\u845b", "\u8af8\u845b",
    "\u4e0a\u5b98", "\u53f8\u5f92", "\u6155\u5bb9",
})  # fmt: skip


@cache
def _letters() -> dict[int, str]:
    """Where a reader of the language hears otherwise than a letter table says."""
    return str.maketrans(dict(read_yaml("letters.yaml")["letters"]))


@cache
def _korean_surnames() -> Mapping[str, str]:
    """As their bearers write them."""
    found: Mapping[str, str] = read_yaml("letters.yaml")["korean_surnames"]
    return found


def is_abjad(text: str) -> bool:
    """Whether `text` is in a script that leaves vowels out (Arabic, Hebrew)."""
    return not text.isascii() and bool(_ABJAD.search(text))


def has_family_first(text: str) -> bool:
    """Whether `text` is in a script whose readers write the family's name first."""
    return not text.isascii() and bool(_HAN_WORD.search(text) or _HANGUL_WORD.search(text))


def latin(text: str) -> str:
    """`text` in ASCII, its case and punctuation kept, at most MAX_NAME characters read.

    Chinese and Korean names are divided: the family's name, then the given name in one word.
    """
    text = text[:MAX_NAME]
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    text = _HANGUL_WORD.sub(lambda found: _divided(found[0]), _HAN_WORD.sub(lambda found: _divided(found[0]), text))
    if _ABJAD.search(text):
        text = re.sub("(?<![\u0621-\u06ff])\u0627\u0644", "al-", text)  # the article, as Latin writers set it off
        text = "".join(c for c in text if not unicodedata.category(c).startswith("M"))
    return "".join(c for c in anyascii(unicodedata.normalize("NFC", text).translate(_letters())) if c.isprintable())


def _divided(word: str) -> str:
    if len(word) > 4:
        return f" {anyascii(word)} "
    if word[0] in _korean_surnames():
        return f" {_korean_surnames()[word[0]]} {anyascii(word[1:]).title()} "
    first = 2 if len(word) > 2 and word[:2] in _DOUBLE_SURNAMES else 1
    return f" {anyascii(word[:first]).title()} {anyascii(word[first:]).title()} "
