"""Choices that are times: "This week", "More than a year ago", "Mornings"; the one that a date or an hour lies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final

from intake.language.guess import Language
from intake.understanding.dates import read_date
from intake.understanding.facts import Choice, Found
from intake.understanding.heard import Heard
from intake.understanding.numbers import number_at
from intake.understanding.words import table, word_set

_EVER: Final = 100_000
_LONGEST: Final = 30
_Days = tuple[int, int]
#: The hours of each, as people say "one" to "twelve" without "am" and "pm" when they tell when they can talk.
_PARTS: Final = {"morning": range(8, 12), "afternoon": (12, 1, 2, 3, 4), "evening": (5, 6, 7)}


def read_time_choice(heard: Heard, choices: Sequence[Choice], today: date) -> Found | None:
    """The one choice that the date or hour said lies in. None: the choices are no times, or none was said."""
    if len(heard) > _LONGEST:
        return None
    return _by_hour(heard, choices) or _by_date(heard, choices, today)


def _by_date(heard: Heard, choices: Sequence[Choice], today: date) -> Found | None:
    reaches = [_reach(choice.label, heard.language) for choice in choices]
    if sum(one is not None for one in reaches) < 2:
        return None
    said = read_date(heard, today)
    if said is None:
        return None
    days = sorted(abs((date.fromisoformat(day) - today).days) for day in str(said.value).split("/"))
    low = 0
    fitting: list[Choice] = []
    for choice, reach in sorted(zip(choices, reaches, strict=True), key=lambda one: one[1] or (0, 0)):
        if reach is None:
            continue
        first = max(low, reach[0])  # "this month" beside "this week" is the rest of it
        if first <= days[0] and days[-1] <= reach[1]:
            fitting.append(choice)
        low = reach[1] + 1 if reach[1] < _EVER else low
    return replace(said, value=fitting[0].label, why="the date said lies in it", state="inferred") if fitting else None


@lru_cache(maxsize=512)
def _reach(label: str, language: Language) -> _Days | None:
    """How many days from today a label reaches: at least and at most. None: it is no such time."""
    heard = Heard.of(label, language)
    words = set(heard.norms)
    units = table("choices")["unit_days"]
    at = next((i for i, word in enumerate(heard.norms) if word in units), -1)
    if at < 0:
        return (367, _EVER) if words & word_set("choices", "long_ago") else None
    number = next((n.value for i in range(at) if (n := number_at(heard, i)) is not None), 1)
    days = int(units[heard.norms[at]] * min(number, 100))
    return (days + 1, _EVER) if words & word_set("choices", "beyond") else (0, days)


def _by_hour(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """ "around two or three" for "Afternoon": only when parts of the day are offered, and an hour is said."""
    ideas = table("choices")["ideas"]
    offered: dict[str, Choice] = {}
    for choice in choices:
        words = Heard.of(choice.label, heard.language).norms
        for part in _PARTS:
            if any(word in ideas[part] for word in words):
                offered.setdefault(part, choice)
    if len(offered) < 2:
        return None
    for index, word in enumerate(heard.norms):
        number = number_at(heard, index)
        if number is None or not 1 <= number.value <= 12 or not _is_hour(heard, index, number.end):
            continue
        hour = int(number.value)
        marks = heard.norms[number.end : number.end + 3]
        part = next((name for name, hours in _PARTS.items() if hour in hours), "")
        if "am" in marks or ("before" in heard.norms[max(0, index - 2) : index] and hour >= 8):
            part = "morning"
        elif "pm" in marks and hour in {8, 9, 10, 11}:
            part = "evening"
        if part in offered and word:
            start, end = heard.span(index, number.end)
            return Found(offered[part].label, start, end, "the hour said lies in it", "inferred")
    return None


def _is_hour(heard: Heard, index: int, end: int) -> bool:
    """Whether a number is an hour: after "around" and the like, before "pm" and the like, or alone."""
    before, after = set(heard.norms[max(0, index - 2) : index]), heard.norm(end)
    if after in table("choices")["unit_days"] or after in {"kids", "jobs", "days", "hours", "horas"}:
        return False
    marked = before & word_set("choices", "before_hour") or after in word_set("choices", "after_hour")
    return bool(marked) or end - index == len(heard)
