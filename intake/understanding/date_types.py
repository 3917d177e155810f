"""What every date reader shares: the time it is seen from, and the period it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from intake.understanding import calendar as cal
from intake.understanding.heard import Heard


@dataclass(frozen=True, slots=True)
class When:
    """What a time is seen from: today, and whether a date without a year lies ahead. `asked`: a date was asked for;
    `begin`: it was asked when something began."""

    today: date
    ahead: bool = False
    asked: bool = True
    #: How many "the day after …" stand around this one: of more than two nobody speaks.
    deep: int = 0
    begin: bool = False

    def inside(self) -> When:
        """The same for the event that a day is counted from."""
        return replace(self, deep=self.deep + 1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `low` to `high`, both included, said by the words from `start` to before `end`."""

    low: date
    high: date
    start: int
    end: int
    kind: str
    has_year: bool = True

    @property
    def is_day(self) -> bool:
        return self.low == self.high

    def in_year(self, year: int) -> Period:
        """The same in another year."""
        low = cal.safe(year, self.low.month, self.low.day) or self.low
        high = cal.safe(year + self.high.year - self.low.year, self.high.month, self.high.day)
        return replace(self, low=low, high=high or cal.month(year, self.high.month)[1], has_year=True)


Reader = Callable[[Heard, int, When], "Period | None"]
