"""Words with their places. Speech arrives in lower case and without punctuation; typed text with both.

Every reader works on the same folded words, and every finding points back into the text as it was said.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

# A number keeps its inner separators ("1,250.50", "12/3", "10:30"); an apostrophe does not end a word.
_WORD: Final = re.compile(r"\d+(?:[.,:/\-]\d+)*|[^\W\d_]+(?:['\u2019\u02bc][^\W\d_]+)*", re.UNICODE)
_APOSTROPHES: Final = str.maketrans("", "", "'\u2019\u02bc")


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `norm` lower case, without accents and apostrophes; `text[start:end]` as it was said."""

    norm: str
    start: int
    end: int


def fold(text: str) -> str:
    """Lower case without accents and apostrophes. May change the length: for comparing, not for places."""
    plain = text.casefold().translate(_APOSTROPHES)
    if plain.isascii():
        return plain
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def tokenise(text: str) -> list[Token]:
    """The words and numbers of `text`, in order. Everything else only separates."""
    tokens = (Token(fold(found[0]), found.start(), found.end()) for found in _WORD.finditer(text))
    # A letter that is only a mark ("\ufe70") folds to nothing: it is no word.
    return [token for token in tokens if token.norm.strip()]


def words_of(text: str) -> list[str]:
    """The folded words alone."""
    return [token.norm for token in tokenise(text)]
