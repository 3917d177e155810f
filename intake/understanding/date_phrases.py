"""Each way to name a day or a stretch of days, from its first word: absolute, relative, by weekday, season, holiday."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Final

from intake.understanding import calendar as cal
from intake.understanding.date_parts import (
    day_at,
    full_year,
    is_unsure_month,
    month_at,
    relative_year,
    year_after,
    year_at,
)
from intake.understanding.date_relative import RELATIVE
from intake.understanding.date_stretches import STRETCHES
from intake.understanding.date_types import Period, Reader, When
from intake.understanding.heard import Heard
from intake.understanding.numbers import number_at
from intake.understanding.words import table, word_set


def period_at(heard: Heard, index: int, when: When) -> Period | None:
    """The longest period whose words begin at `index`."""
    found = [p for reader in _READERS if (p := reader(heard, index, when)) is not None]
    return max(found, key=lambda p: p.end) if found else None


def _written(heard: Heard, index: int, when: When) -> Period | None:
    """ "2020-03-04", "3/4/2020", "03-04-20", "3/2020", "12/24"."""
    word = heard.norm(index)
    if not word[:1].isdigit() or not word.isascii() or len(word) > 10:
        return None
    mark = next((m for m in "/-." if m in word), "")
    parts = word.split(mark) if mark else []
    if not 2 <= len(parts) <= 3 or not all(part.isdigit() for part in parts):
        return None
    numbers = [int(part) for part in parts]
    if len(numbers) == 3:
        day = _from_three(numbers, len(parts[0]) == 4, heard.language, when)
        return Period(day, day, index, index + 1, "day") if day is not None else None
    if mark == "/" and len(parts[1]) == 4 and 1 <= numbers[0] <= 12 and cal.MIN_YEAR <= numbers[1] <= cal.MAX_YEAR:
        return Period(*cal.month(numbers[1], numbers[0]), index, index + 1, "month")
    if mark == "/" and len(parts[1]) <= 2:
        month, day_number = numbers if heard.language == "en" and numbers[0] <= 12 else reversed(numbers)
        return _day_of(month, day_number, None, index, index + 1, when)
    return None


def _from_three(numbers: list[int], year_first: bool, language: str, when: When) -> date | None:
    if year_first:
        return cal.safe(*numbers) if cal.MIN_YEAR <= numbers[0] <= cal.MAX_YEAR else None
    first, second, last = numbers
    year = full_year(last, when.today.year)
    if not cal.MIN_YEAR <= year <= cal.MAX_YEAR:
        return None
    # US order in English, day first in Spanish; the other order when only that one is a date
    orders = [(first, second), (second, first)] if language == "en" else [(second, first), (first, second)]
    return next((day for m, d in orders if (day := cal.safe(year, m, d)) is not None), None)


def _day_of(month: int, day: int, year: int | None, start: int, end: int, when: When) -> Period | None:
    """A day of a month; without a year the latest past one, or the next one when it lies ahead."""
    if year is not None:
        found = cal.safe(year, month, day)
        return Period(found, found, start, end, "day") if found else None
    for candidate in _years_near(when):
        found = cal.safe(candidate, month, day)
        if found is not None and ((found >= when.today) if when.ahead else (found <= when.today)):
            return Period(found, found, start, end, "day", has_year=False)
    return None


def _years_near(when: When) -> list[int]:
    now = when.today.year
    return list(range(now, now + 9)) if when.ahead else list(range(now, now - 9, -1))


def _month_of(month: int, year: int | None, start: int, end: int, when: When) -> Period:
    if year is not None:
        return Period(*cal.month(year, month), start, end, "month")
    now = when.today
    number = (
        now.year if (month >= now.month if when.ahead else month <= now.month) else now.year + (1 if when.ahead else -1)
    )
    return Period(*cal.month(number, month), start, end, "month", has_year=False)


def _month_first(heard: Heard, index: int, when: When) -> Period | None:
    """ "March 4th 2020", "march the fourth nineteen eighty four", "march of last year", "marzo del 2020", "march"."""
    read = month_at(heard, index)
    if read is None:
        return None
    month, at = read
    day_place = at + (heard.norm(at) in {"the", "el"})
    day = day_at(heard, day_place)
    if day is not None and not year_at(heard, day_place):
        year = year_after(heard, day[1], when)
        period = _day_of(month, day[0], year[0] if year else None, index, year[1] if year else day[1], when)
        if period is not None:
            return period
    year = year_after(
        heard, at, when, short=heard.norm(at) in {"of", "de", "del"} or heard.gap(at).strip() in {"'", "\u2019"}
    )
    if year is not None:
        return Period(*cal.month(year[0], month), index, year[1], "month")
    if is_unsure_month(heard.norm(index)) and not _before_a_month(heard, index, when):
        return None
    passed = heard.norm(at) in word_set("dates", "last")
    return _month_of(month, None, index, at + passed, replace(when, ahead=when.ahead and not passed))


def _before_a_month(heard: Heard, index: int, when: When) -> bool:
    """Whether what stands before "may" or "march" makes it a month."""
    before = heard.norm(index - 1)
    if before in {
        "in",
        "of",
        "since",
        "until",
        "till",
        "last",
        "next",
        "this",
        "from",
        "to",
        "through",
        "by",
        "around",
        "about",
        "early",
        "mid",
        "late",
        "en",
        "de",
        "desde",
        "hasta",
        "and",
        "between",
        "during",
        "every",
    } - (set() if when.asked else {"to", "and", "by", "this"}):
        return True
    return when.asked and len(heard) <= 3 and before not in {"i", "you", "we", "it", "he", "she", "they"}


def _day_first(heard: Heard, index: int, when: When) -> Period | None:
    """ "the fourth of March 2020", "4 de marzo del 84", "the 15th"."""
    day = day_at(heard, index)
    if day is None:
        return None
    value, at, _ = day
    month_place = at
    while heard.norm(month_place) in {"of", "de", "del", "day", "dia", "mes"}:
        month_place += 1
    month = month_at(heard, month_place, near=heard.norm(at) in {"of", "de"})
    if month is not None:
        year = year_after(heard, month[1], when)
        return _day_of(month[0], value, year[0] if year else None, index, year[1] if year else month[1], when)
    if heard.norm(at) in {"of", "de", "del"}:
        span = period_at(heard, at + 1 + (heard.norm(at + 1) in {"the", "el"}), when)
        if span is not None and span.kind == "month":  # "the eleventh of last month"
            return _day_of(span.low.month, value, span.low.year, index, span.end, when)
    return _day_alone(heard, index, day, when)


def _day_alone(heard: Heard, index: int, day: tuple[int, int, bool], when: When) -> Period | None:
    """ "the 15th"; "the 3rd" of "the 3rd to the 5th of March"."""
    value, at, ordinal = day
    article = heard.norm(index - 1)
    following = heard.norm(at)
    if following in {"al", "a", "to", "through", "y", "and", "hasta", "or", "o"} or "-" in heard.gap(at):
        other = day_at(
            heard,
            at
            + (following in {"al", "a", "to", "through", "y", "and", "hasta", "or", "o"})
            + (heard.norm(at + 1) in {"the", "el"}),
        )
        if (
            other is not None
            and month_at(heard, other[1] + (heard.norm(other[1]) in {"of", "de"}))
            and value < other[0]
        ):
            return _bare_day(value, index, at, when)
    if not (ordinal and article in {"the", "el"}) and not (article in {"el", "dia"} and when.asked and len(heard) <= 6):
        return None
    if following in word_set("dates", "after_other_ordinals") or not when.asked:
        return None
    return _bare_day(value, index, at, when)


def _bare_day(value: int, start: int, end: int, when: When) -> Period | None:
    """ "the fifteenth": of this month or the one before; when ahead, of this or the next."""
    for step in range(4):
        month = cal.add_months(when.today.replace(day=1), step if when.ahead else -step)
        found = cal.safe(month.year, month.month, value)
        if found is not None and (found >= when.today if when.ahead else found <= when.today):
            return Period(found, found, start, end, "bare_day", has_year=False)
    return None


def _by_digits(heard: Heard, index: int, when: When) -> Period | None:
    """ "three four eighty four", "oh three oh four eighty four", "3 4 2020": only when a date was asked for."""
    if not when.asked:
        return None
    first = _small(heard, index)
    second = _small(heard, _past_mark(heard, first[1])) if first else None
    if first is None or second is None:
        return None
    year = year_at(heard, _past_mark(heard, second[1]), short=True)
    if year is None:
        return None
    found = _from_three([first[0], second[0], year[0]], False, heard.language, when)
    return Period(found, found, index, year[1], "day") if found is not None else None


def _past_mark(heard: Heard, index: int) -> int:
    return index + (heard.norm(index) in {"slash", "dash", "diagonal", "guion", "barra", "del", "de"})


def _small(heard: Heard, index: int) -> tuple[int, int] | None:
    if heard.norm(index) in {"oh", "o", "zero", "cero"}:
        day = day_at(heard, index + 1)
        return (day[0], day[1]) if day is not None and day[0] < 10 else None
    day = day_at(heard, index)
    return (day[0], day[1]) if day is not None else None


def _year_alone(heard: Heard, index: int, when: When) -> Period | None:
    """ "1984", "in two thousand nineteen", "en el ochenta y cuatro"."""
    relative = None if heard.norm(index) == "pasado" else relative_year(heard, index, when)
    if relative is not None and heard.norm(index) not in {"a", "hace"} and not number_at(heard, index):
        return Period(*cal.year(relative[0]), index, relative[1], "year")
    read = year_at(heard, index)
    if read is not None:
        sure = heard.norm(index - 1) in {
            "in",
            "since",
            "year",
            "of",
            "en",
            "del",
            "ano",
            "desde",
            "from",
            "to",
            "until",
            "hasta",
            "around",
            "about",
            "between",
            "and",
            "y",
            "entre",
            "early",
            "late",
            "mid",
            "de",
            "el",
            "back",
        }
        money = heard.norm(read[1]) in word_set("amounts", "currency") | word_set("amounts", "countable")
        if (sure or when.asked) and not money:
            return Period(*cal.year(read[0]), index, read[1], "year")
    if when.asked and heard.norm(index - 1) in {"in", "year", "el", "del", "ano", "back"} | (
        {"en"} if heard.language == "es" else set()
    ):
        read = year_at(heard, index, short=True)
        if (
            read is not None
            and (read[0] > 31 or heard.norm(index - 1) in {"year", "ano"})
            and heard.norm(read[1]) not in table("dates")["units"]
        ):
            return Period(*cal.year(full_year(read[0], when.today.year)), index, read[1], "year")
    return None


def _near_day(heard: Heard, index: int, when: When) -> Period | None:
    """ "yesterday", "antier", "tomorrow morning", "the other day"."""
    read = table("dates")["days"]
    for size in (4, 3, 2, 1):
        words = heard.norms[index : index + size]
        phrase = " ".join(words)
        if len(words) == size and phrase in read:
            offset = read[phrase]
            if phrase == "manana" and heard.norm(index - 1) in {"la", "esta"}:
                return None
            if offset in (None, "null"):
                low = when.today - timedelta(days=7)
                return Period(low, when.today - timedelta(days=1), index, index + size, "vague")
            day = when.today + timedelta(days=int(offset))
            return Period(day, day, index, index + size, "day")
    return None


@cache
def _holidays() -> dict[tuple[str, ...], str | list[int]]:
    return {tuple(name.split()): rule for name, rule in table("dates")["holidays"].items()}


def _holiday(heard: Heard, index: int, when: When) -> Period | None:
    """ "last Easter", "Thanksgiving 2019", "Navidad del año pasado", "this coming Christmas"."""
    at, word = index, heard.norm(index)
    turn = 0
    if word in word_set("dates", "last"):
        turn, at = -1, index + 1
    elif word in word_set("dates", "next"):
        turn, at = 1, index + 1
    elif word in {"this", "esta", "este"}:
        at = index + 1
        if heard.norm(at) in {"past", "coming", "pasada", "pasado"}:
            turn, at = (1 if heard.norm(at) == "coming" else -1), at + 1
    for size in (6, 5, 4, 3, 2, 1):
        rule = _holidays().get(heard.norms[at : at + size])
        if rule is None or at + size > len(heard):
            continue
        end = at + size
        year = year_after(heard, end, when, short=True)
        if year is not None and heard.norm(end) == "pasado":
            year = None
        if year is not None:
            day = cal.holiday(rule, year[0])
            return Period(day, day, index, year[1], "holiday")
        if heard.norm(end) in {"pasado", "pasada"}:
            turn, end = -1, end + 1
        ahead = turn > 0 or (when.ahead and turn == 0)
        days = [cal.holiday(rule, number) for number in range(when.today.year - 1, when.today.year + 2)]
        day = (
            min(d for d in days if d >= when.today)
            if ahead
            else max(d for d in days if d <= when.today - timedelta(days=turn < 0))
        )
        return Period(day, day, index, end, "holiday", has_year=False)
    return None


_READERS: Final[tuple[Reader, ...]] = (
    _written, _month_first, _day_first, _by_digits, _near_day, _holiday, *RELATIVE,
    *STRETCHES, _year_alone,
)  # fmt: skip
