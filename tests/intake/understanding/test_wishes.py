"""What is wished for is no answer to what was asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from intake.understanding import Question, understand

LAWYER = Question("yes_no", "Do you have a lawyer now for this same matter?")


def answer(text: str, language: Any = "en") -> Any:
    reading = understand(text, question=LAWYER, language=language, today=date(2026, 11, 27))
    return next((fact.value for fact in reading.facts if fact.key == "yes_no"), None), reading.asks


@pytest.mark.parametrize(
    ("text", "language", "wish"),
    [
        ("are you a lawyer", "en", "lawyer?"), ("Are you a real lawyer?", "en", "lawyer?"),
        ("can i talk to a person", "en", "human"), ("what should i do", "en", "advice"),
        ("quiero hablar con una persona", "es", "human"),
    ],
)  # fmt: skip
def test_a_wish_alone_answers_nothing(text: str, language: str, wish: str) -> None:
    value, asks = answer(text, language)
    assert value is None
    assert wish in asks


@pytest.mark.parametrize(
    ("text", "value"), [("no but are you a lawyer", "no"), ("yes i do, what should i do", "yes"), ("no", "no")]
)
def test_an_answer_beside_a_wish_counts(text: str, value: str) -> None:
    assert answer(text)[0] == value


@pytest.mark.parametrize(
    ("text", "question", "value"),
    [
        ("im 34", "Are you 18 or older?", "yes"), ("i am sixteen", "Are you 18 or older?", "no"),
        ("tengo diecis\u00e9is a\u00f1os", "\u00bfTiene usted 18 a\u00f1os o m\u00e1s?", "no"),
        ("i have 3 kids", "Do you have children with this person?", "yes"),
    ],
)  # fmt: skip
def test_an_age_answers_whether_somebody_is_old_enough(text: str, question: str, value: str) -> None:
    reading = understand(text, question=Question("yes_no", question), language="en", today=date(2026, 11, 27))
    assert [fact.value for fact in reading.facts if fact.key == "yes_no"] == [value]
