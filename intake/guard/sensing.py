"""How a sentence sounds, where no rule is sure: like what may be said, or like what may not.

The rules name the shapes of forbidden sentences that people wrote down; there are always more of them, and as many
shapes of harmless ones. What decides between these is a small reader of the examples of both kinds in
`examples.jsonl`. It sees the words and which of the rules' patterns were found. Its weights are learned by
`python -m intake.guard.learning` and kept in `weights.LANGUAGE.tsv`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from intake.language.guess import Language
from intake.language.likeness import Model, features, read_table
from intake.language.views import ASK, View

EXAMPLES: Final = Path(__file__).with_name("examples.jsonl")
_WINDOW: Final = 40
_STEP: Final = 20


def forbidden(view: View, marks: Collection[str], language: Language) -> float:
    """The logarithm of the odds that a sentence may not be said. `marks`: the owners of the patterns found in it."""
    model = _model(language)
    return max(model.score(seen(words, marks)) for words in _stretches(view.words))


def _stretches(words: Sequence[str]) -> Iterable[Sequence[str]]:
    """A long sentence in stretches that overlap, so that one part cannot drown another."""
    for start in range(0, max(len(words) - _STEP, 1), _STEP):
        yield words[start : start + _WINDOW]


def seen(words: Sequence[str], marks: Iterable[str]) -> set[str]:
    """What the reader sees of a stretch: its words, the marks, whether it asks, and about how long it is."""
    found = features(words, marks)
    if ASK in words:
        found.add("m:asks")
    found.add(f"m:long{min(len(words) // 6, 4)}")
    return found


def examples(language: Language) -> list[dict[str, Any]]:
    """The examples in one language."""
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["lang"] == language]


def weights_file(language: Language) -> Path:
    """Where the weights of one language are kept."""
    return Path(__file__).with_name(f"weights.{language}.tsv")


@cache
def _model(language: Language) -> Model:
    return read_table(weights_file(language))[0]
