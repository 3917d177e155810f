"""How many: counted, added up, told by age or in another unit of time."""

from __future__ import annotations

from typing import Final

from intake.language.tokens import words_of
from intake.understanding.amounts import Amount, amounts, concluded, has_currency, nothing, standing_amounts
from intake.understanding.corrections import pieces
from intake.understanding.facts import Found, State
from intake.understanding.heard import Heard
from intake.understanding.numbers import tidy
from intake.understanding.words import table, word_set

_HALVES: Final = (("and", "a", "half"), ("y", "medio"), ("y", "media"))


def _total(part: Heard, every: list[Amount]) -> Amount | None:
    """ "Me and my two grandchildren. Three": a number that closes the answer by itself, after others, is their sum."""
    last = every[-1]
    alone = last.end == len(part) and any(mark in part.gap(last.start) for mark in ",.;:")
    return last if len(every) > 1 and alone and last.low > every[0].low else None


def read_count(heard: Heard, *, asked: bool = True, question: str = "") -> Found | None:
    """How many. Not asked: only numbers of people or times."""
    for part in reversed(pieces(heard)):
        none = nothing(part, "nothing_count") if asked else None
        if none is not None:
            return none
        every = concluded(part, standing_amounts(part, amounts(part, money=False)), count=True)
        every = [a for a in every if not has_currency(part, a)] or (every if asked else [])
        if not asked:
            every = [a for a in every if part.norm(a.end) in word_set("amounts", "countable")]
        if every:
            amount = (
                _total(part, every)
                or _in_unit(part, every, question)
                or _counted(part, every, question)
                or _added(part, every, question)
            )
            start, end = part.span(amount.start, amount.end)
            return Found(amount.value, start, end, "a number said as a count", amount.state)
        if asked:
            vague = (
                _in_years_of_age(part)
                or _once_and_twice(part)
                or _one_unit(part, question)
                or _vague_count(part)
                or _only_single(part)
            )
            if vague is not None:
                return vague
    return None


def _in_unit(heard: Heard, found: list[Amount], question: str) -> Amount | None:
    """ "two decades" to "how many years", "dos meses y medio": in the unit asked for."""
    days = table("amounts")["days_of"]
    asked = next((word for word in words_of(question[:300]) if word in days), None)
    if asked is None:
        return None
    for amount in found:
        unit = heard.norm(amount.end)
        if unit not in days:
            continue
        half = next((len(p) for p in _HALVES if heard.starts(amount.end + 1, p)), 0)
        more = 0.5 if half else 0.0
        factor = days[unit] / days[asked]
        if factor > 1 and not factor.is_integer():
            factor = float(round(factor))  # a year is twelve months and fifty two weeks
        if factor >= 1 and (factor > 1 or half):
            low, high = (amount.low + more) * factor, (amount.high + more) * factor
            return Amount(low, high, amount.start, amount.end + 1 + half, amount.state)
    return None


def _one_unit(heard: Heard, question: str) -> Found | None:
    """ "a decade", "half a year", "un mes": one of the unit asked for, or of a longer one."""
    days = table("amounts")["days_of"]
    asked = next((word for word in words_of(question[:300]) if word in days), None)
    if asked is None:
        return None
    for index, word in enumerate(heard.norms[:60]):
        before = heard.norm(index - 1)
        if word not in days or before not in {"a", "an", "un", "una", "medio", "media", "half", "one"}:
            continue
        half = before in {"medio", "media", "half"} or heard.norm(index - 2) == "half"
        count = days[word] / days[asked] * (0.5 if half else 1)
        if count >= 1:
            start, end = heard.span(index - 1, index + 1)
            return Found(tidy(round(count, 1)), start, end, "one of a unit counted")
    return None


def _in_years_of_age(heard: Heard) -> Found | None:
    """ "in my forties", "early thirties"."""
    tens = table("amounts")["plural_tens"]
    at = next((i for i, word in enumerate(heard.norms[:60]) if word in tens), -1)
    if at < 0:
        return None
    first, before = tens[heard.norm(at)], heard.norms[max(0, at - 2) : at]
    parts = {
        "early": (1, 3),
        "low": (1, 3),
        "mid": (4, 6),
        "middle": (4, 6),
        "late": (7, 9),
        "upper": (7, 9),
        "high": (7, 9),
    }
    low, high = next((parts[word] for word in before if word in parts), (0, 9))
    start, end = heard.span(at, at + 1)
    return Found([first + low, first + high], start, end, "a decade of a life", "inferred")


def _counted(heard: Heard, found: list[Amount], question: str) -> Amount | None:
    """The number of what the question names ("how many hours": "seventy hours"), or one said twice; None: neither."""
    asked = set(words_of(question[:300])) & word_set("amounts", "units_of_time")
    named = [a for a in found if heard.norm(a.end) in asked]
    if named:
        return named[0]
    values = [(a.low, a.high) for a in found]
    return next((a for a in found if values.count((a.low, a.high)) > 1), None) if len(found) > 2 else None


def _once_and_twice(heard: Heard) -> Found | None:
    """ "once in spring, twice over the winter": times told one after the other."""
    times = table("amounts")["times"]
    said = [(i, int(times[word])) for i, word in enumerate(heard.norms[:60]) if word in times]
    if len(said) < 2 or any(heard.norm(i + 1) in {"or", "o", "maybe"} for i, _ in said):
        return None
    start, end = heard.span(said[0][0], said[-1][0] + 1)
    return Found(sum(number for _, number in said), start, end, "times added up", "inferred")


def _added(heard: Heard, found: list[Amount], question: str) -> Amount:
    """ "two boys and a girl" are three; otherwise the first number that counts something."""
    people = word_set("amounts", "people")
    nearly = [a for a in found if not word_set("amounts", "nearly") & set(heard.norms[max(0, a.start - 2) : a.start])]
    found = nearly or found
    children = word_set("amounts", "children")
    only_children = bool(children & set(words_of(question[:300])))
    aged = [a for a in found if _is_age(heard, a)]
    if only_children and aged and len(aged) == len(found):
        return Amount(len(aged), len(aged), aged[0].start, aged[-1].end)  # "el de ocho y la de cinco"
    begun = {a.start for a in found}
    person = word_set("amounts", "one_person")
    counted = [
        a
        for a in found
        if heard.norm(a.end) in people
        or (a.low == a.high == 1 and heard.norm(a.end) in person)
        or (a.end not in begun and heard.norm(a.end + 1) in people)
    ]
    single = [
        i
        for i in _one_person(heard, found)
        if not only_children or heard.norm(i + 1) not in word_set("amounts", "grown")
    ]
    single += _and_me(heard) if (single or counted) and not only_children else []
    if len(counted) + len(single) > 1 and counted and not any("total" in heard.norms for _ in (0,)):
        low = sum(a.low for a in counted) + len(single)
        total = next((a for a in found if a not in counted and a.low == a.high == low), None)
        if total is not None:
            return total  # "three, two girls and a boy"
        high = sum(a.high for a in counted) + len(single)
        starts = [a.start for a in counted] + single
        ends = [a.end + 1 for a in counted] + [s + 2 for s in single]
        return Amount(low, high, min(starts), min(max(ends), len(heard)))
    units = word_set("amounts", "units_of_time")
    kept = [a for a in found if heard.norm(a.end) not in {"oclock", "am", "pm", "anos", "years"}] or found
    kept = [a for a in kept if heard.norm(a.end) not in units] or kept
    return kept[0]


def _is_age(heard: Heard, amount: Amount) -> bool:
    """ "a six year old", "la de cinco": an age stands for a child."""
    if heard.starts(amount.end, ("year", "old")) or heard.starts(amount.end, ("yr", "old")):
        return True
    return heard.norm(amount.start - 1) == "de" and heard.norm(amount.start - 2) in {"el", "la"}


def _one_person(heard: Heard, found: list[Amount]) -> list[int]:
    """Places of "a girl", "my wife" beside counted people."""
    taken = {i for a in found for i in range(a.start, a.end)}
    people = word_set("amounts", "one_person")
    return [
        i
        for i, word in enumerate(heard.norms[:-1])
        if word in {"a", "my", "mi", "una", "un", "his", "her", "su"} and heard.norm(i + 1) in people and i not in taken
    ]


def _only_single(heard: Heard) -> Found | None:
    """ "a boy and a girl": one each."""
    single = _one_person(heard, []) + _and_me(heard)
    if not single or (len(single) == 1 and heard.norm(single[0]) not in {"a", "un", "una"}):
        return None
    start, end = heard.span(min(single), max(single) + 2)
    return Found(len(single), start, end, "people named one by one")


def _and_me(heard: Heard) -> list[int]:
    """ "my husband, me and two kids", "mi esposo, yo y …": the place of the speaker in a list of people."""
    for index, word in enumerate(heard.norms):
        beside = {heard.norm(index - 1), heard.norm(index + 1)}
        if (
            word in {"me", "myself", "yo", "i"}
            and ({"and", "y", "its"} & beside or (word == "me" and heard.norm(index + 1) == "my"))
            and not (word == "i" and heard.norm(index - 1) == "and")
        ):
            return [index]
    return []


def _vague_count(heard: Heard) -> Found | None:
    """ "none", "just me", "once", "a few"."""
    joined = f" {' '.join(heard.norms)} "
    for phrase, value in table("amounts")["vague"].items():
        if f" {phrase} " in joined:
            words = tuple(phrase.split())
            at = heard.find(words)
            start, end = heard.span(at, at + len(words))
            state: State = "inferred" if isinstance(value, list) else "stated"
            return Found(list(value) if isinstance(value, list) else value, start, end, f'"{phrase}" counted', state)
    return None
