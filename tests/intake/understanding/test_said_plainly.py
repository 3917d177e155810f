"""What people say to a plain question that is neither its answer nor nothing: questions, clauses, ages, "none"."""

from __future__ import annotations

import pytest

from intake.language.guess import Language
from intake.understanding import Question, understand
from tests.intake.understanding.asked import TODAY, fact, nothing, value


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("No, it is only a landline.", "no"),
        ("no, they always call me first", "no"),
        ("no yeah", "yes"),
        ("yeah no", "no"),
        ("no it is", "yes"),
        ("Why yes, I am", "yes"),
        ("ye", "yes"),
        ("nooo", "no"),
        ("yesss!!", "yes"),
    ],
)
def test_a_clause_after_a_no_is_no_second_answer(text: str, answer: str) -> None:
    assert value("yes_no", text) == answer


def test_what_is_out_is_not_on() -> None:
    asked = "Are the water, lights and heat on?"
    assert value("yes_no", "the heat went off on tuesday", question=asked) == "no"


@pytest.mark.parametrize(
    "text",
    ["Is that even legal, what he did?", "can they do that to me", "what would you do if you were me", "why is that"],
)
def test_a_question_is_neither_yes_nor_no(text: str) -> None:
    assert nothing("yes_no", text)


def test_who_does_not_know_whether_they_know_says_no() -> None:
    assert value("yes_no", "no idea", question="Do you know what the bill is for?") == "no"
    assert fact("yes_no", "no idea", question="Is the bill yours?").state == "unknown"


@pytest.mark.parametrize(
    ("text", "language", "choice"),
    [
        ("my daughter, she is 25", "en", "Another adult"),
        ("my daughter, she is 12", "en", "A child or teen"),
        ("mi hijo tiene 30 años", "es", "Another adult"),
    ],
)
def test_an_age_tells_a_child_from_an_adult(text: str, language: Language, choice: str) -> None:
    assert value("choice", text, language, ("Myself", "A child or teen", "Another adult")) == choice


def test_an_age_decides_nothing_where_no_choice_is_about_it() -> None:
    assert value("choice", "the lease is 12 years old", choices=("Lease", "Deposit")) == "Lease"


def test_somebody_is_someone() -> None:
    assert value("choice", "somebody has died", choices=("Someone has died", "A plan", "A worry")) == "Someone has died"


@pytest.mark.parametrize("text", ["I never had one of those", "my daughter does that for me", "nunca tuve"])
def test_who_never_had_an_address_has_none(text: str) -> None:
    language: Language = "es" if "nunca" in text else "en"
    assert (fact("email", text, language).value, fact("email", text, language).state) == (None, "unknown")


def test_not_wanting_to_is_a_refusal_of_what_one_would_give() -> None:
    assert fact("email", "no i dont want to, she reads it").state == "refused"


def test_the_va_is_an_office() -> None:
    reading = understand("The VA said no", question=None, language="en", today=TODAY)
    assert not [one for one in reading.facts if one.key == "state"]
    assert value("state", "VA") == "VA"


@pytest.mark.parametrize("text", ["r u a bot", "are u a robot", "i want a human plz"])
def test_wishes_as_they_are_typed_in_a_hurry(text: str) -> None:
    reading = understand(text, question=Question("name", ""), language="en", today=TODAY)
    assert reading.asks & {"lawyer?", "human"}
