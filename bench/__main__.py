"""`python -m bench [--quick] [NAME…]`: run the benchmarks, print one table, exit 1 if one broke.

Each runs in a process of its own, since the peers need other settings and other servers.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

from bench.report import Row, table

NAMES = (
    "interleaving",
    "create_firm",
    "noop_migrate",
    "blocking_calls",
    "frame_cost",
    "pickup",
    "flood",
    "speech_latency",
    "typed_turn",
    "guided_load",
    "interview_engine",
    "conflict_search",
    "gate_delay",
)
# A bench that takes longer is broken, not slow.
TIME_LIMIT_SECONDS = 1800


def run_one(name: str, *, quick: bool) -> None:
    """Run one bench here and print its rows as the last line, as JSON."""
    rows: list[Row] = importlib.import_module(f"bench.{name}").run(quick=quick)
    sys.stdout.write("\n" + json.dumps([dataclasses.asdict(row) for row in rows]) + "\n")


def run_apart(name: str, *, quick: bool) -> list[Row] | None:
    """Run one bench in a process of its own; None when it broke (its output is shown)."""
    command = [sys.executable, "-m", "bench", "--only", name, *(["--quick"] if quick else [])]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIME_LIMIT_SECONDS,
        cwd=Path(__file__).parent.parent,
    )
    if done.returncode:
        sys.stderr.write(f"bench {name} broke:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}\n")
        return None
    return [Row(**row) for row in json.loads(done.stdout.strip().splitlines()[-1])]


def main() -> int:
    """Run what was asked for. The exit code says whether all ran, never whether they were fast."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument(
        "--quick",
        action="store_true",
        default=bool(os.environ.get("BENCH_QUICK")),
        help="small counts: does it run at all (also BENCH_QUICK=1)",
    )
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        run_one(options.only, quick=options.quick)
        return 0
    rows: list[Row] = []
    broken = 0
    for name in options.names:
        sys.stderr.write(f"bench {name} …\n")
        result = run_apart(name, quick=options.quick)
        broken += result is None
        rows += result or []
    sys.stdout.write(table(rows) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
