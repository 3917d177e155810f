"""A small statistical reader: logistic regression over words, their beginnings, their neighbours and their letters.

It is learned from examples once, when they change, and kept as a plain table of weights beside them, which is read when
first used. Same examples, same weights: there is no chance in it. A table names what it was made from (`digest`), so
that a test sees one that is behind.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from intake.language.views import ASK, STOP, View

_ROUNDS: Final = 12
_RATE: Final = 6.0
_SHRINK: Final = 2e-5
_BIAS_RATE: Final = 0.05
_WINDOW: Final = 30
_STEP: Final = 15
_STEM: Final = 5
_LETTERS: Final = (4, 5)
#: A stretch of fewer features is weighed as one of so many: two words alone make nothing sure.
_FEW: Final = 150
#: Weights nearer to 0 are left out of the table, except those of pairs that tell what is familiar.
LEAST: Final = 0.6
_MARKS: Final = (STOP, ASK)


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of features. Above 0 a stretch is likelier to be one than not."""

    weights: Mapping[str, float]
    bias: float

    def score(self, seen: Iterable[str]) -> float:
        """The logarithm of the odds for one stretch, by its features. A long one weighs no more than a short one."""
        found = list(seen)
        return self.bias + sum([self.weights.get(feature, 0.0) for feature in found]) / _size(len(found))

    def familiarity(self, words: Sequence[str]) -> float:
        """The share of a stretch's pairs of neighbours that some example has. Low: it is about something that the
        examples are not about, and a score would only add up chance."""
        pairs = pairs_of(words)
        return sum(pair in self.weights for pair in pairs) / len(pairs) if pairs else 1.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some words of a view, numbers `start` up to `end`."""

    words: tuple[str, ...]
    start: int
    end: int


def stretches(view: View) -> list[Stretch]:
    """Each sentence, and a short text whole; a long sentence in parts that overlap, so that none can drown another."""
    found: list[Stretch] = []
    ends = [number for number, word in enumerate(view.words) if word in _MARKS]
    for before, after in pairwise(ends):
        size = after - before - 1
        for start in range(before + 1, before + 1 + max(size - _STEP, 1), _STEP):
            end = min(start + _WINDOW, after)
            if end > start:
                found.append(Stretch(view.words[start:end], start, end))
    if len(ends) > 2 and len(view.words) <= _WINDOW + _STEP:
        found.append(whole(view))
    return found


def whole(view: View) -> Stretch:
    """All of a view, as one."""
    return Stretch(view.words[1:-1], 1, len(view.words) - 1)


def pairs_of(words: Sequence[str]) -> list[str]:
    """The pairs of neighbours, as features."""
    return [f"{one} {other}" for one, other in pairwise(_plain(words))]


def _plain(words: Sequence[str]) -> list[str]:
    return ["#" if word[:1].isdigit() else word for word in words]


def features(words: Sequence[str], marks: Iterable[str] = ()) -> set[str]:
    """What the model sees of a stretch of words. `marks`: what else is known of it."""
    plain = _plain(words)
    stems = [word[:_STEM] for word in plain]
    found = {f"m:{mark}" for mark in marks}
    found.update(word for word in plain if word not in _MARKS)
    found.update(f"{stem}*" for stem in stems if stem not in _MARKS)
    found.update([f"{one} {other}" for one, other in pairwise(plain)])
    found.update([f"{one}* {other}" for one, other in pairwise(stems)])
    for apart in (2, 3):
        found.update([f"{one}~{other}" for one, other in zip(stems, stems[apart:], strict=False)])
    text = f" {' '.join(plain)} "
    for size in _LETTERS:
        found.update([f"={text[at : at + size]}" for at in range(len(text) - size + 1)])
    return found


def train(examples: Iterable[tuple[set[str], bool]], *, weight: float = 1.0) -> Model:
    """A model of the examples. `weight`: how much more one that is so counts than one that is not.

    The weights are the mean over the later half of the rounds: steadier than those of the last round alone.
    """
    numbers: dict[str, int] = {}
    known = [
        ([numbers.setdefault(feature, len(numbers)) for feature in sorted(seen)], so) for seen, so in examples if seen
    ]
    weights, sums = [0.0] * len(numbers), [0.0] * len(numbers)
    bias = bias_sum = 0.0
    for turn in range(_ROUNDS):
        for number in _mixed(len(known), turn):
            seen, so = known[number]
            size = _size(len(seen))
            score = bias + sum([weights[feature] for feature in seen]) / size
            wrong = 1 / (1 + math.exp(-max(-30.0, min(30.0, score)))) - so
            step = _RATE * wrong * (weight if so else 1.0) / (1 + 0.3 * turn)
            bias -= step * _BIAS_RATE
            step /= size
            for feature in seen:
                weights[feature] = weights[feature] * (1 - _SHRINK) - step
        if turn >= _ROUNDS // 2:
            sums = [total + weight for total, weight in zip(sums, weights, strict=True)]
            bias_sum += bias
    mean = _ROUNDS - _ROUNDS // 2
    return Model({name: sums[number] / mean for name, number in numbers.items()}, bias_sum / mean)


def _size(count: int) -> float:
    return math.sqrt(max(count, _FEW))


def _mixed(count: int, turn: int) -> list[int]:
    """The numbers below `count`, each once, in an order that differs from turn to turn and is always the same."""
    start = count // 3 + 7 * turn + 1
    stride = next(s for s in range(start, start + count + 2) if math.gcd(s, count) == 1)
    return [(number * stride + turn) % count for number in range(count)]


def digest(paths: Iterable[Path]) -> str:
    """What a table was made from, in one word: it changes when any of the files does."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def written(model: Model, made_from: str, familiar: Collection[str] = (), least: float = LEAST) -> str:
    """The table of a model: a line with what it was made from and the bias; then a weight and a feature a line.

    `familiar`: features that are kept whatever they weigh, for they tell what is familiar.
    """
    lines = [f"# {made_from} {model.bias:.3f}"]
    for name, weight in sorted(model.weights.items()):
        if abs(weight) >= least or name in familiar:
            lines.append(f"{weight:.1f}\t{name}".replace("-0.0\t", "0.0\t"))
    return "\n".join(lines) + "\n"


def read_table(path: Path) -> tuple[Model, str]:
    """The model of a table, and what the table was made from."""
    head, *lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    _, made_from, bias = head.split(" ")
    weights = {name: float(weight) for weight, name in (line.split("\t", 1) for line in lines)}
    return Model(weights, float(bias)), made_from
