"""Whether the time of an answer tells a stop from a pass: the turn that the conflict check follows, both ways.

Among 5,000 parties, names alike in kind: one of each pair is a client of the firm, the other nobody. Rounds alternate.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.report import Row, main, median, percentile
from bench.typed_turn import databases, host_of

if TYPE_CHECKING:
    from collections.abc import Callable

_PARTIES = 5_000


def run(quick: bool) -> list[Row]:
    """200 conversations each way (quick: 15)."""
    rounds = 15 if quick else 200
    with databases():
        from intake.conflicts import probing
        from intake.conflicts.importing import import_file
        from tenants.context import firm_scope, public_scope
        from tenants.selectors import find_firm

        probing.MOST = dict.fromkeys(probing.MOST, 10 * rounds)  # type: ignore[misc]
        with public_scope():
            ref = find_firm(host_of("sealed")).ref
        with firm_scope(ref), tempfile.TemporaryDirectory() as folder:
            from tests.evals.conflicts.people import People, write_csv

            path = Path(folder) / "parties.csv"
            write_csv(path, People(1).parties(_PARTIES))
            import_file(path)
            return _measured(rounds)


def _measured(rounds: int) -> list[Row]:
    from intake.conflicts.comparing import Name
    from intake.conflicts.entries import new_entry
    from intake.models import ConflictEntry
    from tests.evals.conflicts.people import People

    people = People(7)
    times: dict[str, list[float]] = {"stop": [], "pass": []}
    for number in range(rounds + 3):
        for way in ("stop", "pass") if number % 2 else ("pass", "stop"):
            other = f"Xanthe {people.person(year=0, city=0).name.split(',')[0].split()[-1]}quist{number}{way[0]}"
            if way == "stop":
                new_entry(Name(other, "person"), ConflictEntry.Role.CLIENT).save(force_insert=True)
            took, stage = _gate(other)
            if (stage == "conflict_hold") == (way == "stop") and number >= 3:  # the first ones warm the process
                times[way].append(took)
    rows = []
    for way, found in times.items():
        rows.append(Row(f"turn before a {way}, P50", median(found), None, "ms", None, f"{len(found)} conversations"))
        rows.append(Row(f"turn before a {way}, P95", percentile(found, 0.95), None, "ms"))
    rows.append(Row("between their medians", abs(median(times["stop"]) - median(times["pass"])), None, "ms"))
    return rows


def _gate(other: str) -> tuple[float, str]:
    """Milliseconds of the last first question's answer, and where it led."""
    from intake import selectors
    from tests.intake import talk

    intake = talk.start()
    talk.say(intake, "Theodosia Quackenbush")
    talk.say(intake, other)
    took = 0.0
    for _ in range(40):
        question = selectors.question_of(talk.fresh(intake))
        if question is None or talk.stage(intake) not in {"topic", "basics"}:
            break
        answer = talk.BASICS.get(question["key"], "=yes" if question["kind"] == "yes_no" else "=@skip")
        act: Callable[..., Any] = talk.choose if answer.startswith("=") else talk.say
        codes = [option["code"] for option in question["choices"]]
        wanted = answer.removeprefix("=")
        if answer.startswith("=") and wanted not in codes and "@list" in codes:
            wanted = "@list"
        began = time.perf_counter()
        act(intake, wanted)
        took = 1000 * (time.perf_counter() - began)
    return took, talk.stage(intake)


if __name__ == "__main__":
    main(run(quick="--quick" in sys.argv or bool(os.environ.get("BENCH_QUICK"))))
