"""Scores the areas found in a set of posts: by the twenty areas at the top, any right one counting."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intake.classify import Areas, classify, top_of

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]
Scores = dict[str, float | int]


def score(path: Path) -> Scores:
    """`first`, `first_three`: share of posts whose best or best three hold a right one; also by language.

    `not_legal_recall`, `unclear_recall`: share of those marked so that are found so; `false_not_legal`,
    `false_unclear`: share of posts with an area that are taken for one. `count`: posts with an area; `other`: without.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    about = [row for row in rows if row.get("codes")]
    found: Scores = {"count": len(about), "other": len(rows) - len(about)}
    for name, group in (("", about), *((f"_{lang}", [r for r in about if r["lang"] == lang]) for lang in ("en", "es"))):
        if group:
            found[f"first{name}"] = _share(_right(row, 1) for row in group)
            found[f"first_three{name}"] = _share(_right(row, 3) for row in group)
    for flag in ("not_legal", "unclear"):
        marked = [row for row in rows if row.get(flag)]
        if marked:
            found[f"{flag}_recall"] = _share(_flagged(row, flag) for row in marked)
        found[f"false_{flag}"] = _share(_flagged(row, flag) for row in about)
    return found


def _right(row: Row, places: int) -> bool:
    right = {top_of(code) for code in row["codes"]}
    return bool(right & {area.code for area in _classified(row).top[:places]})


def _flagged(row: Row, flag: str) -> bool:
    return bool(getattr(_classified(row), flag))


def _classified(row: Row) -> Areas:
    return classify(row["text"], language=row["lang"])


def _share(hits: Iterable[bool]) -> float:
    counted = list(hits)
    return round(sum(counted) / len(counted), 4) if counted else 0.0


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.write(f"{name} {json.dumps(score(Path(name)))}\n")
