"""How well posts are told that nothing was learned from: each batch of examples in turn, the rest teaching.

What the weights of the classifier are chosen by. `python -m tests.evals.areas.leave_out` prints a line for each batch.
The longer examples are harder than posts in a forum: one area each, few of its plain words. So are those in everyday
words, which are short.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING
from unittest import mock

from intake.classify import classify, scoring, top_of
from intake.classify.areas import HERE
from intake.classify.learned import NOT_LEGAL, UNCLEAR, examples, teach

if TYPE_CHECKING:
    from pathlib import Path


def left_out(batch: Path) -> tuple[float, float, int]:
    """Share right at first, share within the first three, and the number of posts in `batch`."""
    rows = [json.loads(line) for line in batch.read_text(encoding="utf-8").splitlines()]
    texts = {row["text"] for row in rows}
    rows = [row for row in rows if not {NOT_LEGAL, UNCLEAR} & set(row["codes"])]
    rest = teach(row for row in examples() if row.text not in texts)
    first = three = 0
    with mock.patch.object(scoring, "learned", return_value=rest):
        for row in rows:
            right = {top_of(code) for code in row["codes"]}
            found = [area.code for area in classify(row["text"], language=row["lang"]).top[:3]]
            first += bool(right & set(found[:1]))
            three += bool(right & set(found))
    return first / len(rows), three / len(rows), len(rows)


if __name__ == "__main__":
    folder = HERE / "examples"
    for batch in sorted([*folder.glob("long*.jsonl"), *folder.glob("everyday*.jsonl")]):
        sys.stdout.write("{}: first {:.3f}, first three {:.3f}, of {}\n".format(batch.name, *left_out(batch)))
