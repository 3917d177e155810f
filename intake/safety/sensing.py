"""What a turn sounds like in which no concept was found, by what the examples sound like.

The concepts name what people are known to say; people in danger also say it in ways that nobody wrote down. The
examples are written by hand for this, in `examples.jsonl`: `kind` is empty for those that are none.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from intake.language.guess import Language
from intake.language.likeness import Model, classes_of, features, stretches, train
from intake.language.views import View, view_of
from intake.safety.loading import Level, knowledge

_EXAMPLES: Final = Path(__file__).with_name("examples.jsonl")
#: How sure it must be to alarm alone, as the logarithm of the odds; chosen on the own set, which holds no example.
ALONE: Final = {"en": 1.0, "es": 0.8}
#: The same where words of danger are there but denied, long ago or a manner of speaking: "he never hit me, just ...".
DOUBTED: Final = 1.7
#: Below this share of familiar pairs it is some other talk, or noise that a recogniser took for words: of 1,121
#: sentences read aloud or written about other things 17 alarmed without it and 1 with it; of 118 true ones 112 stay.
FAMILIAR: Final = 0.35
_CLASSES: Final = {
    "en": ("partner", "kid", "weapon", "hits", "hit", "hitting", "parent", "elder", "weekday", "month", "number"),
    "es": ("pareja", "hijo", "arma", "pega", "pegando", "padres", "mayor", "numero"),
}
_NOW: Final = frozenset({"self_harm", "violence_now", "child_or_elder_abuse", "medical_emergency"})
_UNSEEN: Final = 5000  # features that naive Bayes has not seen, about


@dataclass(frozen=True, slots=True)
class Sense:
    """What a stretch of words sounds like."""

    kind: str
    level: Level
    score: float


def sense(view: View, language: Language, *, taken: bool = False) -> Sense | None:
    """The kind that the view sounds like most, if it is surely one at all.

    `taken`: a concept was found in it and its context took it away.
    """
    model, kinds = _learned(language)
    scored = [(model.score(words), words) for words in stretches(view)]
    score, best = max(scored, default=(-math.inf, []))
    if score < (DOUBTED if taken else ALONE[language]) or model.familiarity(best) < FAMILIAR:
        return None
    kind = _likeliest(features(best, model.classes), kinds)
    return Sense(kind, "danger_now" if kind in _NOW else "urgent", score)


def _likeliest(seen: set[str], kinds: dict[str, Counter[str]]) -> str:
    """The kind whose examples share the most with what is seen (naive Bayes)."""

    def fit(kind: str) -> float:
        counts = kinds[kind]
        total = counts.total() + _UNSEEN
        return sum(math.log((counts[feature] + 0.1) / total) for feature in seen)

    return max(sorted(kinds), key=fit)


@cache
def _learned(language: Language) -> tuple[Model, dict[str, Counter[str]]]:
    classes = classes_of(knowledge(language).sets, _CLASSES[language])
    rows = [json.loads(line) for line in _EXAMPLES.read_text(encoding="utf-8").splitlines()]
    mine = [(_words(row["text"], language), row["kind"]) for row in rows if row["lang"] == language]
    kinds: dict[str, Counter[str]] = {}
    for words, kind in mine:
        if kind:
            kinds.setdefault(kind, Counter()).update(features(words, classes))
    return train([(words, bool(kind)) for words, kind in mine], classes), kinds


def _words(text: str, language: Language) -> list[str]:
    return [word for stretch in stretches(view_of(text, language)) for word in stretch][:40]
