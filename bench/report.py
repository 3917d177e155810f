"""One way to report a benchmark: ours and the peer from one run, as a ratio, with date and commit.

Each bench module offers `run(quick: bool) -> list[Row]`; `python -m bench` prints one table.
`quick` keeps the shape of a run and shrinks its counts: CI checks that benches run, never their times.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ours` and `peer` share `unit`; `budget` is the ratio or figure to stay under."""

    what: str
    ours: float
    peer: float | None
    unit: str
    budget: float | None = None
    note: str = ""
    budget_is_ratio: bool = True

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's, or None where there is no peer."""
        return None if not self.peer else self.ours / self.peer

    @property
    def verdict(self) -> str:
        """`within` or `over` the budget; empty where the row has none."""
        measured = self.ratio if self.budget_is_ratio else self.ours
        if self.budget is None or measured is None:
            return ""
        return "within" if measured <= self.budget else "over"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def median(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)


def heading() -> str:
    """Date, commit, machine and load: what a figure means nothing without."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    ).stdout.strip()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d} commit {commit or 'unknown'}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {load}"
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table under the heading."""
    lines = [
        heading(),
        "",
        "| What | Ours | Peer | Ratio | Budget | | Note |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        peer = "" if row.peer is None else f"{row.peer:.4g} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
        budget = "" if row.budget is None else f"{row.budget:g}" + ("" if row.budget_is_ratio else f" {row.unit}")
        lines.append(
            f"| {row.what} | {row.ours:.4g} {row.unit} | {peer} | {ratio} | {budget} | {row.verdict} | {row.note} |"
        )
    return "\n".join(lines)


def main(rows: Sequence[Row]) -> None:
    """Print the table: what `python -m bench.<name>` ends with."""
    sys.stdout.write(table(rows) + "\n")
