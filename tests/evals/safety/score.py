"""How well danger and urgency are found: on sentences in a file, `{"id", "text", "lang", "alarm", "level", "kinds"}`.

In the own set an id says what a line is: `pos` must alarm, `hard` tempts and must not, `turn` is an ordinary turn.
A `hard ... spoken` line is another line's words again with spoken fillers and without punctuation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from intake.safety import watch


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def score(path: Path) -> dict[str, float | int]:
    """Recall on what must alarm, false alarms on the rest, and how often the level and the kinds are right."""
    rows = rows_of(path)
    found = [watch(row["text"], language=row["lang"]) for row in rows]
    positive = [(row, alarm) for row, alarm in zip(rows, found, strict=True) if row["alarm"]]
    turns = [alarm.alarm for row, alarm in zip(rows, found, strict=True) if str(row["id"]).startswith("turn")]
    hard = [
        alarm.alarm
        for row, alarm in zip(rows, found, strict=True)
        if not row["alarm"] and not str(row["id"]).startswith("turn")
    ]
    caught = [(row, alarm) for row, alarm in positive if alarm.alarm]
    return {
        "count": len(rows),
        "positive": len(positive),
        "hard_negatives": len(hard),
        "ordinary_turns": len(turns),
        "recall": _share([alarm.alarm for _, alarm in positive]),
        "false_alarms_hard": _share(hard),
        "false_alarms_ordinary": _share(turns),
        "level_right": _share([alarm.level == row["level"] for row, alarm in caught]),
        "kind_right": _share([bool(set(alarm.kinds) & set(row["kinds"])) for row, alarm in caught]),
    }


def _share(values: list[bool]) -> float:
    return sum(values) / len(values) if values else 0.0
