"""The concepts of one language, read from the data files beside this module and compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from intake.language.guess import Language
from intake.language.patterns import Finder
from intake.language.rulebook import read_rulebook

Level = Literal["none", "danger_now", "urgent"]
Distant = Literal["keep", "drop", "urgent", "history"]
KINDS: Final = (
    "self_harm",
    "violence_now",
    "medical_emergency",
    "child_or_elder_abuse",
    "stalking",
    "detention",
    "lockout_today",
    "deadline",
)
FOLDER: Final = Path(__file__).with_name("concepts")


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that can be said: its kind, its level, and what time and context make of it.

    `distant`: what long ago makes of it: it stays, is dropped, becomes urgent, or becomes the concept `history`.
    `now`: the concept it becomes beside words of this moment. `says`: a few words for staff, never the client's.
    `sure`: said so plainly that neither an idiom nor a likeness to harmless talk takes it back.
    """

    kind: str
    name: str
    level: Level
    distant: Distant
    history: str
    now: str
    past: bool
    traffic: bool
    says: str
    sure: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Every concept and context of one language, ready to be found.

    `small`: the little words that negation turns on: `denying`, `other` (what follows "not" where it denies
    something else: "I do not know"), `subjects` (a finding that begins with its own is not denied before it),
    `clitics`.
    """

    concepts: dict[str, Concept]
    finder: Finder
    small: Mapping[str, frozenset[str]]


@cache
def knowledge(language: Language) -> Knowledge:
    """What is known of `language`. Raises on a fault in the data files."""
    book = read_rulebook(FOLDER, language)
    concepts = {key: _concept(key, rule) for key, rule in book.first.items()}
    _check(concepts)
    return Knowledge(concepts, book.finder, book.small)


def _concept(key: str, rule: Mapping[str, Any]) -> Concept:
    kind, _, name = key.partition("/")
    return Concept(
        kind=kind,
        name=name,
        level=rule["level"],
        distant=rule["distant"],
        history=rule.get("history", ""),
        now=rule.get("now", ""),
        past=rule.get("past", "") == "drop",
        traffic=rule.get("traffic", "") == "drop",
        says=rule["says"],
        sure=rule.get("sure", "") == "yes",
    )


def _check(concepts: dict[str, Concept]) -> None:
    for concept in concepts.values():
        if concept.kind not in KINDS:
            raise ValueError(f"{concept.key}: there is no kind {concept.kind!r}")
        for other in (concept.history, concept.now):
            if other and other not in concepts:
                raise ValueError(f"{concept.key}: there is no concept {other!r}")
