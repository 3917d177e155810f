"""The rules of one language, read from the data files beside this module and compiled once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from intake.language.guess import Language
from intake.language.patterns import Finder, Pattern, read_patterns, read_sets
from intake.language.views import load_yaml

_FOLDER: Final = Path(__file__).with_name("concepts")


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may not be said. `asks`: it may not be asked either; `framed`: harmless beside any frame.

    `sure`: its words alone are enough; else the sentence must also sound forbidden. `says`: why, for the log.
    """

    name: str
    says: str
    asks: bool
    framed: bool
    sure: bool


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Every rule and context of one language, ready to be found."""

    rules: dict[str, Rule]
    finder: Finder


@cache
def knowledge(language: Language) -> Knowledge:
    """What is known of `language`. Raises on a fault in the data files."""
    read = [load_yaml(path) for path in sorted(_FOLDER.glob(f"{language}.*.yaml"))]
    raw_sets: dict[str, str] = {}
    for part in read:
        raw_sets |= part.get("sets", {})
    sets = read_sets(raw_sets)
    rules: dict[str, Rule] = {}
    patterns: list[Pattern] = []
    for part in read:
        for name, rule in part.get("rules", {}).items():
            rules[name] = Rule(
                name,
                rule["says"],
                asks=rule.get("asks", "") == "block",
                framed=rule.get("framed", "") == "any",
                sure=rule.get("sure", "yes") != "no",
            )
            patterns += read_patterns(rule["patterns"], sets, name)
        for name, block in part.get("context", {}).items():
            patterns += read_patterns(block, sets, f"~{name}")
    return Knowledge(rules, Finder(patterns))
