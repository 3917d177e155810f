"""Rehearsals as figures: every persona through the real services, in a firm made for it. `own`: those who may be
looked at, `held`: those held back, of whom only the figures are printed.

`python -m tests.evals.rehearsals.score strangers`: the people of `strangers/`, by somebody who knew no rule.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

Scores = dict[str, float | int]
ROOT = Path(__file__).parents[3]
STRANGERS = Path(__file__).with_name("strangers")
_SECONDS = 1_800


def figures() -> dict[str, Scores] | str:
    """The figures of both halves; a sentence that says why there are none."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.evals.rehearsals.score"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS,
    )  # fmt: skip
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"not run: no firm could be made for it here ({why[:200]})"
    found: dict[str, Scores] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """In a process of its own: the servers come before Django's settings, which are read once."""
    from tests.support.servers import SuiteServers

    servers = SuiteServers()
    servers.start()
    try:
        import django

        django.setup()
        sys.stdout.write("\n" + json.dumps(_held(strangers="strangers" in sys.argv)) + "\n")
    finally:
        servers.stop()


def _held(*, strangers: bool = False) -> dict[str, Scores]:
    from django.db import connections

    from intake.rehearsal.holding import hold
    from intake.rehearsal.personas import held_back, personas, read
    from intake.rehearsal.scoring import totals
    from tenants import directory, provisioning
    from tenants.context import firm_scope
    from tests.support.firms import make_firm

    provisioning.migrate_public()
    ref = make_firm("Rehearsal", "rehearsal.localhost")
    try:
        with firm_scope(ref):
            if strangers:
                people = [read(path) for path in sorted(STRANGERS.glob("*.yaml"))]
                return {"strangers": totals([hold(one) for one in people])}
            return {
                "own": totals([hold(one) for one in personas().values()]),
                "held": totals([hold(one) for one in held_back().values()]),
            }
    finally:
        directory.stop_watching()
        connections.close_all()


if __name__ == "__main__":
    main()
