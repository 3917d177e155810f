"""The question that tells close areas apart, and what its answer does."""

from __future__ import annotations

import pytest

from intake.classify import (
    Areas,
    AreaScore,
    AuthoredQuestion,
    answered,
    classify,
    questions,
    questions_between,
    top_codes,
)
from intake.classify.areas import full_code


def close(first: str, second: str, third: str = "GO") -> Areas:
    scores = ((first, 0.4), (second, 0.35), (third, 0.1))
    return Areas(
        tuple(AreaScore(full_code(code), score, "said") for code, score in scores),
        unclear=False,
        not_legal=False,
        why="said",
    )


def test_every_question_has_words_in_both_languages_and_answers_that_differ() -> None:
    for question in questions().values():
        assert question.texts["en"].endswith("?")
        assert question.texts["es"].startswith("¿")
        assert len({choice.id for choice in question.choices}) == len(question.choices) >= 2
        assert len({choice.codes for choice in question.choices}) >= 2
        for choice in question.choices:
            assert choice.labels["en"]
            assert choice.labels["es"]
            assert set(choice.codes) <= set(top_codes())
            assert set(choice.codes) <= question.between or question.id == "start"


PAIRS = """
HO-MO HO-TO HO-FA HO-ES WO-BU WO-RI WO-MO WO-TO FA-CR FA-IM FA-MO FA-ES CR-TR CR-MO CR-TO CR-RI CR-IM TR-TO TR-MO
MO-BU MO-ES MO-HE HE-BE HE-TO ED-RI EN-HO EN-TO DI-HO DI-MO NA-FA VE-BE GO-BU CO-HO CO-FA CO-MO CO-CR
"""


@pytest.mark.parametrize("pair", PAIRS.split())
def test_close_areas_have_a_question(pair: str) -> None:
    first, second = pair.split("-")
    question = questions_between(close(first, second), asked=())
    assert question is not None
    assert question.tells_apart(full_code(first), full_code(second))


def test_no_question_when_one_area_leads_plainly() -> None:
    assert (
        questions_between(classify("my landlord is evicting us over two weeks rent", language="en"), asked=()) is None
    )


def test_nothing_is_asked_that_was_said() -> None:
    areas = close("HO", "MO")
    first = questions_between(areas, asked=())
    assert first is not None
    assert first.id == "home_or_money"
    second = questions_between(areas, asked=(), said="my Landlord keeps the money")
    assert second is None or second.id != "home_or_money"


def test_no_question_twice_and_three_at_most() -> None:
    areas = close("HO", "TO")
    asked: list[str] = []
    while (question := questions_between(areas, asked)) is not None:
        assert question.id not in asked
        asked.append(question.id)
    assert 1 <= len(asked) <= 3
    assert questions_between(close("HO", "MO"), asked=("a", "b", "c")) is None


def test_somebody_who_said_nothing_is_asked_what_it_is_about_once() -> None:
    nothing = classify("hello", language="en")
    question = questions_between(nothing, asked=())
    assert question is not None
    assert question.id == "start"
    found = answered(nothing, question, "work")
    assert found.areas[0].code == full_code("WO")
    assert len(found.top) >= 3
    assert not found.unclear
    assert questions_between(nothing, asked=("start",)) is None


def test_what_is_not_legal_is_not_asked_about() -> None:
    assert questions_between(Areas((), unclear=False, not_legal=True, why="recipe"), asked=()) is None


@pytest.mark.parametrize("question", questions().values(), ids=lambda question: question.id)
def test_each_answer_puts_what_it_speaks_for_first(question: AuthoredQuestion) -> None:
    for choice in question.choices:
        between = sorted(question.between) or list(top_codes())
        before = Areas(
            tuple(AreaScore(code, round(1 / len(between), 4), "said") for code in between[:20]),
            unclear=False,
            not_legal=False,
            why="said",
        )
        after = answered(before, question, choice.id)
        assert after.areas[0].code in choice.codes
        scores = [area.score for area in after.areas]
        assert scores == sorted(scores, reverse=True)
        assert 0.5 < sum(area.score for area in after.top) <= 1.01


def test_an_answer_keeps_the_lower_codes_of_areas_that_stay_ahead() -> None:
    before = classify("the sheriff comes friday to evict us and the bank took the money from my account", language="en")
    after = answered(before, questions()["home_or_money"], "landlord")
    assert after.areas[0].code == full_code("HO")
    assert full_code("HO-02") in [area.code for area in after.areas]


def test_an_answer_the_question_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError):
        answered(close("HO", "MO"), questions()["home_or_money"], "nonsense")
