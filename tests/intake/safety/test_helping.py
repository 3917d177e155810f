"""The words and numbers for people in danger."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

import pytest

from intake.guard import allowed, judge
from intake.language.guess import LANGUAGES, Language
from intake.language.readability import fernandez_huerta, flesch_kincaid_grade
from intake.safety import KINDS, countries, hotlines, watch, words_for
from intake.safety.helping import fixed_words


def test_every_country_has_an_emergency_number_and_a_line_for_self_harm_and_violence() -> None:
    assert countries()[0] == "US"
    assert set(countries()) >= {"US", "CA", "GB", "MX", "ES", "AU"}
    for country in countries():
        for kind in ("self_harm", "violence_now", "medical_emergency", "child_or_elder_abuse"):
            assert hotlines(country, (kind,)), (country, kind)


@pytest.mark.parametrize("country", countries())
def test_every_number_has_its_source_and_day(country: str) -> None:
    for line in hotlines(country, unverified=True):
        assert urlsplit(line.source).scheme == "https"
        assert line.checked >= date(2026, 11, 1)
        assert set() < set(line.kinds) <= set(KINDS)
        assert line.call or not line.verified


def test_a_number_that_nobody_could_check_is_not_given() -> None:
    assert all(line.verified for country in countries() for line in hotlines(country))


def test_an_unknown_country_gets_the_numbers_of_the_default() -> None:
    assert hotlines("ZZ") == hotlines("US")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alarm_has_words_and_all_of_them_may_be_said(language: Language) -> None:
    words = fixed_words()[language]
    assert set(words["danger_now"]) | set(words["urgent"]) == set(KINDS)
    for text in ("he has a gun and he is outside", "my hearing is tomorrow", "my husband has hit me for years"):
        alarm = watch(text, language="en")
        lines = words_for(alarm, language=language)
        assert len(lines) >= 2
        for line in lines:
            assert allowed(line)
            assert judge(line, language=language).allow


def test_no_alarm_has_no_words() -> None:
    assert words_for(watch("hello", language="en"), language="en") == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_danger_pauses_says_what_it_cannot_do_and_how_to_go_on(language: Language) -> None:
    lines = words_for(watch("he is hitting me right now", language="en"), language=language)
    assert fixed_words()[language]["limits"] in lines
    assert fixed_words()[language]["safe"] in lines
    assert any("911" in line for line in lines)


def leaves(node: object) -> list[str]:
    return [leaf for child in node.values() for leaf in leaves(child)] if isinstance(node, dict) else [str(node)]


def test_the_words_are_sixth_grade_words() -> None:
    assert flesch_kincaid_grade(leaves(fixed_words()["en"])) <= 6.5
    assert fernandez_huerta(leaves(fixed_words()["es"])) >= 70


PROMISES = ("watching", "on the way", "on their way", "will call you", "is coming", "monitor", "vigila", "en camino")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_wording_promises_that_anybody_watches_or_comes(language: Language) -> None:
    for text in leaves(fixed_words()[language]):
        assert not [promise for promise in PROMISES if promise in text.casefold()], text
