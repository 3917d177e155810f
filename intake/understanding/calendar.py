"""Days, weeks, months, seasons and holidays, by the calendar alone."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

Span = tuple[date, date]
MIN_YEAR: Final = 1900
MAX_YEAR: Final = 2099


def safe(year: int, month: int, day: int) -> date | None:
    """That day; None: there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month(year: int, number: int) -> Span:
    """The whole month."""
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])


def year(number: int) -> Span:
    """The whole year."""
    return date(number, 1, 1), date(number, 12, 31)


def week(day: date) -> Span:
    """Monday to Sunday around `day`."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def weekend(day: date) -> Span:
    """Saturday and Sunday of the week of `day`."""
    saturday = day - timedelta(days=day.weekday()) + timedelta(days=5)
    return saturday, saturday + timedelta(days=1)


def season(year_number: int, months: tuple[int, int]) -> Span:
    """The three months of a season; a winter begins in the year it is named after."""
    first, last = months
    end = month(year_number + (last < first), last)[1]
    return date(year_number, first, 1), end


def add_months(day: date, count: int) -> date:
    """`count` months later; on a shorter month's last day where needed."""
    index = day.year * 12 + day.month - 1 + count
    if not MIN_YEAR * 12 <= index < (MAX_YEAR + 1) * 12:
        return day
    number, start = index % 12 + 1, index // 12
    return date(start, number, min(day.day, monthrange(start, number)[1]))


def shifted(day: date, count: float, unit: str) -> date:
    """`count` units after `day`, before it when negative. Stays within the years a date may have."""
    count = max(-2000.0, min(2000.0, count))
    if unit in {"month", "year", "decade"}:
        months = count * {"month": 1, "year": 12, "decade": 120}[unit]
        whole = int(months)
        return add_months(day, whole) + timedelta(days=round((months - whole) * 30))
    return day + timedelta(days=round(count * {"day": 1, "week": 7, "fortnight": 14, "hour": 0}[unit]))


def easter(number: int) -> date:
    """Easter Sunday (the Gregorian computus by Butcher)."""
    a, b, c = number % 19, number // 100, number % 100
    d, e, f = b // 4, b % 4, (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    return date(number, (h + m - 7 * n + 114) // 31, (h + m - 7 * n + 114) % 31 + 1)


def _nth(number: int, in_month: int, weekday: int, nth: int) -> date:
    """The nth weekday of a month; -1: the last."""
    if nth < 0:
        last = month(number, in_month)[1]
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(number, in_month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


_RULES: Final = {
    "thanksgiving": (11, 3, 4), "labor_day": (9, 0, 1), "memorial_day": (5, 0, -1), "mlk": (1, 0, 3),
    "presidents": (2, 0, 3), "columbus": (10, 0, 2), "mothers": (5, 6, 2), "fathers": (6, 6, 3),
    "super_bowl": (2, 6, 2),
}  # fmt: skip
_FROM_EASTER: Final = {"easter": 0, "good_friday": -2, "ash_wednesday": -46, "holy_thursday": -3}


def holiday(rule: str | list[int], number: int) -> date:
    """The day of a holiday in a year: a fixed [month, day], or a rule by name. US federal rules (5 U.S.C. 6103)."""
    if isinstance(rule, list):
        return date(number, rule[0], rule[1])
    if rule in _FROM_EASTER:
        return easter(number) + timedelta(days=_FROM_EASTER[rule])
    if rule == "black_friday":
        return _nth(number, 11, 3, 4) + timedelta(days=1)
    return _nth(number, *_RULES[rule])
