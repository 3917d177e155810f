"""One answer to one question, for tests."""

from datetime import date
from typing import Any

from intake.language.guess import Language
from intake.understanding import Choice, Fact, Question, understand

TODAY = date(2026, 11, 27)  # a Friday


def fact(kind: str, text: str, language: Language = "en", choices: tuple[str, ...] = (), question: str = "") -> Fact:
    asked = Question(kind, question, tuple(Choice(c, c) for c in choices))
    reading = understand(text, question=asked, language=language, today=TODAY)
    found = [one for one in reading.facts if one.key == kind]
    assert found, f"nothing was understood: {text!r}"
    return found[0]


def value(kind: str, text: str, language: Language = "en", choices: tuple[str, ...] = (), question: str = "") -> Any:
    return fact(kind, text, language, choices, question).value


def nothing(kind: str, text: str, language: Language = "en", choices: tuple[str, ...] = ()) -> bool:
    asked = Question(kind, "", tuple(Choice(c, c) for c in choices))
    reading = understand(text, question=asked, language=language, today=TODAY)
    return reading.unusable and not [one for one in reading.facts if one.key == kind]
