"""How well `intake.conflicts.comparing` tells pairs that may be one party from those that are not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from intake.conflicts.comparing import compare
from intake.conflicts.lines import name_of

if TYPE_CHECKING:
    from pathlib import Path


def score(path: Path) -> dict[str, float | int]:
    """Recall and precision of hits over a file of pairs, with the counts they come from."""
    hits = misses = false = 0
    pairs = read(path)
    for pair in pairs:
        is_hit = compare(name_of(pair["a"], "a"), name_of(pair["b"], "b")).hit
        hits += is_hit and pair["match"]
        misses += not is_hit and pair["match"]
        false += is_hit and not pair["match"]
    recall, precision = hits / max(1, hits + misses), hits / max(1, hits + false)
    return {
        "recall": recall, "precision": precision, "f1": 2 * recall * precision / max(1e-9, recall + precision),
        "count": len(pairs), "misses": misses, "false_hits": false,
    }  # fmt: skip


def read(path: Path) -> list[dict[str, Any]]:
    """The pairs, `{"id", "a", "b", "match"}` a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
