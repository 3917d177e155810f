"""A small statistical reader, built from examples when it is first used: logistic regression over words.

It sees words, pairs of words and pairs with one or two words between, each as itself and as the named set it belongs
to ("husband" is also <partner>). Same examples, same weights: there is no chance in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from intake.language.views import ASK, STOP, View

_ROUNDS: Final = 6
_RATE: Final = 0.3
_SHRINK: Final = 1e-4
_BIAS_RATE: Final = 0.3
_WINDOW: Final = 30
_STEP: Final = 15


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of features. Above 0 a stretch is likelier to be one than not."""

    weights: Mapping[str, float]
    bias: float
    classes: Mapping[str, str]

    def score(self, words: Sequence[str]) -> float:
        """The logarithm of the odds for one stretch of words."""
        return self.bias + sum(self.weights.get(feature, 0.0) for feature in features(words, self.classes))

    def familiarity(self, words: Sequence[str]) -> float:
        """The share of a stretch's pairs of neighbours that some example has. Low: it is about something that the
        examples are not about, and a score would only add up chance."""
        plain = ["#" if word[:1].isdigit() else word for word in words]
        pairs = [f"{one} {other}" for one, other in pairwise(plain)]
        return sum(pair in self.weights for pair in pairs) / len(pairs) if pairs else 1.0


def stretches(view: View) -> list[list[str]]:
    """The words of each sentence; a long one in stretches that overlap, so that one part cannot drown another."""
    sentences: list[list[str]] = [[]]
    for word in view.words:
        if word in (STOP, ASK):
            sentences.append([])
        else:
            sentences[-1].append(word)
    return [
        words[start : start + _WINDOW]
        for words in sentences
        for start in range(0, max(len(words) - _STEP, 1), _STEP)
        if words
    ]


def features(words: Sequence[str], classes: Mapping[str, str]) -> set[str]:
    """What the model sees of a stretch of words."""
    plain = ["#" if word[:1].isdigit() else word for word in words]
    kinds = [classes.get(word, word) for word in plain]
    found = {*plain, *kinds}
    for number, kind in enumerate(kinds):
        if number + 1 < len(kinds):
            found.add(f"{plain[number]} {plain[number + 1]}")
            found.add(f"{kind} {kinds[number + 1]}")
        found.update(f"{kind}~{later}" for later in kinds[number + 2 : number + 4])
    return found


def train(examples: Iterable[tuple[Sequence[str], bool]], classes: Mapping[str, str], *, weight: float = 2.0) -> Model:
    """A model of the examples. `weight`: how much more one that is so counts than one that is not.

    The weights are the mean over the rounds after the first: steadier than those of the last round alone.
    """
    numbers: dict[str, int] = {}
    known = [
        ([numbers.setdefault(feature, len(numbers)) for feature in sorted(features(words, classes))], so)
        for words, so in examples
        if words
    ]
    weights = [0.0] * len(numbers)
    sums = [0.0] * len(numbers)
    bias = bias_sum = 0.0
    for turn in range(_ROUNDS):
        for number in _mixed(len(known), turn):
            seen, so = known[number]
            score = bias + sum([weights[feature] for feature in seen])
            wrong = 1 / (1 + math.exp(-max(-30.0, min(30.0, score)))) - so
            step = _RATE * wrong * (weight if so else 1.0) / math.sqrt(len(seen) + 1) / (1 + 0.1 * turn)
            bias -= step * _BIAS_RATE
            for feature in seen:
                weights[feature] = weights[feature] * (1 - _SHRINK) - step
        if turn:
            sums = [total + weight for total, weight in zip(sums, weights, strict=True)]
            bias_sum += bias
    mean = _ROUNDS - 1
    return Model({name: sums[number] / mean for name, number in numbers.items()}, bias_sum / mean, classes)


def _mixed(count: int, turn: int) -> list[int]:
    """The numbers below `count`, each once, in an order that differs from turn to turn and is always the same."""
    start = count // 3 + 7 * turn + 1
    stride = next(s for s in range(start, start + count + 2) if math.gcd(s, count) == 1)
    return [(number * stride + turn) % count for number in range(count)]


def classes_of(sets: Mapping[str, Sequence[str]], names: Iterable[str]) -> dict[str, str]:
    """Which of the sets called `names` each single word belongs to; the first one wins."""
    found: dict[str, str] = {}
    for name in names:
        for word in sets.get(name, ()):
            if "_" not in word and "*" not in word:
                found.setdefault(word, f"<{name}>")
    return found
