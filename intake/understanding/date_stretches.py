"""Seasons, decades and stretches up to today: "the winter of 2018", "the nineties", "the last three months"."""

from __future__ import annotations

from datetime import date
from typing import Final

from intake.understanding import calendar as cal
from intake.understanding.date_parts import year_after, year_at
from intake.understanding.date_relative import length_at
from intake.understanding.date_types import Period, Reader, When
from intake.understanding.heard import Heard
from intake.understanding.words import table, word_set


def _season(heard: Heard, index: int, when: When) -> Period | None:
    """ "summer of 2020", "in the winter", "verano del año pasado", "two summers ago"."""
    word = heard.norm(index).removesuffix("s")
    months = table("dates")["seasons"].get(heard.norm(index)) or table("dates")["seasons"].get(word)
    if months is None:
        return None
    year = year_after(heard, index + 1, when)
    if year is not None:
        return Period(*cal.season(year[0], tuple(months)), index, year[1], "season")
    in_a_season = heard.norm(index - 1) in {"the", "el", "la", "in", "en", "this", "during", "since", "early", "late"}
    if not in_a_season or (heard.norm(index) in word_set("dates", "unsure_season") and not when.asked):
        return None
    seasons = [cal.season(when.today.year + offset, tuple(months)) for offset in (-1, 0, 1)]
    chosen = [s for s in seasons if (s[0] >= when.today if when.ahead else s[0] <= when.today)]
    pick = chosen[0] if when.ahead else chosen[-1]
    return Period(*pick, index, index + 1, "season", has_year=False)


def _stretch(heard: Heard, index: int, when: When) -> Period | None:
    """ "the last three months", "the past year", "los últimos dos años", "the next two weeks"."""
    word = heard.norm(index)
    back = word in {"last", "past", "ultimos", "ultimas", "ultimo", "previous"}
    if not back and word not in {"next", "coming", "proximos", "proximas"}:
        return None
    length = length_at(heard, index + 1)
    if length is None:
        return None
    edge = cal.shifted(when.today, -length[1] if back else length[1], length[2])
    return Period(min(edge, when.today), max(edge, when.today), index, length[3], "stretch")


def _decade(heard: Heard, index: int, when: When) -> Period | None:
    """ "the nineties", "the 90s", "los noventa", "the 2000s"."""
    del when
    word = heard.norm(index)
    names = {"fifties": 1950, "sixties": 1960, "seventies": 1970, "eighties": 1980, "nineties": 1990, "noventas": 1990,
             "ochentas": 1980, "setentas": 1970, "sesentas": 1960, "2000s": 2000}  # fmt: skip
    start = names.get(word)
    end = index + 1
    if start is None and word.isdigit() and heard.norm(index + 1) == "s" and heard.gap(index + 1) in {"", "'"}:
        value = int(word[:4])
        start = value if 1900 <= value < 2100 else 1900 + value if 40 <= value < 100 else None
        end = index + 2
    if (
        start is None
        and heard.norm(index - 1) == "los"
        and word in {"cincuenta", "sesenta", "setenta", "ochenta", "noventa"}
    ):
        start = {"cincuenta": 1950, "sesenta": 1960, "setenta": 1970, "ochenta": 1980, "noventa": 1990}[word]
    return _year_of_decade(heard, start, index, end) if start else None


def _year_of_decade(heard: Heard, start: int, index: int, end: int) -> Period:
    """ "the nineties, maybe ninety six": the year, when one of the decade follows."""
    at = end
    while heard.norm(at) in {
        "maybe",
        "like",
        "around",
        "about",
        "probably",
        "i",
        "think",
        "say",
        "como",
        "quizas",
        "creo",
    }:
        at += 1
    year = year_at(heard, at, short=True)
    if year is not None and (year[0] - start) % 100 < 10 and (year[0] < 100 or start <= year[0] < start + 10):
        return Period(*cal.year(start + (year[0] - start) % 100), index, year[1], "year")
    return Period(date(start, 1, 1), date(start + 9, 12, 31), index, end, "decade")


STRETCHES: Final[tuple[Reader, ...]] = (_season, _stretch, _decade)
