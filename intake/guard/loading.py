"""The rules of one language, read from the data files beside this module and compiled once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from intake.language.guess import Language
from intake.language.patterns import Finder
from intake.language.rulebook import read_rulebook

FOLDER: Final = Path(__file__).with_name("concepts")


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
    book = read_rulebook(FOLDER, language)
    rules = {
        name: Rule(
            name,
            rule["says"],
            asks=rule.get("asks", "") == "block",
            framed=rule.get("framed", "") == "any",
            sure=rule.get("sure", "yes") != "no",
        )
        for name, rule in book.rules.items()
    }
    return Knowledge(rules, book.finder)
