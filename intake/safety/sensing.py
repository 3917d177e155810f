"""What a turn sounds like, by what the examples sound like.

The concepts name what people are known to say; people in danger also say it in ways that nobody wrote down, and people
in none use the same words. The examples are written by hand for this, in `examples.LANGUAGE.jsonl`: `kind` is empty for
those that are none. The reader sees the words, what they are about (`senses.yaml`), and which concepts and contexts
were found. Its weights are learned by `python -m intake.safety.learning` and kept in `weights.LANGUAGE.tsv`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from intake.language.guess import Language
from intake.language.likeness import Model, Stretch, features, read_table, stretches, whole
from intake.language.tokens import fold
from intake.language.views import View, load_yaml, view_of
from intake.safety.loading import Level

ORDINARY: Final = Path(__file__).with_name("ordinary.jsonl")
SENSES: Final = Path(__file__).with_name("senses.yaml")
#: How sure it must be to alarm alone, as the logarithm of the odds. This and the next were chosen by leaving out
#: speakers in turn (docs/quality.md), never on what is held back.
ALONE: Final = {"en": 0.7, "es": 0.7}
#: The same of words that plainly answer a closed question ("yes, in my kitchen with my granddaughter"): such seldom
#: tell of danger, whatever they share with those that do.
ANSWERS: Final = {"en": 4.0, "es": 4.0}
#: Below this a concept that was found is taken for a chance likeness; danger is given up later than a matter of days.
CHANCE: Final[dict[Level, float]] = {"danger_now": -2.0, "urgent": -1.0}
#: Below this share of familiar pairs it is some other talk, or noise that a recogniser took for words.
FAMILIAR: Final = 0.35
#: Below this it is no speech: a concept found in it is chance too. Garbled speech with every fifth word wrong has more.
#: A cry of a few words is never taken for noise.
NOISE: Final = 0.2
_CRY: Final = 8
_NOW: Final = frozenset({"self_harm", "violence_now", "child_or_elder_abuse", "medical_emergency"})
_LONG_AGO: Final = ":urgent"
_UNSEEN: Final = 5000  # features that naive Bayes has not seen, about
_NEAR: Final = 6
#: What was found in the view: what it is called, and its words from .. up to ...
Mark = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Sense:
    """What a stretch of words sounds like. `score`: the logarithm of the odds that it tells of danger or urgency;
    `known`: the share of its pairs of words that some example has."""

    score: float
    known: float
    stretch: Stretch

    def alone(self, language: Language, *, answers: bool = False) -> bool:
        """Whether it alarms though no concept was found. `answers`: the words answer what was asked."""
        return self.known >= FAMILIAR and self.score > (ANSWERS if answers else ALONE)[language]

    def speech(self) -> bool:
        """Whether these are words that somebody said, and not noise."""
        return self.known >= NOISE or len(self.stretch.words) <= _CRY


def sense(view: View, language: Language, marks: Sequence[Mark] = ()) -> Sense:
    """The stretch of the view that sounds most like danger or urgency."""
    model = _model(language)
    best, score = whole(view), -math.inf
    for stretch in stretches(view):
        found = model.score(seen(stretch, marks))
        if found > score:
            best, score = stretch, found
    return Sense(score, model.familiarity(best.words), best)


def seen(stretch: Stretch, marks: Iterable[Mark] = ()) -> set[str]:
    """What the reader sees of a stretch: its words, what they are about, alone and together, and the marks in it."""
    names = {name for name, start, end in marks if stretch.start <= start and end <= stretch.end + 1}
    return features(stretch.words, names) | about(stretch.words)


def about(words: Sequence[str]) -> set[str]:
    """What the words are about, and which of it comes shortly before which."""
    each = [_senses(word) for word in words]
    found: set[str] = set()
    for number, senses in enumerate(each):
        found.update([f"s:{one}" for one in senses])
        for later in each[number + 1 : number + _NEAR] if senses else ():
            found.update([f"s:{one}>{other}" for one in senses for other in later])
    return found


@cache
def _lexicon() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    whole_words: dict[str, set[str]] = {}
    beginnings: dict[str, set[str]] = {}
    for name, words in load_yaml(SENSES).items():
        for word in words.split():
            table = beginnings if word.endswith("*") else whole_words
            table.setdefault(fold(word.rstrip("*")), set()).add(name)
    return whole_words, beginnings


_KNOWN: Final[dict[str, tuple[str, ...]]] = {}
_MOST_KNOWN: Final = 20_000


def _senses(word: str) -> tuple[str, ...]:
    found = _KNOWN.get(word)
    if found is None:
        whole_words, beginnings = _lexicon()
        senses = set(whole_words.get(word, ()))
        for length in range(2, min(len(word), 20) + 1):
            senses |= beginnings.get(word[:length], set())
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN[word] = tuple(sorted(senses))
    return found


def kind_of(sensed: Sense, language: Language) -> tuple[str, Level]:
    """The kind whose examples share the most with what is seen (naive Bayes), and its level."""
    kinds = _kinds(language)
    parts = _parts(sensed.stretch.words)

    def fit(kind: str) -> float:
        counts = kinds[kind]
        total = counts.total() + _UNSEEN
        return sum(math.log((counts[feature] + 0.1) / total) for feature in parts)

    kind, _, long_ago = max(sorted(kinds), key=fit).partition(_LONG_AGO[0])
    return kind, "danger_now" if kind in _NOW and not long_ago else "urgent"


def _parts(words: Sequence[str]) -> set[str]:
    return {name for name in features(words) if name[0] != "="} | about(words)


@cache
def _kinds(language: Language) -> dict[str, Counter[str]]:
    kinds: dict[str, Counter[str]] = {}
    for row in map(json.loads, examples_file(language).read_text(encoding="utf-8").splitlines()):
        if row["kind"]:
            kind = row["kind"] + (_LONG_AGO if row.get("level") == "urgent" and row["kind"] in _NOW else "")
            kinds.setdefault(kind, Counter()).update(_parts(whole(view_of(row["text"], language)).words))
    return kinds


def examples(language: Language) -> list[dict[str, Any]]:
    """The examples in one language, plain answers and ordinary turns after those that tempt."""
    lines = [
        line for path in (examples_file(language), ORDINARY) for line in path.read_text(encoding="utf-8").splitlines()
    ]
    rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["lang"] == language]


def examples_file(language: Language) -> Path:
    """Where the examples of one language are kept."""
    return Path(__file__).with_name(f"examples.{language}.jsonl")


def weights_file(language: Language) -> Path:
    """Where the weights of one language are kept."""
    return Path(__file__).with_name(f"weights.{language}.tsv")


@cache
def _model(language: Language) -> Model:
    return read_table(weights_file(language))[0]
