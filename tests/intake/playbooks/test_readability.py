"""Syllables and the two formulas, against words counted by hand and sentences worked out on paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.language.readability import (
    count,
    english_syllables,
    fernandez_huerta,
    flesch_kincaid_grade,
    spanish_syllables,
)

ENGLISH = {
    1: "name safe named rent court judge years makes rule while whole eye tea friend bread",
    2: "people police notice table little being needed wanted children someone lawyer payment studied closes didn't",
    3: "apartment violence insurance medicine government area idea radio",
    4: "immigration situation material",
}
SPANISH = {
    1: "quien hay muy rey yo y cual",
    2: "casa ciudad dueño aquí ruido mayo leyes día guerra oír",
    3: "cuidado estado vergüenza hacía proteger ayuda",
    4: "policía abogado aéreo inmigración desalojo averiguáis",
}


@pytest.mark.parametrize(
    ("word", "syllables"),
    [(word, n) for n, words in ENGLISH.items() for word in words.split()],
)
def test_english_syllables(word: str, syllables: int) -> None:
    assert english_syllables(word) == syllables


@pytest.mark.parametrize(
    ("word", "syllables"),
    [(w, n) for n, words in SPANISH.items() for w in words.split() if "'" not in w and w != "huir"],
)
def test_spanish_syllables(word: str, syllables: int) -> None:
    assert spanish_syllables(word) == syllables


def test_figures_and_short_words_have_at_least_one() -> None:
    assert english_syllables("18") == 2
    assert spanish_syllables("psst") == english_syllables("hmm") == 1


def test_the_grade_of_a_sentence_worked_out_by_hand() -> None:
    # 6 words, 1 sentence, 7 syllables: 0.39*6 + 11.8*7/6 - 15.59
    assert flesch_kincaid_grade(["The cat sat on the table."]) == pytest.approx(0.517, abs=0.01)
    hard = (
        "The tribunal's jurisdictional determination necessitates comprehensive documentation of matrimonial property."
    )
    assert flesch_kincaid_grade([hard]) > 15


def test_the_ease_of_a_sentence_worked_out_by_hand() -> None:
    # 6 words, 1 sentence, 9 syllables: 206.84 - 60*9/6 - 1.02*6
    assert fernandez_huerta(["El gato come en la casa."]) == pytest.approx(110.72, abs=0.01)
    hard = "La jurisdicción administrativa correspondiente determinará oportunamente la procedencia de la solicitud."
    assert fernandez_huerta([hard]) < 30


def test_every_text_ends_a_sentence() -> None:
    assert count(["One two", "Three? Four."], "en").sentences == 3
    assert flesch_kincaid_grade([]) == 0
    assert fernandez_huerta(["..."]) == 100


@given(st.text(max_size=300), st.sampled_from(["en", "es"]))
def test_any_text_can_be_counted(text: str, language: str) -> None:
    found = count([text], language)
    assert found.syllables >= found.words >= found.sentences >= 0
