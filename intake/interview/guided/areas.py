"""The areas of trouble as the client is offered them: what a line of theirs may be about, and their names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from intake.interview.guided.reading import language
from intake.interview.wordings import DEFAULT_LOCALE, LOCALES
from intake.playbooks.model import Choice, Question

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFERED: Final = 3
_AREAS: Final = Path(__file__).parents[2] / "classify" / "areas.yaml"
_TOP: Final = "-00-00-00-00"


@dataclass(frozen=True, slots=True)
class Guess:
    """`scores`: codes, best first, for staff. `offered`: the top areas to choose from; empty when it is unclear."""

    scores: tuple[tuple[str, float], ...]
    offered: tuple[str, ...]
    not_legal: bool


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    raw = yaml.safe_load(_AREAS.read_text("utf-8"))
    return {area["code"]: area["name"] for area in raw["areas"]}


def top_codes() -> tuple[str, ...]:
    """The areas at the top of the list."""
    return tuple(code for code in _names() if code.endswith(_TOP))


def name(code: str, locale: str) -> str:
    """An area's name for clients; the code of one we do not know."""
    names = _names().get(code, {})
    return names.get(locale) or names.get(DEFAULT_LOCALE) or code


def guess(text: str, locale: str) -> Guess:
    """What `text` may be about."""
    if not text.strip():
        return Guess((), (), not_legal=False)
    try:
        from intake.classify import classify
    except ImportError:
        return Guess((), (), not_legal=False)

    found = classify(text, language=language(text, locale))
    scores = tuple((area.code, round(float(area.score), 4)) for area in found.areas)
    tops = tuple(dict.fromkeys(f"{code[:2]}{_TOP}" for code, _score in scores))
    best = tuple(dict.fromkeys((*_deeper(scores, tops), *tops)))[:OFFERED]
    return Guess(scores, best, found.not_legal)


def _deeper(scores: tuple[tuple[str, float], ...], tops: tuple[str, ...]) -> tuple[str, ...]:
    """The best-scored code of each of the first areas: "Eviction" says more to a client than "Housing"."""
    best: list[str] = []
    for top in tops[:OFFERED]:
        below = [code for code, _score in scores if code[:2] == top[:2] and not code.endswith(_TOP)]
        best.append(below[0] if below else top)
    return tuple(best)


@cache
def as_question(codes: tuple[str, ...]) -> Question:
    """The offered areas as a choice question, to read an answer in words against."""
    choices = tuple(
        Choice(
            code,
            {locale: name(code, locale) for locale in LOCALES},
            {locale: _parts(code, locale) for locale in LOCALES},
        )
        for code in codes
    )
    return Question("area", "events", "choice", "required", {}, choices=choices)


def _parts(code: str, locale: str) -> tuple[str, ...]:
    """ "Lease, deposit, roommates" is meant by each of them."""
    parts = name(code, locale).replace(" or ", ", ").replace(" and ", ", ").replace(" o ", ", ").replace(" y ", ", ")
    several = tuple(part.strip() for part in parts.split(",") if len(part.strip()) > 3)
    return several if len(several) > 1 else ()
