"""Times named from today: "three weeks ago", "last summer", "el lunes pasado"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from intake.understanding import calendar as cal
from intake.understanding.date_parts import month_at
from intake.understanding.date_types import Period, Reader, When
from intake.understanding.heard import Heard
from intake.understanding.numbers import number_at
from intake.understanding.words import table, word_set

_DEEPEST: Final = 2
_AGO: Final = frozenset({"ago", "back", "prior", "earlier", "atras", "aback", "agoe"})
_LATER: Final = (("from", "now"), ("from", "today"), ("from", "tomorrow"), ("later",), ("a", "partir", "de", "hoy"),
                ("desde", "hoy"), ("contados", "desde", "hoy"), ("contando", "desde", "hoy"))  # fmt: skip
_BEFORE: Final = (("before",), ("prior", "to"), ("antes", "de"), ("antes", "del"))
_AFTER: Final = (("after",), ("following",), ("despues", "de"), ("despues", "del"))
_FEW: Final[dict[str, tuple[float, float]]] = {
    "few": (3, 5), "several": (3, 7), "couple": (2, 2), "unos": (2, 5), "unas": (2, 5), "pocos": (2, 5),
    "pocas": (2, 5), "varios": (3, 7), "varias": (3, 7), "algunos": (3, 5), "algunas": (3, 5), "cuantos": (2, 5),
    "cuantas": (2, 5),
}  # fmt: skip


def _period(low: date, high: date, start: int, end: int, kind: str, *, has_year: bool = True) -> Period:
    return Period(low, high, start, end, kind, has_year)


def length_at(heard: Heard, index: int) -> tuple[float, float, str, int] | None:
    """A length of time: at least, at most, the unit, and the place after it. "a year and a half", "unos tres meses"."""
    at = index
    few: tuple[float, float] | None = None
    while heard.norm(at) in word_set("dates", "length_opening") and at - index < 5:
        word = heard.norm(at)
        number = number_at(heard, at)
        if number is not None and word not in {"un", "una", "couple", "par"}:
            break
        if word in _FEW and word not in {"unos", "unas"}:
            few = _FEW[word]
        if word == "par":
            few = (2, 2)
        if word in {"half", "medio", "media"}:
            few = (0, 0)
        if word in {"unos", "unas"} and few is None and number_at(heard, at + 1) is None:
            few = _FEW[word]
        at += 1
    return _unit_after(heard, index, at, few)


def _unit_after(
    heard: Heard, index: int, at: int, few: tuple[float, float] | None
) -> tuple[float, float, str, int] | None:
    """The number and unit at `at`, after the words that open a length of time at `index`."""
    number = None if few else number_at(heard, at)
    unit = table("dates")["units"].get(heard.norm(number.end if number else at))
    if unit is None:
        return None
    if number is not None:
        low = high = number.value
        end = number.end + 1
    elif few is not None:
        (low, high), end = few, at + 1
        low, high = (0.5, 0.5) if high == 0 else (low, high)
    elif heard.norm(at - 1) in {"a", "an", "un", "una", "hace", "another"} and (
        at > index or heard.norm(at - 1) == "hace"
    ):
        low = high = 1
        end = at + 1
    else:
        return None
    if (
        heard.starts(end, ("and", "a", "half"))
        or heard.starts(end, ("y", "medio"))
        or heard.starts(end, ("y", "media"))
    ):
        low, high, end = low + 0.5, high + 0.5, end + (3 if heard.norm(end) == "and" else 2)
    return float(low), float(high), unit, end


def _vague_by(unit: str) -> int:
    return {"day": 2, "week": 4, "fortnight": 7, "month": 15, "year": 183, "decade": 1826, "hour": 0}[unit]


def _ago(heard: Heard, index: int, when: When) -> Period | None:
    """ "three weeks ago", "hace como dos años", "in ten days", "two days before Christmas"."""
    word = heard.norm(index)
    if word in {"hace", "ase"}:
        length = length_at(heard, index + 1)
        return _at_distance(heard, index, length, -1, when) if length else None
    if word in {"in", "en", "within", "dentro"}:
        length = length_at(heard, index + 1 + (heard.norm(index + 1) == "de"))
        if (
            length is not None
            and (when.ahead or word in {"within", "dentro"} or when.asked)
            and heard.norm(length[3]) not in _AGO
        ):
            return (
                _at_distance(heard, index, length, 1, when)
                if heard.norm(index + 1) not in {"the", "los", "las"}
                else None
            )
        return None
    if word in {"the", "el", "la"} and table("dates")["units"].get(heard.norm(index + 1)) in {
        "day",
        "week",
        "month",
        "year",
    }:
        return _from_event(heard, index, (1.0, 1.0, table("dates")["units"][heard.norm(index + 1)], index + 2), when)
    if number_at(heard, index) is None and word not in word_set("dates", "length_first"):
        return None
    length = length_at(heard, index)
    if length is None:
        return None
    end = length[3]
    if heard.norm(end) in _AGO:
        return _ago_from(heard, index, (*length[:3], end + 1), when)
    for words in _LATER:
        if heard.starts(end, words):
            if words[-1] == "tomorrow":
                length = (*length[:3], end + 2)
                return _at_distance(heard, index, length, 1, replace(when, today=when.today + timedelta(days=1)))
            return _at_distance(heard, index, (*length[:3], end + len(words)), 1, when)
    return _from_event(heard, index, length, when)


def _ago_from(heard: Heard, index: int, length: tuple[float, float, str, int], when: When) -> Period:
    """ "two weeks ago yesterday", "a week ago Tuesday": counted from that day."""
    end = length[3]
    day = table("dates")["weekdays"].get(heard.norm(end))
    if heard.norm(end) == "yesterday":
        back = 1
    elif day is not None and length[2] == "week":
        back = (when.today.weekday() - day) % 7
    else:
        return _at_distance(heard, index, length, -1, when)
    seen = replace(when, today=when.today - timedelta(days=back))
    return _at_distance(heard, index, (*length[:3], end + 1), -1, seen)


def _nth_weekday(heard: Heard, index: int, when: When) -> Period | None:
    """ "the first Monday in October", "el último viernes de marzo"."""
    place = table("numbers")["ordinal"].get(heard.norm(index), 5 if heard.norm(index) in {"last", "ultimo"} else 0)
    day = table("dates")["weekdays"].get(heard.norm(index + 1))
    if not 1 <= place <= 5 or day is None or heard.norm(index + 2) not in {"of", "in", "de", "del"}:
        return None
    if month_at(heard, index + 3) is None:
        return None
    from intake.understanding.date_phrases import period_at

    month = period_at(heard, index + 3, replace(when, asked=True))
    if month is None or month.kind != "month":
        return None
    days = [month.low + timedelta(days=n) for n in range((month.high - month.low).days + 1)]
    found = [one for one in days if one.weekday() == day]
    one = found[-1] if place == 5 else found[place - 1]
    return _period(one, one, index, month.end, "day")


def _weekday_beside(heard: Heard, index: int, when: When) -> Period | None:
    """ "the Monday after Halloween", "el viernes antes de Navidad"."""
    day = table("dates")["weekdays"].get(heard.norm(index))
    if day is None or when.deep >= _DEEPEST:
        return None
    from intake.understanding.date_phrases import period_at

    for marks, sign in ((_BEFORE, -1), (_AFTER, 1)):
        for words in marks:
            at = index + 1 + len(words)
            if not heard.starts(index + 1, words):
                continue
            event = period_at(heard, at, when.inside())
            if event is None or not event.is_day:
                continue
            step = (day - event.low.weekday()) % 7 or 7
            one = event.low + timedelta(days=step if sign > 0 else step - 7 if step < 7 else -7)
            return _period(one, one, index, event.end, "day")
    return None


def _from_event(heard: Heard, index: int, length: tuple[float, float, str, int], when: When) -> Period | None:
    if when.deep >= _DEEPEST:
        return None
    from intake.understanding.date_phrases import period_at  # an event is itself any kind of period

    for marks, sign in ((_BEFORE, -1), (_AFTER, 1)):
        for words in marks:
            if heard.starts(length[3], words):
                at = length[3] + len(words)
                at += heard.norm(at) in {"the", "el", "la"}
                if length_at(heard, at) is not None:
                    return None
                event = period_at(heard, at, when.inside())
                if event is not None:
                    ends = [cal.shifted(event.low, sign * n, length[2]) for n in length[:2]]
                    return _period(min(ends), max(ends), index, event.end, "offset")
    return None


def _at_distance(heard: Heard, start: int, length: tuple[float, float, str, int], sign: int, when: When) -> Period:
    low, high, unit, end = length
    days = sorted(cal.shifted(when.today, sign * n, unit) for n in (low, high))
    vague = any(
        w
        in {
            "about",
            "around",
            "like",
            "roughly",
            "como",
            "maybe",
            "almost",
            "casi",
            "unos",
            "unas",
            "cerca",
            "alrededor",
            "over",
            "mas",
            "probably",
        }
        for w in heard.norms[start:end]
    )
    if vague and days[0] == days[1]:
        days = [days[0] - timedelta(days=_vague_by(unit)), days[1] + timedelta(days=_vague_by(unit))]
        days = [min(day, when.today) for day in days] if sign < 0 else [max(day, when.today) for day in days]
        return _period(days[0], days[1], start, end, "vague")
    return _period(days[0], days[1], start, end, f"ago_{unit}")


def _weekday(heard: Heard, index: int, when: When) -> Period | None:
    """ "last Tuesday", "el martes pasado", "next Friday", "este lunes", "on Monday"."""
    at, word, turn = index, heard.norm(index), 0
    if word in word_set("dates", "last"):
        turn, at = -1, index + 1
    elif word in word_set("dates", "next"):
        turn, at = 1, index + 1
    elif word in {"this", "este", "esta"}:
        turn, at = 2, index + 1
        if heard.norm(at) in {"past", "coming"}:
            turn, at = (-1 if heard.norm(at) == "past" else 1), at + 1
    number = table("dates")["weekdays"].get(heard.norm(at))
    if number is None or (at == index and heard.norm(at) in {"mon", "wed", "fri", "martes"} and not when.asked):
        return None
    end = at + 1
    if heard.norm(end) in {"morning", "afternoon", "night", "evening"}:
        end += 1
    if heard.norm(end) in {"pasado", "pasada", "anterior"}:
        turn, end = -1, end + 1
    elif heard.norm(end) in {"proximo", "entrante"} or heard.starts(end, ("que", "viene")):
        turn, end = 1, end + (2 if heard.norm(end) == "que" else 1)
    weeks = 0
    if heard.starts(end, ("before", "last")) or heard.norm(end) == "antepasado":
        turn, weeks, end = -1, -1, end + (1 if heard.norm(end) == "antepasado" else 2)
    if heard.starts(end, ("of", "last", "week")) or heard.starts(end, ("de", "la", "semana", "pasada")):
        day = cal.week(when.today)[0] - timedelta(days=7 - number)
        return _period(day, day, index, end + (3 if heard.norm(end) == "of" else 4), "day")
    ahead = turn == 1 or (turn == 0 and when.ahead) or (turn == 2 and not _told_as_past(heard))
    step = (number - when.today.weekday()) % 7 if ahead else -((when.today.weekday() - number) % 7)
    if step == 0 and turn in {-1, 1, 0}:
        step = 7 if ahead else (-7 if turn == -1 else 0)
    day = when.today + timedelta(days=step + 7 * weeks)
    return _period(day, day, index, end, "weekday", has_year=True)


def _told_as_past(heard: Heard) -> bool:
    return any(
        w
        in {
            "was",
            "were",
            "did",
            "happened",
            "fue",
            "paso",
            "got",
            "fired",
            "had",
            "went",
            "came",
            "told",
            "despidieron",
            "llego",
            "me",
        }
        for w in heard.norms
    )


def _turned(heard: Heard, index: int, when: When) -> Period | None:
    """ "last week", "this month", "last summer", "la semana que viene", "the week before last"."""
    at, word, turn = index, heard.norm(index), None
    if word in word_set("dates", "last"):
        turn, at = -1, index + 1
    elif word in word_set("dates", "next"):
        turn, at = 1, index + 1
    elif word in {"this", "este", "esta"}:
        turn, at = 0, index + 1
        if heard.norm(at) in {"past", "last", "coming", "next"}:
            turn, at = (-1 if heard.norm(at) in {"past", "last"} else 1), at + 1
    unit_end = _unit(heard, at)
    if unit_end is None:
        return None
    unit, end = unit_end
    if turn is None:
        turn, end = _turn_after(heard, end)
        if turn is None:
            return None
    span = _turn_span(unit, turn, when)
    return _period(*span, index, end, unit) if span else None


def _turn_after(heard: Heard, end: int) -> tuple[int | None, int]:
    if heard.norm(end) in {"pasado", "pasada", "anterior"}:
        return -1, end + 1
    if heard.norm(end) in {"antepasado", "antepasada"}:
        return -2, end + 1
    if heard.starts(end, ("before", "last")):
        return -2, end + 2
    if heard.starts(end, ("que", "viene")):
        return 1, end + 2
    if heard.norm(end) in {"proximo", "proxima", "entrante", "siguiente"}:
        return 1, end + 1
    if heard.norm(end) == "ago":
        return None, end
    return None, end


def _unit(heard: Heard, index: int) -> tuple[str, int] | None:
    word = heard.norm(index)
    if heard.starts(index, ("fin", "de", "semana")):
        return "weekend", index + 3
    if word == "weekend":
        return "weekend", index + 1
    if word in table("dates")["seasons"]:
        return word, index + 1
    unit = table("dates")["units"].get(word)
    return (
        (unit, index + 1) if (unit in {"week", "month", "year"} and not word.endswith("s")) or word == "mes" else None
    )


def _turn_span(unit: str, turn: int, when: When) -> cal.Span | None:
    today = when.today
    if unit == "week":
        return cal.week(today + timedelta(days=7 * turn))
    if unit == "weekend":
        return cal.weekend(today + timedelta(days=7 * turn))
    if unit == "month":
        first = cal.add_months(today.replace(day=1), turn)
        return cal.month(first.year, first.month)
    if unit == "year":
        return cal.year(today.year + turn)
    months = tuple(table("dates")["seasons"][unit])
    seasons = [cal.season(today.year + offset, months) for offset in (-3, -2, -1, 0, 1, 2)]
    if turn == 0:
        return next((s for s in seasons if s[0].year == today.year), None)
    if turn > 0:
        return next(s for s in seasons if s[0] > today)
    ended = [s for s in seasons if s[1] < today]
    return ended[turn] if len(ended) >= -turn else None


RELATIVE: Final[tuple[Reader, ...]] = (_ago, _nth_weekday, _weekday_beside, _weekday, _turned)
