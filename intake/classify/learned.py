"""What is learned from the committed examples: how much more often a word is said in one area than in all."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from intake.classify.areas import HERE, areas, read_yaml, top_of
from intake.classify.words import stem, stop_words
from intake.language.tokens import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: The two answers that are no area, learned like areas.
NOT_LEGAL: Final = "not_legal"
UNCLEAR: Final = "unclear"
#: Words that each area is taken to have beside its own, spread as in all: the smoothing. Areas are measured in words,
#: not in examples, for some have longer ones. Chosen by leaving out batches of examples in turn, as for lower codes.
_PRIOR: Final = 1000.0
_PRIOR_BELOW: Final = 1000.0
#: One word may speak for an area only this much (log of a ratio).
_MOST: Final = 4.0
#: Words of a text that tell what kind of message it is.
_OPENING: Final = 3


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
    """Stems that say something, what they speak of, pairs of neighbours among each, and how the text opens."""
    stops = _stop_stems()
    singles = [word for word in stems if word not in stops and not word[0].isdigit()]
    spoken_of = _senses_in(singles)
    return [*singles, *_pairs(singles), *spoken_of, *_pairs(spoken_of), *_opening(stems)]


def _pairs(row: Sequence[str]) -> Iterator[str]:
    return (f"{first} {second}" for first, second in pairwise(row))


def _opening(stems: Sequence[str]) -> list[str]:
    """The first one, two and three words as they stand: a question in passing opens otherwise than a complaint."""
    return ["^" + " ".join(stems[:length]) for length in range(1, min(_OPENING, len(stems)) + 1)]


def _senses_in(singles: Sequence[str]) -> list[str]:
    """What a text speaks of, word by word. What is said twice running is said once."""
    found = [_senses()[word] for word in singles if word in _senses()]
    return [sense for at, sense in enumerate(found) if at == 0 or found[at - 1] != sense]


@lru_cache(maxsize=1)
def _senses() -> Mapping[str, str]:
    """The sense of each stem that has one; marked, so that it is no word. A stem in two has the first."""
    found: dict[str, str] = {}
    for sense, said in read_yaml("senses.yaml")["senses"].items():
        for word in words_of(said):
            found.setdefault(stem(word), f"={sense}")
    return found


@lru_cache(maxsize=1)
def _stop_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in stop_words())


class Learned:
    """Weights of words and pairs for each class, by naive Bayes over the examples' sets of features.

    A feature not seen in a class weighs the same for that class whatever the feature is; only the others are kept.
    """

    def __init__(self, taught: Iterable[tuple[Sequence[str], frozenset[str]]], prior: float) -> None:
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
        self._unseen: Final = {name: math.log(prior / (size[name] + prior)) for name in sorted(size)}
        self._more: Final = {
            feature: tuple(
                (name, _weight(times, total[feature] / count, size[name], prior) - self._unseen[name])
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
                worth = 1 + math.log(times)
                known += worth
                for name, weight in more:
                    sums[name] += worth * weight
        return {name: value + known * self._unseen[name] for name, value in sums.items()}


def _weight(times: int, share: float, size: int, prior: float) -> float:
    ratio = (times + prior * share) / ((size + prior) * share)
    return min(_MOST, math.log(ratio))


def teach(rows: Iterable[Example]) -> Learned:
    """The areas at the top, and the two answers that are no area. Lower codes teach the area they belong to."""
    return Learned(
        (
            (_stems(row), frozenset(code if code in (NOT_LEGAL, UNCLEAR) else top_of(code) for code in row.codes))
            for row in rows
        ),
        prior=_PRIOR,
    )


def teach_below(rows: Iterable[Example]) -> Learned:
    """The lower codes, from the examples written for them."""
    below = (
        (row, frozenset(code for code in row.codes[:1] if code in areas() and code != top_of(code))) for row in rows
    )
    return Learned(((_stems(row), codes) for row, codes in below if codes), prior=_PRIOR_BELOW)


def _stems(row: Example) -> list[str]:
    return [stem(word) for word in words_of(row.text)]


@lru_cache(maxsize=1)
def learned() -> Learned:
    """From all examples, once in a process."""
    return teach(examples())


@lru_cache(maxsize=1)
def learned_below() -> Learned:
    """The lower codes, from all examples."""
    return teach_below(examples())
