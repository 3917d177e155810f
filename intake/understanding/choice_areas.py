"""Choices that are areas of law ("Housing", "Trouble at work"): the one that a story is about, by the classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from intake.classify import classify
from intake.language.tokens import words_of
from intake.understanding.choices import ideas_of
from intake.understanding.facts import Choice, Found
from intake.understanding.heard import Heard

#: The two letters that an area's code begins with, by the idea that a choice names.
_CODES: Final = {
    "housing_area": "HO", "losing_home": "HO", "eviction": "HO", "job_area": "WO", "debt": "MO", "family_area": "FA",
    "criminal_area": "CR", "immigration_area": "IM", "injury_area": "TO", "benefits_area": "BE", "will_estate": "ES",
    "traffic_ticket": "TR",
}  # fmt: skip
#: The area must have this share, and this much more than any other that is offered.
_FLOOR: Final = 0.3
_LEAD: Final = 0.15
_FEWEST_WORDS: Final = 4


def read_area_choice(heard: Heard, choices: Sequence[Choice]) -> Found | None:
    """The choice whose area the words are about. None: the choices are no areas, or it is not plain which."""
    if len(heard) < _FEWEST_WORDS:
        return None
    offered = [_codes(choice) for choice in choices]
    if sum(bool(codes) for codes in offered) < 2 or sum(bool(codes) for codes in offered) * 2 < len(choices):
        return None
    start, end = heard.whole()
    shares = {
        area.code[:2]: area.score for area in reversed(classify(heard.text[start:end], language=heard.language).areas)
    }
    scores = [max((shares.get(code, 0.0) for code in codes), default=0.0) for codes in offered]
    order = sorted(range(len(choices)), key=lambda i: -scores[i])
    if scores[order[0]] < _FLOOR or scores[order[0]] - scores[order[1]] < _LEAD:
        return None
    return Found(choices[order[0]].label, start, end, "the area of law that was told of", "inferred")


def _codes(choice: Choice) -> frozenset[str]:
    ideas = ideas_of(" ".join(words_of(choice.label)))
    return frozenset(_CODES[idea] for idea in ideas if idea in _CODES)
