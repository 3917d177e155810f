"""`make eval`: every part of the interview on its own set and on the held-back one, as one table and docs/quality.md.

The held-back sets were written by somebody who saw the task and none of the rules. They are scored here and nowhere
else; nothing is tuned on them. The figures of our own sets guard against going back; they are no claims.
"""

from __future__ import annotations

import importlib
import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ("understanding", "areas", "safety", "guard", "conflicts")
#: Those that need more than a file: figures, or why there are none.
LARGER = ("rehearsals", "speech")
DOCUMENT = HERE.parents[1] / "docs" / "quality.md"
Scores = dict[str, float | int]


def scores_of(part: str) -> dict[str, Scores]:
    """What the part's scorer says of each of its sets."""
    score = importlib.import_module(f"tests.evals.{part}.score").score
    return {name: score(HERE / part / f"{name}.jsonl") for name in ("own", "held")}


def figures_of(part: str) -> dict[str, Scores] | str:
    """What a larger part's scorer says, or why it did not run."""
    found: dict[str, Scores] | str = importlib.import_module(f"tests.evals.{part}.score").figures()
    return found


def table(part: str, scores: dict[str, Scores] | str) -> str:
    """A part's figures, own and held-back side by side."""
    if isinstance(scores, str):
        return f"### {part.capitalize()}\n\n{scores}\n"
    names = list(dict.fromkeys(name for each in scores.values() for name in each))
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | {shown(scores['own'].get(name))} | {shown(scores['held'].get(name))} |"
        for name in names
    )
    return f"### {part.capitalize()}\n\n| figure | own set | held back |\n|---|---|---|\n{rows}\n"


def shown(value: float | None) -> str:
    """A share with three places, a count as it is."""
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main() -> int:
    """Score everything; write the document, and the figures for programs to standard output with `--json`.

    With names of parts: score these alone and only print.
    """
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")]
    found: dict[str, dict[str, Scores] | str] = {
        part: scores_of(part) if part in PARTS else figures_of(part)
        for part in (*PARTS, *LARGER)
        if not wanted or part in wanted
    }
    if wanted:
        sys.stdout.write("\n".join(table(part, scores) for part, scores in found.items()))
        return 0
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
        return 0
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    when = f"{datetime.now(UTC):%Y-%m-%d}, commit {commit.stdout.strip()}, Python {platform.python_version()}"
    tables = "\n".join(table(part, scores) for part, scores in found.items())
    head, _, _ = DOCUMENT.read_text().partition("## Figures")
    DOCUMENT.write_text(f"{head}## Figures\n\n{when}.\n\n{tables}")
    sys.stdout.write(f"{when}\n\n{tables}\nWritten to {DOCUMENT.name}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
