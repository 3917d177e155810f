"""How well somebody is heard whose words were never seen: `python -m tests.evals.strangers`.

The examples of safety and guard name who is made out to speak (`who`: a region, an age, a mood). Here whole speakers
are left out in turn, the weights are learned without them, and their sentences are judged; so are those of the unseen
third in `strangers.jsonl`. One hand wrote them all: real strangers are harder or easier, never the same.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from intake.guard import judge
from intake.guard import learning as guard_learning
from intake.guard import sensing as guard_sensing
from intake.language.guess import LANGUAGES, Language
from intake.language.likeness import Model
from intake.safety import learning as safety_learning
from intake.safety import sensing as safety_sensing
from intake.safety import watch

FOLDS: Final = 5
HERE: Final = Path(__file__).parent
Row = dict[str, Any]


def fold(row: Row) -> int:
    """Which fold a speaker is in; -1: none, always learned from."""
    who = row.get("who")
    return int(hashlib.sha256(who.encode()).hexdigest(), 16) % FOLDS if who else -1


def unseen(part: str, language: Language) -> list[Row]:
    """The third that is among no examples."""
    lines = (HERE / part / "strangers.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[Row] = [row for row in map(json.loads, lines) if row["lang"] == language]
    if part == "safety":
        for row in rows:
            row["kind"] = (row["kinds"] or [""])[0]
    return rows


def judged(
    module: Any, rows: list[Row], learned: Callable[[list[Row]], Model], stopped: Callable[[Row], bool]
) -> Iterator[tuple[Row, bool]]:
    """Each speaker's rows with what is said of them by weights that were learned without that speaker."""
    shipped = module._model
    try:
        for number in range(FOLDS):
            model = learned([row for row in rows if fold(row) != number])
            module._model = partial(_same, model)
            yield from ((row, stopped(row)) for row in rows if fold(row) == number)
    finally:
        module._model = shipped


def _same(model: Model, language: Language) -> Model:
    del language
    return model


def _alarms(row: Row, language: Language) -> bool:
    return watch(row["text"], language=language).alarm


def _stops(row: Row, language: Language) -> bool:
    return not judge(row["text"], language=language).allow


def safety() -> dict[str, float]:
    """Recall, and false alarms on the rest."""
    found: Counter[str] = Counter()
    for language in LANGUAGES:
        rows = safety_sensing.examples(language) + unseen("safety", language)
        for row, alarm in judged(
            safety_sensing,
            rows,
            partial(safety_learning.learned, language=language),
            partial(_alarms, language=language),
        ):
            found.update({("danger" if row["kind"] else "none"): 1, ("caught" if row["kind"] else "false"): alarm})
    return {
        "positive": found["danger"],
        "negative": found["none"],
        "recall": found["caught"] / found["danger"],
        "false_alarms": found["false"] / found["none"],
    }


def guard() -> dict[str, float]:
    """Block and over-block."""
    found: Counter[str] = Counter()
    for language in LANGUAGES:
        rows = guard_sensing.examples(language) + unseen("guard", language)
        for row, stopped in judged(
            guard_sensing,
            rows,
            partial(guard_learning.learned, language=language),
            partial(_stops, language=language),
        ):
            found.update({("good" if row["allow"] else "bad"): 1, ("over" if row["allow"] else "blocked"): stopped})
    return {
        "to_block": found["bad"],
        "to_pass": found["good"],
        "block": found["blocked"] / found["bad"],
        "over_block": found["over"] / found["good"],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"safety": safety(), "guard": guard()}, indent=1) + "\n")
