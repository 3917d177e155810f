"""The normal form of a name: what two ways of writing the same name have in common."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Only marks that are accents or vowel points: in Indic scripts combining marks are letters.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652]")
# Letters that NFKD leaves whole. Case folding has turned ß into ss before.
_LETTERS: Final = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h", "&": " and ",
})  # fmt: skip
_APOSTROPHES: Final = str.maketrans("", "", "'\u2018\u2019\u02bc\u02bb`\u00b4")
_COMPANY: Final = frozenset({
    "inc", "incorporated", "llc", "llp", "lllp", "lp", "pllc", "pc", "plc", "pa", "ltd", "limited", "co", "company",
    "corp", "corporation", "gmbh", "ag", "kg", "ug", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "ab", "oy", "as",
    "pty", "pte", "pvt", "na",
})  # fmt: skip
_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sr", "sra", "the"})
_GENERATIONS: Final = frozenset({"jr", "sr", "ii", "iii", "iv", "esq", "md", "phd"})
_GIVEN_NAMES: Final = 3


def normalise(name: str) -> str:
    """Lower case, without accents, punctuation, titles and company suffixes, in the order first name,
    last name. Empty when nothing of `name` is a letter or digit.

    "Núñez, José", "jose nunez" and "Mr. José  NÚÑEZ" are one; so are "Acme, L.L.C." and "the ACME Co".
    """
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_APOSTROPHES)).translate(_LETTERS)
    folded = unicodedata.normalize("NFC", _ACCENTS.sub("", folded))
    words = _first_name_first([_words(part) for part in folded.split(",")])
    return " ".join(_without_suffix(_without_title(words)))


def _words(part: str) -> list[str]:
    """What stands between punctuation. Marks stay with their letters."""
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in part).split()


def _first_name_first(parts: list[list[str]]) -> list[str]:
    """ "Last, First" turned round; a comma before a suffix or in a list of partners is only a comma."""
    parts = [part for part in parts if part]
    if len(parts) == 2 and 0 < len(parts[1]) <= _GIVEN_NAMES:
        last, first = parts
        is_suffix = "and" in first or not _without_suffix(first, keep_one=False) or set(first) <= _GENERATIONS
        if not is_suffix and "and" not in last:
            return first + last
    return [word for part in parts for word in part]


def _without_title(words: list[str]) -> list[str]:
    while len(words) > 1 and words[0] in _TITLES:
        words = words[1:]
    return words


def _without_suffix(words: list[str], *, keep_one: bool = True) -> list[str]:
    least = 1 if keep_one else 0
    while len(words) > least:
        length = next((n for n in (1, 2, 3, 4) if len(words) - n >= least and _is_suffix(words[-n:])), 0)
        if not length:
            break
        words = words[:-length]
    return words


def _is_suffix(words: list[str]) -> bool:
    """A company's suffix, in one word or letter by letter: "l l c" came from "L.L.C."."""
    return (len(words) == 1 or all(len(word) == 1 for word in words)) and "".join(words) in _COMPANY
