"""When a limitation period may end: a row of the firm's table and the earliest date that the client's words allow.

Careful in one direction: of an interval the earlier end counts, of several dates the earliest, of several rows each is
told. What cannot be reckoned is "not checked", with the reason; it is never a yes or a no.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Unit = Literal["days", "months", "years"]
#: How near an end may be.
Nearness = Literal["passed", "near", "ahead"]
NEAR_DAYS: Final = 90
#: Stands under every flag, whatever the row says.
SHORTER: Final = (
    "May be shorter: a claim against a government often needs a notice first, within weeks or months. Check also: "
    "age or illness of the person, when the harm was found, a contract that shortens it, federal claims, weekends."
)
#: Why nothing was checked -> what staff read.
NOT_CHECKED: Final[Mapping[str, str]] = {
    "gate": "not checked: the conflict check is not passed yet",
    "area": "not checked: the area is not known",
    "state": "not checked: the state is not known",
    "row": "not checked: the firm's table has no confirmed row for this state and area",
    "date": "not checked: no date is known from which a time could run. Ask, and treat it as urgent",
}
_FILE: Final = Path(__file__).with_name("starts.yaml")


@dataclass(frozen=True, slots=True)
class Period:
    """A confirmed row of the firm's table. `begins`: key of the question it runs from; empty: any event date."""

    id: str
    state: str
    area: str
    claim: str
    amount: int
    unit: Unit
    cite: str
    begins: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """A possible end, for a lawyer to verify. `begins`: the earliest day; `key`: the answer it comes from."""

    period: Period
    key: str
    begins: date
    ends: date
    nearness: Nearness

    @property
    def text(self) -> str:
        """What staff read; never without `SHORTER` beside it."""
        word = {"passed": "may have ended", "near": "may end soon", "ahead": "may end"}[self.nearness]
        return (
            f"Possible, verify: {self.period.claim} {word}, {self.ends.isoformat()} at the earliest reckoning "
            f"({self.period.amount} {self.period.unit} from {self.begins.isoformat()}; {self.period.cite})"
        )


@dataclass(frozen=True, slots=True)
class Status:
    """Flags, the earliest end first, and rows for which no date is known; or `missing`: why nothing was checked."""

    flags: tuple[Flag, ...] = ()
    undated: tuple[Period, ...] = ()
    missing: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """What staff read, line by line."""
        if self.missing:
            return (NOT_CHECKED[self.missing],)
        undated = (f"not checked: {row.claim} ({row.cite}): no date is known to run from" for row in self.undated)
        return (*(flag.text for flag in self.flags), *undated, SHORTER)


def reckon(
    periods: Sequence[Period], *, state: str, area: str, answers: Mapping[str, Sequence[Any]], today: date
) -> Status:
    """What the table says. `answers`: question key -> every value that was said for it; `area`: a LIST code."""
    if not area:
        return Status(missing="area")
    if not state:
        return Status(missing="state")
    rows = [row for row in periods if row.state == state and covers(row.area, area)]
    if not rows:
        return Status(missing="row")
    flags = {row.id: flag for row in rows if (flag := _flag(row, answers, today)) is not None}
    if not flags:
        return Status(missing="date")
    return Status(
        flags=tuple(sorted(flags.values(), key=lambda flag: (flag.ends, flag.period.claim))),
        undated=tuple(row for row in rows if row.id not in flags),
    )


def covers(row: str, area: str) -> bool:
    """Whether a row's area is the matter's, or the top of it."""
    return row == area or (row.endswith("-00-00-00-00") and row[:2] == area[:2])


def end_of(begins: date, amount: int, unit: Unit) -> date:
    """The last day: the same day of the month, or the month's last where there is none."""
    if unit == "days":
        return begins + timedelta(days=amount)
    months = begins.month - 1 + amount * (12 if unit == "years" else 1)
    year, month = begins.year + months // 12, months % 12 + 1
    return date(year, month, min(begins.day, calendar.monthrange(year, month)[1]))


def earliest(value: Any) -> date | None:
    """The first day that an answer allows: of an interval its beginning."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value.partition("/")[0])
    except ValueError:
        return None


def _flag(row: Period, answers: Mapping[str, Sequence[Any]], today: date) -> Flag | None:
    found = _begins(row, answers)
    if found is None:
        return None
    key, begins = found
    try:
        ends = end_of(begins, row.amount, row.unit)
    except (ValueError, OverflowError):
        return None
    left = (ends - today).days
    nearness: Nearness = "passed" if left < 0 else "near" if left <= NEAR_DAYS else "ahead"
    return Flag(row, key, begins, ends, nearness)


def _begins(row: Period, answers: Mapping[str, Sequence[Any]]) -> tuple[str, date] | None:
    keys, weak = starts()
    if row.begins:
        wanted: list[tuple[str, ...]] = [(row.begins,)]
    else:
        wanted = [tuple(key for key in keys if key not in weak), weak]
    for group in wanted:
        dates = [(day, key) for key in group for value in answers.get(key, ()) if (day := earliest(value)) is not None]
        if dates:
            day, key = min(dates)
            return key, day
    return None


@cache
def starts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(keys of dates that a time may run from, those of them that are weak)."""
    read: dict[str, list[str]] = yaml.safe_load(_FILE.read_text("utf-8"))
    return tuple(read["keys"]), tuple(read["weak"])
