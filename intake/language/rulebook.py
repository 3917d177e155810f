"""Files of rules in one language, as the safety detector and the guard keep them: sets of words, patterns, contexts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intake.language.guess import Language
from intake.language.patterns import Finder, Pattern, read_patterns, read_sets
from intake.language.views import load_yaml


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`rules`: each rule as it is written, by name, later parts over earlier ones; `first`: earlier over later.

    A pattern belongs to its rule's name, or to `~` and the name of its context. `small`: little words by use.
    """

    rules: Mapping[str, Mapping[str, Any]]
    first: Mapping[str, Mapping[str, Any]]
    finder: Finder
    sets: Mapping[str, tuple[str, ...]]
    small: Mapping[str, frozenset[str]]


def files_of(folder: Path, language: Language) -> list[Path]:
    """The files of one language in `folder`, in order."""
    return sorted(folder.glob(f"{language}.*.yaml"))


def read_rulebook(folder: Path, language: Language) -> Rulebook:
    """The rules of `language` in `folder`. Raises on a fault in the files: it is the author's."""
    parts = [load_yaml(path) for path in files_of(folder, language)]
    raw: dict[str, str] = {}
    for part in parts:
        raw |= part.get("sets", {})
    sets = read_sets(raw)
    rules: dict[str, Mapping[str, Any]] = {}
    first: dict[str, Mapping[str, Any]] = {}
    patterns: list[Pattern] = []
    for part in parts:
        for name, rule in part.get("rules", {}).items():
            rules[name] = rule
            first.setdefault(name, rule)
            patterns += read_patterns(rule["patterns"], sets, name)
        for name, block in part.get("context", {}).items():
            patterns += read_patterns(block, sets, f"~{name}")
    small = {name: frozenset(words.split()) for part in parts for name, words in part.get("small", {}).items()}
    return Rulebook(rules, first, Finder(patterns), sets, small)
