"""Answers that tell something instead of naming it: events, paraphrases, ranges, names said twice, refusals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from intake.language.guess import Language
from intake.understanding import Choice, Fact, Question, understand

TODAY = date(2026, 11, 28)


def _first(kind: str, text: str, asked: str = "", choices: tuple[str, ...] = (), language: Language = "en") -> Fact:
    question = Question(kind, asked, tuple(Choice(one, one) for one in choices))
    facts = understand(text, question=question, language=language, today=TODAY).facts
    return facts[0] if facts else Fact(kind, "nothing", "unknown", 0, 0, "")


@pytest.mark.parametrize(
    ("asked", "text", "language", "value"),
    [
        ("Did you sign anything?", "they put a page in front of me and I scribbled my initials", "en", "yes"),
        ("Do you have a lawyer?", "had one, he dropped me", "en", "no"),
        ("¿Llamó a la policía?", "vino una patrulla y levantaron un reporte", "es", "yes"),
        ("Do you have receipts?", "I never kept every one of them", "en", "no"),
        ("¿Firmó un contrato?", "sí pero no me dieron copia", "es", "yes"),
        ("Did you sign it?", "maybe I should have signed it, I wanted to put my name on it", "en", "nothing"),
    ],
)
def test_what_happened_answers_yes_or_no(asked: str, text: str, language: Language, value: str) -> None:
    found = _first("yes_no", text, asked, language=language)
    if value == "nothing":
        assert found.state != "stated"
    else:
        assert found.value == value


def test_what_is_told_both_ways_is_no_answer() -> None:
    text = "we shook hands and then I signed a page"
    assert _first("yes_no", text, "Is your agreement in writing?").state != "stated"


@pytest.mark.parametrize(
    ("choices", "text", "value"),
    [
        (
            ("Losing my home", "Trouble at work", "Debt or bills"),
            "the sheriff is coming to put us out",
            "Losing my home",
        ),
        (("Under 18", "18 to 64", "65 or older"), "im seventy two", "65 or older"),
        (("1-14", "15-49", "50 or more"), "about twenty", "15-49"),
        (("Less than a year ago", "1 to 2 years ago", "More than 2 years ago"), "last month", "Less than a year ago"),
        (("Head", "Neck", "Back"), "I cant turn my head", "Neck"),
        (("$1 to $10", "$10 to $20"), "ten dollars", "nothing"),
        (("Morning", "Evening"), "the moon is made of cheese", "nothing"),
    ],
)
def test_a_paraphrase_or_a_number_chooses(choices: tuple[str, ...], text: str, value: str) -> None:
    assert _first("choice", text, choices=choices).value == value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("organisation", "it was fifth third yeah fifth third bank", "Fifth Third Bank"),
        ("organisation", "not sure of the name but the sign says quick lube", "Quick Lube"),
        ("organisation", "the truck said j t b freight lines", "JTB Freight Lines"),
        ("name", "her dad is marcus marcus deshawn tillery", "Marcus Deshawn Tillery"),
        ("email", "my daughter reads it daniela dot rojas at outlook dot com", "daniela.rojas@outlook.com"),
        ("state", "I used to live in philly but now im in vegas", "NV"),
        ("state", "kansas city", "nothing"),  # it lies in two states
        ("count", "three, two girls and a boy", 3),
        ("money", "up in court they said five hunnid dollars", 500),
        ("date", "last month on the 12th", "2026-10-12"),
        ("date_interval", "this past july and august", "2026-07-01/2026-08-31"),
        ("date_interval", "the last week of may", "2026-05-25/2026-05-31"),
    ],
)
def test_a_value_inside_a_story(kind: str, text: str, value: Any) -> None:
    assert _first(kind, text).value == value


@pytest.mark.parametrize(
    ("kind", "text", "state"),
    [
        ("date", "i dont give out my birthday", "refused"),
        ("address", "I won't put my home address in this", "refused"),
        ("organisation", "they wont give a company name so who knows", "unknown"),
        ("name", "he never told me his name", "unknown"),
        ("count", "lost count", "unknown"),
    ],
)
def test_not_told_and_not_known(kind: str, text: str, state: str) -> None:
    found = _first(kind, text)
    assert (found.value, found.state) == (None, state)
