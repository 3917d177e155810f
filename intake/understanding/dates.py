"""A date or a stretch of time in an answer: ISO 8601, a vague or long one as "from/to"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from intake.language.tokens import fold
from intake.understanding import calendar as cal
from intake.understanding.corrections import pieces, standing
from intake.understanding.date_parts import month_at
from intake.understanding.date_phrases import period_at
from intake.understanding.date_types import Period, When
from intake.understanding.facts import Found
from intake.understanding.heard import Heard
from intake.understanding.words import table, word_set

_BEFORE_WORDS: Final = 3
_VAGUE_DAYS: Final = 7
_THIRDS: Final = frozenset(
    {"early", "mid", "late", "or", "and", "y", "o", "principios", "mediados", "finales", "a", "de"}
)
_LAST: Final = frozenset({"last", "final", "ultimas"})


def read_date(heard: Heard, today: date, question: str = "") -> Found | None:
    """The date asked for: a day, or "from/to" when only a stretch was said."""
    parts = pieces(heard)
    for place in range(len(parts) - 1, -1, -1):
        part = parts[place]
        found = periods(part, _when(part, today, question, asked=True))
        if found:
            kept = [found[i] for i in standing(part, [(p.start, p.end) for p in found])]
            kept = [_in_month(part, p, kept) for p in kept]
            best = min(
                kept,
                key=lambda p: (
                    not p.is_day,
                    p.kind == "holiday" and not p.has_year,
                    (p.high - p.low).days if not p.is_day else not p.has_year,
                ),
            )
            best = _in_said_year(best, kept)
            best = _corrected_day(best, parts[:place], today, question)
            return _found(part, best, as_interval=not best.is_day)
    return None


def read_interval(heard: Heard, today: date, question: str = "") -> Found | None:
    """The stretch of time asked for, always "from/to"; a single day is from that day to that day."""
    for part in reversed(pieces(heard)):
        found = periods(part, _when(part, today, question, asked=True))
        kept = [found[i] for i in standing(part, [(p.start, p.end) for p in found])]
        if len(kept) >= 2 and word_set("dates", "ended") & set(part.norms[kept[0].end : kept[-1].start]):
            last = kept[-1]
            first = _same_year(kept[0], last)
            if first.has_year and not last.has_year:
                there = last.in_year(first.low.year)
                last = there if there.high >= first.low else last
            if first.low <= last.high:
                return _found(part, replace(first, high=last.high, end=last.end), as_interval=True)
        if (apart := _far_apart(part, kept)) is not None:
            return _found(part, apart, as_interval=True)
        if len(kept) >= 2 and (both := _both(part, kept[0], kept[1])) is not None:
            return _found(part, both, as_interval=True)
        if kept:
            return _found(part, kept[0], as_interval=True)
    return None


def _in_said_year(best: Period, kept: list[Period]) -> Period:
    """ "two thousand nineteen, around February": the year said beside it."""
    year = next((p for p in kept if p.kind == "year" and abs(p.start - best.end) + abs(best.start - p.end) < 12), None)
    near = year is not None and min(abs(best.start - year.end), abs(year.start - best.end)) <= 2
    return best.in_year(year.low.year) if year is not None and near and not best.has_year else best


def _corrected_day(day: Period, before: list[Heard], today: date, question: str) -> Period:
    """ "january the sixth, no wait, the ninth": the month stays."""
    if day.kind != "bare_day":
        return day
    for part in reversed(before):
        told = periods(part, _when(part, today, question, asked=True))
        month = next((p for p in told if p.kind in {"day", "month"}), None)
        if month is not None:
            moved = cal.safe(month.low.year, month.low.month, day.low.day)
            return replace(day, low=moved, high=moved) if moved is not None else day
    return day


def _in_month(heard: Heard, day: Period, others: list[Period]) -> Period:
    """ "last month on the 12th", "el mes pasado, el diez": the day of the month that was named beside it."""
    month = next((p for p in others if {"month", "mes", "months", "meses"} & set(heard.norms[p.start : p.end])), None)
    if day.kind != "bare_day" or month is None:
        return day
    moved = cal.safe(month.low.year, month.low.month, day.low.day)
    return replace(day, low=moved, high=moved) if moved is not None else day


def _far_apart(heard: Heard, kept: list[Period]) -> Period | None:
    """ "it started on November tenth, I was to be back December eighth but it ran to December fifteenth"."""
    days = [p for p in kept if p.is_day and p.kind in {"day", "holiday", "vague"}]
    if len(days) < 2:
        return None
    last, began = days[-1], heard.norms[max(0, kept[0].start - 6) : kept[0].start]
    first = _same_year(kept[0], last)
    if first.has_year and not last.has_year:
        there = last.in_year(first.low.year)
        last = there if there.low >= first.high else last
    before = heard.norms[max(0, last.start - 6) : last.start]
    told = word_set("dates", "began") & set(began) or word_set("dates", "ended") & set(before)
    if not told or last.start - first.end < 2 or first.high >= last.low or {"or", "o"} & set(before[-2:]):
        return None
    return replace(first, high=last.high, end=last.end, kind="range")


def _both(heard: Heard, first: Period, second: Period) -> Period | None:
    """ "July and August", "the 7th and 8th of June": one stretch, when the second goes on where the first ends."""
    between = set(heard.norms[first.end : second.start])
    if first.kind == second.kind == "month" and between <= _THIRDS and between:
        first = _same_year(first, second)
        if timedelta() < second.low - first.high <= timedelta(days=12):
            return replace(first, high=second.high, end=second.end, kind="range")  # "late May, early June"
    if not {"and", "y"} & between or between - {"and", "y", "the", "el", "then", "luego"}:
        return None
    first = _same_year(first, second)
    if first.kind == "bare_day" and second.is_day:
        moved = cal.safe(second.low.year, second.low.month, first.low.day)
        first = replace(first, low=moved, high=moved) if moved is not None else first
    if timedelta() < second.low - first.high <= timedelta(days=3):
        return replace(first, high=second.high, end=second.end, kind="range")
    return None


def read_any_date(heard: Heard, today: date) -> list[tuple[str, Found]]:
    """Dates nobody asked for, each with its key: "date" for a day, "date_interval" for a stretch."""
    found = periods(heard, _when(heard, today, "", asked=False))
    return [("date" if p.is_day else "date_interval", _found(heard, p, as_interval=not p.is_day)) for p in found]


def _when(heard: Heard, today: date, question: str, *, asked: bool) -> When:
    said = word_set("dates", "future_said") & set(heard.norms[:200])
    asked_words = f" {' '.join(fold(question[:500]).split())} ".replace("?", " ").replace(".", " ")
    asked_words = asked_words.replace(" no tiene que ser ", " ")  # "… la fecha exacta" looks nowhere ahead
    ahead = bool(said) or any(f" {cue} " in asked_words for cue in table("dates")["future_asked"])
    begin = not word_set("dates", "begin_asked").isdisjoint(asked_words.split())
    return When(today, ahead, asked, begin=begin)


def periods(heard: Heard, when: When) -> list[Period]:
    """Every period named, with what stands around it: "early", "around", "since", "from … to"."""
    found: list[Period] = []
    index = 0
    while index < len(heard):
        period = period_at(heard, index, when)
        if period is None:
            index += 1
            continue
        if period.kind in {"week", "stretch"} and _of_a_month(heard, period.end):
            index = period.end  # "the last week of May" is told with the month
            continue
        period = _qualified(heard, period, when)
        if (
            found
            and found[-1].kind == "weekday"
            and period.kind in {"day", "bare_day"}
            and period.start - found[-1].end <= 1
        ):
            found[-1] = replace(period, start=found[-1].start)  # "Friday, November 13th"
            index = period.end
            continue
        joined = _joined(heard, found[-1], period) if found else None
        if joined is not None:
            found[-1] = joined
        else:
            found.append(period)
        index = max(period.end, index + 1)
    return [_open_ended(heard, p, when) for p in found]


def _of_a_month(heard: Heard, index: int) -> bool:
    """ "the last two weeks of September": told with the month."""
    return heard.norm(index) in {"of", "de", "in"} and month_at(heard, index + 1) is not None


def _qualified(heard: Heard, period: Period, when: When) -> Period:
    """ "early March", "a finales del 2019", "around Easter", "the week of June 5", "March or so"."""
    before = _words_before(heard, period.start)
    half = heard.norms[max(0, period.start - 3) : period.start]
    if {"half", "mitad"} & set(half) and period.kind in {"year", "month", "decade"}:
        middle = period.low + (period.high - period.low + timedelta(days=1)) / 2
        if {"first", "primera"} & set(half):
            return replace(
                period, high=cal.month(period.low.year, 6)[1] if period.kind == "year" else middle - timedelta(days=1)
            )
        if {"second", "segunda", "last", "ultima"} & set(half):
            return replace(period, low=date(period.low.year, 7, 1) if period.kind == "year" else middle)
    numbered = _week_of_month(heard, period)
    if numbered is not None:
        return numbered
    if not period.is_day and period.kind in {"month", "year", "season", "decade", "week"}:
        for key, third in (("early", 0), ("mid", 1), ("late", 2)):
            if word_set("dates", key) & before:
                return _third(period, third)
    if ("week" in before or "semana" in before) and period.is_day and {"of", "de", "del"} & before:
        low, high = cal.week(period.low)
        return replace(period, low=low, high=high, kind="week")
    if (
        period.is_day
        and period.kind in {"day", "weekday", "holiday", "bare_day", "offset"}
        and _is_vague(heard, period, before)
    ):
        days = timedelta(days=_VAGUE_DAYS)
        return replace(period, low=period.low - days, high=period.high + days, kind="vague")
    if period.kind.startswith("ago_") and period.is_day and _is_vague(heard, period, before):
        margin = {"day": 2, "week": 4, "fortnight": 7, "month": 15, "year": 183}.get(period.kind[4:], 0)
        low, high = period.low - timedelta(days=margin), period.high + timedelta(days=margin)
        if period.low <= when.today:
            high = min(high, when.today)
        return replace(period, low=low, high=high, kind="vague")
    return period


def _week_of_month(heard: Heard, period: Period) -> Period | None:
    """ "the first week of July", "la última semana de marzo": seven days of the month."""
    at = period.start - 1
    while at > 0 and heard.norm(at) in {"of", "de", "del", "in", "en", "the"}:
        at -= 1
    weeks = heard.norms[max(0, at - 2) : at + 1]
    if period.kind == "month" and weeks[1:] in {("two", "weeks"), ("dos", "semanas"), ("couple", "weeks")}:
        if weeks[0] in {"first", "primeras"}:
            return replace(period, high=period.low + timedelta(days=13), kind="week")
        return replace(period, low=period.high - timedelta(days=13), kind="week") if weeks[0] in _LAST else None
    if period.kind != "month" or heard.norm(at) not in {"week", "semana"}:
        return None
    word = heard.norm(at - 1)
    place = table("numbers")["ordinal"].get(word, -1 if word in {"last", "ultima"} else 0)
    if place == -1:
        return replace(period, low=period.high - timedelta(days=6), kind="week")
    if not 1 <= place <= 4:
        return None
    low = period.low + timedelta(days=7 * (place - 1))
    return replace(period, low=low, high=low + timedelta(days=6), kind="week")


def _words_before(heard: Heard, start: int) -> set[str]:
    """The few words before, back to a verb or the end of a sentence."""
    found: set[str] = set()
    for index in range(start - 1, max(-1, start - 1 - _BEFORE_WORDS), -1):
        found.add(heard.norm(index))
        if heard.ends_sentence(index):
            break
    return found


def _is_vague(heard: Heard, period: Period, before: set[str]) -> bool:
    after = heard.norms[period.end : period.end + 3]
    if (
        after[:2] == ("or", "so")
        or after[:1] == ("ish",)
        or after == ("mas", "o", "menos")
        or after[:2] == ("o", "asi")
    ):
        return True
    if period.kind == "holiday" and heard.norm(period.start - 1) == "por":
        return True
    nearest = heard.norms[max(0, period.start - 3) : period.start]
    return bool(word_set("dates", "around") & set(nearest)) and bool(before)


def _third(period: Period, third: int) -> Period:
    """The first, middle or last third of a period; of a month by its days 1 to 10, 11 to 20, 21 to the end."""
    if period.kind == "month":
        low = period.low.replace(day=(1, 11, 21)[third])
        high = period.high if third == 2 else period.low.replace(day=(10, 20)[third])
        return replace(period, low=low, high=high)
    if period.kind == "year":
        year = period.low.year
        low, high = date(year, (1, 5, 9)[third], 1), cal.month(year, (4, 8, 12)[third])[1]
        return replace(period, low=low, high=high)
    days = (period.high - period.low).days + 1
    size = timedelta(days=max(1, days // 3))
    low = period.low + size * third
    return replace(period, low=low, high=period.high if third == 2 else low + size - timedelta(days=1))


def _joined(heard: Heard, first: Period, second: Period) -> Period | None:
    """ "from March to June 2019", "between the 3rd and the 5th", "2018 - 2020"."""
    between = heard.norms[first.end : second.start]
    gap = (
        heard.text[heard.tokens[first.end - 1].end : heard.tokens[second.start].start].strip()
        if second.start >= first.end
        else ""
    )
    small = word_set("dates", "inside_range")
    core = [w for w in between if w not in small]
    opened = word_set("dates", "from") & _words_before(heard, first.start)
    strong = {"to", "through", "thru", "until", "till", "til", "hasta", "a", "al"}
    misheard = (
        len(core) == 1
        and first.kind == second.kind == "month"
        and not first.has_year
        and core[0] not in {"in", "and", "then", "i", "y", "en", "luego"}
    )
    if (
        misheard
        or gap in {"-", "\u2013", "\u2014"}
        or (len(core) == 1 and (core[0] in strong or (opened and core[0] in word_set("dates", "to"))))
    ):
        return _from_to(heard, first, second)
    return None


def _from_to(heard: Heard, first: Period, second: Period) -> Period | None:
    """One period from the beginning of the first to the end of the second, each in its right year."""
    if first.kind == "holiday" and second.has_year and not first.has_year:
        # a movable feast is looked up again in the year said
        first = period_at(heard, first.start, When(date(second.high.year, 12, 31))) or first
    if first.kind == "bare_day" and second.kind == "day":
        moved = cal.safe(second.low.year, second.low.month, first.low.day)
        first = replace(first, low=moved, high=moved, has_year=True) if moved and moved <= second.low else first
    if {"last", "past", "pasado", "pasada"} & set(heard.norms[max(0, second.start - 1) : second.end]):
        second = replace(second, has_year=True)  # "from May 2020 through this past September"
    first = _same_year(first, second)
    if second.kind == "bare_day" and first.is_day:
        moved = cal.safe(first.low.year, first.low.month, second.low.day)
        second = replace(second, low=moved, high=moved) if moved and moved >= first.low else second
    if not second.has_year and first.has_year and second.low.year != first.low.year:
        there = second.in_year(first.low.year)
        second = there if there.low >= first.low or second.high < first.low else second
    if first.low <= second.high:
        return Period(first.low, second.high, first.start, second.end, "range", has_year=second.has_year)
    return None


def _same_year(first: Period, second: Period) -> Period:
    """The year said with the second period holds for the first one too."""
    if first.has_year or not second.has_year:
        if first.low > second.high and not first.has_year:
            return first.in_year(second.low.year - (first.low.month > second.low.month))
        return first
    if first.kind == "bare_day":
        moved = cal.safe(second.low.year, second.low.month, first.low.day)
        return replace(first, low=moved, high=moved, has_year=True) if moved else first
    return first.in_year(second.low.year - (first.low.month > second.low.month))


def _open_ended(heard: Heard, period: Period, when: When) -> Period:
    """ "since March" runs to today; "from 2019 until now" too."""
    before = _words_before(heard, period.start)
    ever = heard.find(("ever", "since"))
    before |= {"since"} if 0 <= ever < period.start <= ever + 8 else set()
    after = heard.norms[period.end : period.end + 3]
    if when.begin and word_set("dates", "since") & before and period.kind != "range":
        return period  # "since September" to "when did it start?"
    if {"not", "havent", "hasnt", "hadnt", "never", "no", "nunca"} & set(
        heard.norms[max(0, period.start - 4) : period.start]
    ):
        return period  # "not since Easter": that day was the last
    to_now = any(
        w in {"now", "present", "presente", "ahora", "hoy", "today", "currently", "fecha"} for w in after
    ) and any(w in {"to", "until", "till", "hasta", "through", "til", "the", "la"} for w in after)
    to_now = to_now or after[:2] in {("pa", "aca"), ("para", "aca"), ("a", "aca"), ("to", "date"), ("on", "up")}
    if ((word_set("dates", "since") & before and period.kind != "range") or to_now) and period.low <= when.today:
        return replace(period, high=when.today, kind="since")
    return period


def _found(heard: Heard, period: Period, *, as_interval: bool) -> Found:
    start, end = heard.span(period.start, period.end)
    value = f"{period.low.isoformat()}/{period.high.isoformat()}" if as_interval else period.low.isoformat()
    return Found(value, start, end, f"a time named as {period.kind.replace('_', ' ')}")
