"""What tells two people of one name apart: a birth year, a city, read out of an answer. Pure."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from intake.conflicts.tables import read_yaml
from intake.language.tokens import fold
from intake.understanding.date_parts import year_at
from intake.understanding.heard import Heard
from intake.understanding.states import is_state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from intake.language.guess import Language

_YEAR: Final = re.compile(r"\b(?:1[89]\d\d|20\d\d)\b")
#: Before a year of two digits: "born in 84", "nací en el 84".
_BEFORE_SHORT: Final = frozenset({"in", "of", "born", "en", "del", "el", "year", "ano", "s", "m", "was", "fue"})
_AGED: Final = frozenset({"years", "year", "yrs", "anos", "old", "yo", "or", "o", "to", "a"})
_OLDEST: Final = 110
_FULL: Final = 1000
_OF_CITY: Final = re.compile(r"\b(?:the )?(?:city|town) of |\b(?:la )?ciudad de |\b(?:el )?pueblo de ", re.IGNORECASE)
_PIECES: Final = re.compile(r"[,;.()\n]+|\b(?:and|but|y|pero)\b", re.IGNORECASE)
_PLACE: Final = re.compile(r"[^\W\d_]+(?:['\u2019. -]+[^\W\d_]+){0,3}")
_BORN: Final = re.compile(r"\b(?:born|birth(?:day| year| date)?|naci\w*|naci\u00f3)\b.*", re.IGNORECASE)
_AGE: Final = re.compile(
    r"\b(?:about|around|maybe|like|unos|como)?\s*\d{1,3}\s*(?:(?:years?|yrs?|a\u00f1os|yo|y/o)\b)?(?: old| de edad)?",
    re.IGNORECASE,
)
_LONGEST: Final = 400


def birth_year(text: str, today: date, language: Language = "en") -> int | None:
    """The year somebody says they were born in: 1984, '84, "nineteen eighty four", "born in 84". An age is none:
    it tells the year only roughly, and a wrong year would speak against a match."""
    heard = Heard.of(text[:_LONGEST], language)
    for index in range(len(heard)):
        found = year_at(heard, index, short=True)
        if found is None:
            continue
        value, end = found[0], found[1]
        is_short = value < _FULL
        alone = len(heard) == end - index or heard.norm(index - 1) in _BEFORE_SHORT
        if is_short and (heard.norm(end) in _AGED or not alone):
            continue
        year = value + (2000 if value < today.year % 100 else 1900) if is_short else value
        if today.year - _OLDEST <= year <= today.year:
            return year
    return None


def city(text: str) -> str:
    """The place in an answer such as "he lives in Laredo, Texas I think"; empty when there is none to be seen."""
    leads, tails, no_place = (frozenset(_lists()[name].split()) for name in ("leads", "tails", "no_place"))
    text = _AGE.sub(" ", _OF_CITY.sub(" ", _YEAR.sub(" ", text[:_LONGEST])))
    for piece in _PIECES.split(text):
        words = _BORN.sub("", piece).split()
        while words and _plain(words[0]) in leads:
            words.pop(0)
        while words and _plain(words[-1]) in tails:
            words.pop()
        place = " ".join(_without_state(words)).strip(" '-\u2019")
        if _PLACE.fullmatch(place) and len(place) > 2 and no_place.isdisjoint(map(_plain, words)):
            return place
    return ""


@cache
def _lists() -> Mapping[str, str]:
    """What stands around the name of a place."""
    found: Mapping[str, str] = read_yaml("details.yaml")
    return found


def _plain(word: str) -> str:
    return fold(word).replace("'", "").replace("\u2019", "")


def _without_state(words: list[str]) -> list[str]:
    """ "Laredo Texas" is Laredo; "New York" alone stays."""
    for count in (3, 2, 1):
        if len(words) > count and is_state(" ".join(words[-count:])):
            return words[:-count]
    return words
