"""Days of a month that were misheard, told by the month beside them: "july fort", "el nieve de enero"."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from intake.understanding.heard import Heard, nearest
from intake.understanding.numbers import figure, kinds, word_value
from intake.understanding.words import table, word_set

_OF: Final = frozenset({"of", "de", "del", "oh"})
_ARTICLES: Final = frozenset({"the", "el", "dia", "day", "on", "un"})
_FILLERS: Final = frozenset({"so", "like", "pues", "este", "eh"})
_IN_YEARS: Final = frozenset({"of", "like", "so", "a", "the"})
#: How near a day must sound where a month and an article say that a day stands there.
_CLOSE: Final = 0.5
_CLOSE_LAST: Final = 0.62
_MIN: Final = 3
#: Words between a number and "ago" that are meant.
_LENGTHS: Final = frozenset(
    {"or", "few", "couple", "and", "whole", "long", "good", "rato", "poco", "tiempo", "par", "while", "bit"}
)


@cache
def _days(language: str) -> tuple[str, ...]:
    """The words for days, as they are said before or after a month."""
    ordinals = [
        word for word in table("numbers")["ordinal"] if (word[-2:] in {"st", "nd", "rd", "th"}) == (language == "en")
    ]
    english = frozenset(table("mending")["english_numbers"])
    numbers = [w for w, (kind, v) in kinds().items() if kind in {"unit", "teen", "ten"} and 0 < v <= 31]
    return (*ordinals, *(w for w in numbers if (w in english) == (language == "en") and w not in {"un", "una"}))


@cache
def _tens() -> tuple[str, ...]:
    return tuple(word for word, (kind, _) in kinds().items() if kind == "ten" and word.endswith("a"))


def with_days(heard: Heard) -> Heard:
    """Words put right that stand where only a day of the month can. Never in text typed with capitals."""
    if heard.is_cased:
        return heard
    tokens = [t for i, t in enumerate(heard.tokens) if not _slipped(heard, i)]
    heard = Heard(heard.text, tuple(tokens), heard.language)
    months = table("dates")["months"]
    for index in range(len(tokens)):
        new = _tens_and(heard, index) or _numbers_part(heard, index) or _unit(heard, index)
        if new is None and heard.norm(index) in months:
            place = _day_place(heard, index)
            if place is not None:
                last = place == len(tokens) - 1
                near = nearest(heard.norm(place), _days(heard.language), _CLOSE_LAST if last else _CLOSE)
                if near is not None:
                    tokens[place] = replace(tokens[place], norm=near)
        if new is not None:
            tokens[index] = replace(tokens[index], norm=new)
    return Heard(heard.text, tuple(tokens), heard.language)


def _slipped(heard: Heard, index: int) -> bool:
    """A small word between "of" and its month, or "oh" heard for that "of": "el primero de la enero"."""
    months = table("dates")["months"]
    word, before, after = heard.norm(index), heard.norm(index - 1), heard.norm(index + 1)
    if word in _FILLERS and before in months and after in _OF | {"to", "through", "until", "hasta", "a"}:
        return True  # "from march so to june"
    if word in _IN_YEARS and before in {"twenty", "nineteen"} and _is_number(heard, index + 1):
        return heard.norm(index - 2) in months | {"twenty": 1, "in": 1}  # "july fourth twenty of twenty two"
    if word in _FILLERS | {"que", "el", "la", "a"} and before == "mil" and _is_number(heard, index + 1):
        return True  # "dos mil que veinte"
    if heard.norm(index) == "oh" and heard.norm(index - 1) in table("numbers")["ordinal"]:
        return heard.norm(index + 1) in months
    return (
        heard.norm(index) in word_set("mending", "slipped_in")
        and heard.norm(index - 1) in {"of", "de"}
        and heard.norm(index + 1) in months
        and heard.norm(index + 1) != "may"
    )


def _day_place(heard: Heard, month: int) -> int | None:
    """Where the day stands beside a month, when the word there is none: before "of", or between month and year."""
    if heard.norm(month - 1) in _OF and heard.norm(month - 3) in _ARTICLES | {""}:
        return month - 2 if _is_open(heard, month - 2) else None
    ends = month + 2 == len(heard) and month < 5
    if _is_open(heard, month + 1) and (ends or _is_number(heard, month + 2)) and heard.norm(month) != "may":
        following = heard.norm(month + 1)
        return (
            month + 1 if following not in {"of", "in", "to", "and", "the", "through", "until", "last", "this"} else None
        )
    return None


def _is_open(heard: Heard, index: int) -> bool:
    word = heard.norm(index) if index >= 0 else ""
    return (
        len(word) >= _MIN
        and not _is_number(heard, index)
        and word not in table("numbers")["ordinal"]
        and not any(word in word_set("dates", key) for key in ("early", "mid", "late", "last", "from", "to", "until"))
        and word not in table("dates")["months"]
        and word not in table("dates")["units"]
        and word not in table("dates")["weekdays"]
    )


def _is_number(heard: Heard, index: int) -> bool:
    word = heard.norm(index)
    return bool(word) and (word_value(word, heard.language) is not None or figure(word, heard.language) is not None)


def _tens_and(heard: Heard, index: int) -> str | None:
    """ "el renta y uno", "setenta y nueva": one half of a Spanish number under a hundred."""
    if heard.language != "es":
        return None
    word = heard.norm(index)
    ahead, behind = word_value(heard.norm(index + 2), "es"), word_value(heard.norm(index - 2), "es")
    if (
        heard.norm(index + 1) == "y"
        and ahead is not None
        and ahead[0] == "unit"
        and heard.norm(index - 1) in {"el", "los", "de"}
    ):
        return nearest(word, _tens(), 0.6) if word_value(word, "es") is None else None
    if heard.norm(index - 1) == "y" and behind is not None and behind[0] == "ten" and word_value(word, "es") is None:
        units = tuple(w for w, (kind, v) in kinds().items() if kind == "unit" and v and w not in _english())
        return nearest(word, units, 0.6)
    return None


@cache
def _english() -> frozenset[str]:
    return frozenset(table("mending")["english_numbers"])


def _unit(heard: Heard, index: int) -> str | None:
    """ "two which ago", "hace un más", "finales del baño pasado": a length of time, as the words beside it show."""
    word, before, after = heard.norm(index), heard.norm(index - 1), heard.norm(index + 1)
    units = table("dates")["units"]
    if not word or word in units or _is_number(heard, index) or word in _LENGTHS:
        return None
    if heard.language == "en" and after == "ago" and (_is_number(heard, index - 1) or before == "a"):
        return nearest(word, ("days", "weeks", "months", "years", "day", "week", "month", "year"), 0.4)
    if heard.language == "es" and heard.norm(index - 2) == "hace" and before in {"un", "una"}:
        return nearest(word, ("mes", "ano") if before == "un" else ("semana",), 0.4)
    if heard.language == "es" and after in {"pasado", "pasada"} and before in {"del", "el", "la"}:
        return nearest(word, ("ano", "mes", "semana", "verano"), 0.7)
    return None


def _numbers_part(heard: Heard, index: int) -> str | None:
    """ "dos mi dieciséis", "dos mail veinte": "mil" between two numbers."""
    if heard.language != "es" or heard.norm(index) not in word_set("mending", "mil_sounds"):
        return None
    return "mil" if heard.norm(index - 1) == "dos" and _is_number(heard, index + 1) else None
