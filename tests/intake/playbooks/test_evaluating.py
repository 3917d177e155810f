"""What is asked next, and what follows from the answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.playbooks.evaluating import (
    applies,
    documents,
    holds,
    next_question,
    questions_for,
    red_flags,
    relevant,
    score,
)
from intake.playbooks.model import AllOf, AnyOf, Condition, Not, Test
from tests.intake.playbooks.support import GOOD, answers_to, playbook, playbooks

YES = Test("a", "is", "yes")
MONEY = Test("m", "at_least", 100)


@pytest.mark.parametrize(
    ("condition", "answers", "expected"),
    [
        (YES, {"a": "yes"}, True),
        (YES, {"a": "no"}, False),
        (YES, {"a": None}, False),
        (YES, {}, None),
        (Not(YES), {"a": "no"}, True),
        (Not(YES), {}, None),
        (Test("a", "in", ("x", "y")), {"a": "y"}, True),
        (Test("a", "in", ("x", "y")), {"a": "z"}, False),
        (Test("a", "known", True), {"a": "x"}, True),
        (Test("a", "known", False), {"a": None}, True),
        (Test("a", "known", False), {}, None),
        (MONEY, {"m": 100}, True),
        (MONEY, {"m": 99.5}, False),
        (MONEY, {"m": [100, 200]}, True),
        (MONEY, {"m": [50, 200]}, False),
        (Test("m", "at_most", 100), {"m": [50, 100]}, True),
        (Test("m", "at_most", 100), {"m": [50, 200]}, False),
        (Test("m", "is", 5), {"m": 5.0}, True),
        (Test("m", "is", 5), {"m": [5, 6]}, False),
        (MONEY, {"m": "lots"}, False),
        (MONEY, {"m": True}, False),
        (MONEY, {"m": [1, 2, 3]}, False),
        (YES, {"a": ["yes"]}, False),
        (AllOf((YES, MONEY)), {"a": "no"}, False),
        (AllOf((YES, MONEY)), {"a": "yes"}, None),
        (AnyOf((YES, MONEY)), {"a": "yes"}, True),
        (AnyOf((YES, MONEY)), {"a": "no"}, None),
        (AnyOf((YES, MONEY)), {"a": "no", "m": 1}, False),
    ],
)
def test_conditions(condition: Condition, answers: dict[str, Any], expected: bool | None) -> None:
    assert holds(condition, answers) is expected
    assert applies(condition, answers) is (expected is True)


def test_no_condition_always_applies() -> None:
    assert applies(None, {})


def _asked(answers: dict[str, Any]) -> str | None:
    question = next_question(playbook(), answers)
    return question.key if question else None


def test_a_follow_up_comes_right_after_the_answer_that_calls_for_it() -> None:
    assert _asked({}) == "rents"
    assert _asked({"rents": "yes"}) == "rent"
    assert _asked({"rents": "no"}) == "home"
    assert _asked({"rents": "yes", "rent": 900}) == "home"


def test_a_condition_decides_whether_a_question_comes() -> None:
    assert _asked({"rents": "no", "home": "house"}) == "since"
    assert _asked({"rents": "no", "home": "flat"}) is None
    assert _asked({"rents": None, "home": None}) is None


def test_what_was_said_early_is_not_asked_again() -> None:
    assert _asked({"rent": 900, "home": "flat", "rents": "yes"}) is None
    assert _asked({"since": "2024-01-01", "rents": "no"}) == "home"


def test_a_correction_takes_back_what_followed() -> None:
    book = playbook()
    assert score(book, {"rents": "yes", "rent": 1500}).total == 10
    assert score(book, {"rents": "no", "rent": 1500}).total == 0
    # said before its turn: it counts until something rules it out
    assert score(book, {"rent": 1500}).total == 10
    assert relevant(book, {"rents": "no", "rent": 1500, "elsewhere": 1}) == {"rents": "no"}


def test_points_flags_and_papers_come_with_their_reasons() -> None:
    book = playbook()
    answers = {"rents": "yes", "rent": [1200, 1400], "home": "house", "since": None}
    assert [(rule.points, rule.reason["es"]) for rule in score(book, answers).points] == [(10, "Renta alta")]
    assert [(flag.key, flag.level, flag.reason["en"]) for flag in red_flags(book, answers)] == [
        ("no_date", "attention", "No date")
    ]
    assert [paper.key for paper in documents(book, answers)] == ["lease"]
    assert documents(book, {"rents": "no"}) == ()


def test_before_the_gate_only_what_may_be_asked_there() -> None:
    book = playbook(
        GOOD.replace(
            "type: date\n    need: required\n    ask_if: {question: home, is: house}\n",
            "type: date\n    need: required\n    before_gate: true\n",
        )
    )
    found = next_question(book, {}, before_gate=True)
    assert found is not None
    assert found.key == "since"
    assert next_question(book, {"since": None}, before_gate=True) is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_interview_ends_and_asks_nothing_twice(data: st.DataObject) -> None:
    book = data.draw(playbooks())
    answers = data.draw(answers_to(book))
    asked: list[str] = []
    while (question := next_question(book, answers)) is not None:
        assert question.key not in answers
        asked.append(question.key)
        assert len(asked) <= len(book.questions)
        answers = {**answers, **{question.key: data.draw(answers_to(book)).get(question.key)}}
    assert set(asked) <= {one.key for one in questions_for(book, answers)}
    assert set(relevant(book, answers)) <= set(answers)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_holds_for_sure_stays_when_more_is_answered(data: st.DataObject) -> None:
    book = data.draw(playbooks())
    fewer = data.draw(answers_to(book))
    more = {**data.draw(answers_to(book)), **fewer}
    for condition in [rule.condition for rule in book.scoring] + [flag.condition for flag in book.red_flags]:
        if holds(condition, fewer) is not None:
            assert holds(condition, more) is holds(condition, fewer)
