"""How a sentence sounds, where no rule is sure: like what may be said, or like what may not.

The rules name the shapes of forbidden sentences that people wrote down; there are always more of them, and as many
shapes of harmless ones. What decides between these is a small reader built, when it is first used, from the examples
of both kinds in `examples.jsonl`. It sees the words and which of the rules' patterns were found.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from intake.guard.loading import knowledge
from intake.language.guess import Language
from intake.language.views import ASK, STOP, View, view_of

_EXAMPLES: Final = Path(__file__).with_name("examples.jsonl")
_ROUNDS: Final = 6
_RATE: Final = 0.45
_SEEN: Final = 1  # a feature of fewer examples tells nothing
_WINDOW: Final = 40
_STEP: Final = 20
_STEM: Final = 5


@dataclass(frozen=True, slots=True)
class _Model:
    weights: dict[str, float]
    bias: float


def forbidden(view: View, marks: Collection[str], language: Language) -> float:
    """The logarithm of the odds that a sentence may not be said. `marks`: the owners of the patterns found in it."""
    model = _learned(language)
    return max(
        model.bias + sum(model.weights.get(feature, 0.0) for feature in _features(words, marks))
        for words in _stretches(view.words)
    )


def _stretches(words: Sequence[str]) -> Iterable[Sequence[str]]:
    """A long sentence in stretches that overlap, so that one part cannot drown another."""
    for start in range(0, max(len(words) - _STEP, 1), _STEP):
        yield words[start : start + _WINDOW]


def _features(words: Sequence[str], marks: Collection[str]) -> set[str]:
    """Words, their stems, pairs, pairs with one or two words between, the first words, and the marks."""
    plain = ["#" if word[0].isdigit() else word for word in words]
    stems = [word[:_STEM] for word in plain]
    found = {f"m:{mark}" for mark in marks}
    for number, (word, stem) in enumerate(zip(plain, stems, strict=True)):
        if word not in (STOP, ASK):
            found.add(word)
            found.add(f"{stem}*")
        if number + 1 < len(plain):
            found.add(f"{word} {plain[number + 1]}")
            found.add(f"{stem}* {stems[number + 1]}*")
        found.update(f"{stem}~{later}" for later in stems[number + 2 : number + 4])
        if number + 2 < len(plain):
            found.add(f"{word} {plain[number + 1]} {plain[number + 2]}")
    if ASK in plain:
        found.add("m:asks")
    found.add(f"m:long{min(len(plain) // 6, 4)}")
    return found


@cache
def _learned(language: Language) -> _Model:
    rows = [json.loads(line) for line in _EXAMPLES.read_text(encoding="utf-8").splitlines()]
    return train([(row["text"], not row["allow"]) for row in rows if row["lang"] == language], language)


def train(examples: Iterable[tuple[str, bool]], language: Language) -> _Model:
    """A model of the examples: logistic regression. Same examples, same weights: there is no chance in it."""
    finder = knowledge(language).finder
    known: list[tuple[set[str], bool]] = []
    for text, so in examples:
        view = view_of(text, language)
        known.append((_features(view.words, {hit.pattern.owner for hit in finder.find(view)}), so))
    counts = Counter(feature for seen, _ in known for feature in seen)
    numbers = {feature: number for number, feature in enumerate(f for f, count in counts.items() if count >= _SEEN)}
    rows = [(sorted(numbers[feature] for feature in seen if feature in numbers), so) for seen, so in known]
    weights, bias = _descended(rows, len(numbers))
    return _Model({feature: weights[number] for feature, number in numbers.items()}, bias)


def _descended(rows: Sequence[tuple[list[int], bool]], width: int) -> tuple[list[float], float]:
    """The weights of `width` features and the bias that tell the rows apart."""
    weights, bias = [0.0] * width, 0.0
    for turn in range(_ROUNDS):
        for number in _mixed(len(rows), turn):
            seen, so = rows[number]
            score = bias + sum(map(weights.__getitem__, seen))
            wrong = 1 / (1 + math.exp(-max(-30.0, min(30.0, score)))) - so
            step = _RATE * wrong / math.sqrt(len(seen) + 1) / (1 + 0.1 * turn)
            bias -= step * 0.3
            for feature in seen:
                weights[feature] -= step
    return weights, bias


def _mixed(count: int, turn: int) -> list[int]:
    """The numbers below `count`, each once, in an order that differs from turn to turn and is always the same."""
    start = count // 3 + 7 * turn + 1
    stride = next(s for s in range(start, start + count + 2) if math.gcd(s, count) == 1)
    return [(number * stride + turn) % count for number in range(count)]
