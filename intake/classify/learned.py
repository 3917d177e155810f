"""What is learned from the committed examples: how much more often a word is said in one area than in all."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from intake.classify.areas import HERE, top_of
from intake.classify.words import stem, stop_words
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: The two answers that are no area, learned like areas.
NOT_LEGAL: Final = "not_legal"
UNCLEAR: Final = "unclear"
#: Words that each area is taken to have beside its own, spread as in all: the smoothing. Areas are measured in words,
#: not in examples, for some have longer ones.
_PRIOR: Final = 600.0
#: One word may speak for an area this much (log of a ratio), and against it only so much: that somebody does not
#: say a word means little, and examples are few.
_MOST: Final = 4.0
_LEAST: Final = -0.6
#: Two words together say much of what each says alone.
_PAIR: Final = 0.7


@dataclass(frozen=True, slots=True)
class Example:
    """A lay person's words, and the codes they were written for (or `not_legal`, `unclear`)."""

    text: str
    codes: tuple[str, ...]
    lang: str


@lru_cache(maxsize=1)
def examples() -> tuple[Example, ...]:
    """Every committed example, in the order of the files."""
    return tuple(_read())


def _read() -> Iterator[Example]:
    for path in sorted((HERE / "examples").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Example(row["text"], tuple(row["codes"]), row["lang"])


def known_words() -> frozenset[str]:
    """Folded words of the examples."""
    return frozenset(word for example in examples() for word in words_of(example.text))


def features(stems: Sequence[str]) -> list[str]:
    """Stems that say something, and pairs of neighbours among them."""
    stops = _stop_stems()
    singles = [word for word in stems if word not in stops and not word[0].isdigit()]
    return singles + [f"{first} {second}" for first, second in pairwise(singles)]


@lru_cache(maxsize=1)
def _stop_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in stop_words())


class Learned:
    """Weights of words and pairs for each class, by naive Bayes over the examples' sets of features.

    A feature not seen in a class weighs the same for that class whatever the feature is; only the others are kept.
    """

    def __init__(self, taught: Iterable[tuple[Sequence[str], frozenset[str]]]) -> None:
        seen: dict[str, Counter[str]] = defaultdict(Counter)
        total: Counter[str] = Counter()
        size: Counter[str] = Counter()
        count = 0
        for stems, classes in taught:
            here = set(features(stems))
            count += len(here)
            size.update(dict.fromkeys(classes, len(here)))
            for feature in here:
                total[feature] += 1
                seen[feature].update(classes)
        self._unseen: Final = {name: max(_LEAST, math.log(_PRIOR / (size[name] + _PRIOR))) for name in sorted(size)}
        self._more: Final = {
            feature: tuple(
                (name, _weight(times, total[feature] / count, size[name]) - self._unseen[name])
                for name, times in seen[feature].items()
            )
            for feature in seen
        }

    def read(self, stems: Sequence[str]) -> dict[str, float]:
        """How much the words speak for each class: 0 for a text without a known word."""
        sums = dict.fromkeys(self._unseen, 0.0)
        known = 0.0
        for feature, times in Counter(features(stems)).items():
            more = self._more.get(feature)
            if more is not None:
                worth = (_PAIR if " " in feature else 1.0) * (1 + math.log(times))
                known += worth
                for name, weight in more:
                    sums[name] += worth * weight
        return {name: value + known * self._unseen[name] for name, value in sums.items()}


def _weight(times: int, share: float, size: int) -> float:
    ratio = (times + _PRIOR * share) / ((size + _PRIOR) * share)
    return max(_LEAST, min(_MOST, math.log(ratio)))


def teach(rows: Iterable[Example]) -> Learned:
    """Learn from `rows`; lower codes teach their area at the top."""
    return Learned(
        (
            [stem(word) for word in words_of(row.text)],
            frozenset(code if code in (NOT_LEGAL, UNCLEAR) else top_of(code) for code in row.codes),
        )
        for row in rows
    )


@lru_cache(maxsize=1)
def learned() -> Learned:
    """From all examples, once in a process."""
    return teach(examples())
