"""A search of the conflict index among 100,000 parties, their import, and how many strangers are stopped.

The peer of a search is the comparison alone: the same question against every candidate's name in memory would
take that long for each party, so there is none; the figures stand against their budgets.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Row, main, median, percentile
from bench.typed_turn import databases, host_of


def run(quick: bool) -> list[Row]:
    """100,000 parties and 1,000 intakes, two searches each (quick: 3,000 and 30)."""
    parties, intakes = (3_000, 30) if quick else (100_000, 1_000)
    with databases():
        from intake.conflicts.importing import import_file
        from tenants.context import firm_scope, public_scope
        from tenants.selectors import find_firm

        with public_scope():
            ref = find_firm(host_of("sealed")).ref
        with firm_scope(ref), tempfile.TemporaryDirectory() as folder:
            from tests.evals.conflicts.people import People, write_csv

            path = Path(folder) / "parties.csv"
            write_csv(path, People(1).parties(parties))
            began = time.perf_counter()
            import_file(path)
            took = time.perf_counter() - began
            return [
                Row("conflict import", took, None, "s", 60, f"{parties} parties", budget_is_ratio=False),
                *_searches(intakes, parties),
            ]


def _searches(intakes: int, parties: int) -> list[Row]:
    from intake.conflicts.index import search
    from tests.evals.conflicts.false_stops import false_stops
    from tests.evals.conflicts.people import People

    times: list[float] = []
    for client, other in People(2).intakes(intakes):
        for name, side in ((client, "client"), (other, "other_side")):
            began = time.perf_counter()
            search(name, side)  # type: ignore[arg-type]
            times.append(1000 * (time.perf_counter() - began))
    rows = [
        Row("conflict search, P50", median(times), None, "ms", None, f"{parties} parties"),
        Row(
            "conflict search, P95", percentile(times, 0.95), None, "ms", 50, f"{parties} parties", budget_is_ratio=False
        ),
    ]
    for with_details in (True, False):
        found = false_stops(People(3).intakes(intakes), with_details=with_details)
        note = f"{found['count']} intakes; a detail was needed in {found['asked']:.1%}"
        what = "strangers stopped, " + ("details asked where needed" if with_details else "names alone")
        rows.append(Row(what, 100 * found["false_stop_rate"], None, "%", 1, note, budget_is_ratio=False))
    return rows


if __name__ == "__main__":
    main(run(quick="--quick" in sys.argv or bool(os.environ.get("BENCH_QUICK"))))
