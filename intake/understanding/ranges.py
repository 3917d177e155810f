"""Choices that are ranges ("Under 18", "$1,000 to $2,000", "2 years or more"): the one the number said lies in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from intake.language.guess import Language
from intake.understanding.amounts import amounts
from intake.understanding.facts import Choice, Found
from intake.understanding.heard import Heard

_LESS: Final = frozenset({"under", "less", "fewer", "below", "younger", "menos", "menor", "menores", "hasta", "debajo"})
_MORE: Final = frozenset({"over", "more", "older", "above", "plus", "mas", "mayor", "mayores", "arriba", "up"})
#: Days in each unit of time.
_DAYS: Final = {
    "day": 1, "days": 1, "dia": 1, "dias": 1, "week": 7, "weeks": 7, "semana": 7, "semanas": 7, "month": 30,
    "months": 30, "mes": 30, "meses": 30, "year": 365, "years": 365, "ano": 365, "anos": 365,
}  # fmt: skip
_NEAR: Final = {"today": 0, "hoy": 0, "yesterday": 1, "ayer": 1}
_LAST: Final = frozenset({"last", "pasado", "pasada", "past", "this", "este", "esta", "a", "un", "una"})
_EVER: Final = 1e12
_DASH: Final = re.compile(r"(?<=[\dk])[-\u2013\u2014](?=[\d$])")
_Range = tuple[float, float]


def in_range(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """The one range that holds the number said. None: no ranges are offered, no number said, or two ranges hold it."""
    ranges = [_range(choice.label, heard.language) for choice in choices]
    if sum(one is not None for one in ranges) < 2:
        return None
    timed = any(one is not None and one[1] for one in ranges)
    said = _said(heard, timed=timed)
    if said is None:
        return None
    value, first, last = said
    fitting = [
        choice
        for one, choice in zip(ranges, choices, strict=True)
        if one is not None and one[0][0] <= value <= one[0][1]
    ]
    if len(fitting) != 1:
        return None  # none, or an edge that two ranges share
    start, end = heard.span(first, last)
    return Found(fitting[0].label, start, end, "the range that holds the number said", "inferred")


@lru_cache(maxsize=512)
def _range(label: str, language: Language) -> tuple[_Range, bool] | None:
    """The range of a label with whether it is one of time, in days; None: it is no range."""
    heard = Heard.of(_DASH.sub(" to ", label), language)
    found = amounts(heard, money=False)
    words = set(heard.norms)
    units = [_DAYS[w] for w in heard.norms if w in _DAYS]
    scale = units[-1] if units else 1
    numbers = [edge * scale for a in found for edge in dict.fromkeys((a.low, a.high)) if edge or len(found) == 1]
    if not numbers and units and words & {"a", "un", "una"}:
        numbers = [float(scale)]
    if not numbers or len(numbers) > 2:
        return None
    if len(numbers) == 2:
        return (min(numbers), max(numbers)), bool(units)
    less, more = bool(words & _LESS), bool(words & _MORE) or "+" in label
    if less and not ("or" in words or "o" in words):
        return (0.0, numbers[0] - 0.001), bool(units)
    if less:
        return (0.0, numbers[0]), bool(units)
    if more:
        strictly = not {"or", "o", "up"} & words and "+" not in label
        return (numbers[0] + 0.001 * strictly, _EVER), bool(units)
    return (numbers[0], numbers[0]), bool(units)


def _said(heard: Heard, *, timed: bool) -> tuple[float, int, int] | None:
    """The number said, in days when `timed`, with its words."""
    found = [a for a in amounts(heard, money=not timed) if a.low == a.high]
    if not timed:
        return (found[0].low, found[0].start, found[0].end) if len({a.low for a in found}) == 1 else None
    for amount in found:
        unit = _DAYS.get(heard.norm(amount.end))
        if unit is not None:
            return amount.low * unit, amount.start, amount.end + 1
    for index, word in enumerate(heard.norms):
        if word in _NEAR:
            return float(_NEAR[word]), index, index + 1
        beside = {heard.norm(index - 1), heard.norm(index + 1)}
        if word in _DAYS and beside & _LAST:
            return float(_DAYS[word]) * 0.999, index, index + 1
    return None
