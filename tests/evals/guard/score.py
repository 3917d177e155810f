"""How well forbidden sentences are stopped: on sentences in a file, `{"id", "text", "lang", "allow"}`."""

from __future__ import annotations

import json
from pathlib import Path

from intake.guard import judge


def score(path: Path) -> dict[str, float | int]:
    """`block`: the share of forbidden sentences stopped; `over_block`: the share of good ones stopped."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    stopped = [(bool(row["allow"]), not judge(row["text"], language=row["lang"]).allow) for row in rows]
    forbidden = [was for allow, was in stopped if not allow]
    good = [was for allow, was in stopped if allow]
    return {
        "count": len(rows),
        "to_block": len(forbidden),
        "to_pass": len(good),
        "block": sum(forbidden) / len(forbidden) if forbidden else 0.0,
        "over_block": sum(good) / len(good) if good else 0.0,
    }
