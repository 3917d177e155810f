"""How well posts are told that nothing was learned from: each batch of longer examples in turn, the rest teaching.

What the weights of the classifier are chosen by. `python -m tests.evals.areas.leave_out` prints a line for each batch.
The longer examples are harder than posts in a forum: one area each, few of its plain words.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING
from unittest import mock

from intake.classify import classify, scoring, top_of
from intake.classify.areas import HERE
from intake.classify.learned import examples, teach

if TYPE_CHECKING:
    from pathlib import Path


def left_out(batch: Path) -> tuple[float, float, int]:
    """Share right at first, share within the first three, and the number of posts in `batch`."""
    rows = [json.loads(line) for line in batch.read_text(encoding="utf-8").splitlines()]
    texts = {row["text"] for row in rows}
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
    for batch in sorted((HERE / "examples").glob("long*.jsonl")):
        sys.stdout.write("{}: first {:.3f}, first three {:.3f}, of {}\n".format(batch.name, *left_out(batch)))
