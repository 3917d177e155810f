"""Answers as a recogniser writes them: another word for the one that was said, one lost, one too many."""

from __future__ import annotations

from typing import Any

import pytest

from intake.language.guess import Language
from tests.intake.understanding.asked import nothing, value


@pytest.mark.parametrize(
    ("kind", "text", "language", "expected"),
    [
        ("date", "the twenty third oh september two thousand eighteen", "en", "2018-09-23"),
        ("date", "on july fort twenty twenty two", "en", "2022-07-04"),
        ("date", "el renta y uno de diciembre del año pasado", "es", "2025-12-31"),
        ("date", "el nieve de enero de dos mil veinte", "es", "2020-01-09"),
        ("date", "el primero de la enero de dos mil que veinte", "es", "2020-01-01"),
        ("date_interval", "entre dos mil dieciocho y dos mil veinte", "es", "2018-01-01/2020-12-31"),
        ("date_interval", "from march so to june twenty nineteen", "en", "2019-03-01/2019-06-30"),
        ("money", "i pay nine hunted fifty in rent", "en", 950),
        ("money", "tres cuatrocientos doce dólares", "es", 3412),
        ("state", "dakota del este sur", "es", "SD"),
        ("state", "n dot y", "en", "NY"),
        (
            "email",
            "lupita pues guión bajo setenta y siete arroba hotmail este punto com",
            "es",
            "lupita_77@hotmail.com",
        ),
        ("email", "elvira arroba live punto com mx", "es", "elvira@live.com.mx"),
        ("organisation", "j dot b hunt", "en", "JB Hunt"),
        ("organisation", "it's a nursing home golden oaks care center", "en", "Golden Oaks Care Center"),
        ("organisation", "the bank uh of the west", "en", "Bank of the West"),
        ("name", "my lame is jane porter", "en", "Jane Porter"),
    ],
)
def test_a_misheard_word_is_put_right_by_what_stands_beside_it(
    kind: str, text: str, language: Language, expected: Any
) -> None:
    assert value(kind, text, language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "ten dock street suite four portland me zero four one zero one",
            {"street": "10 Dock Street", "unit": "Suite 4", "city": "Portland", "state": "ME", "zip": "04101"},
        ),
        (
            "nine oh four cherry street in knoxville tennessee three seven line oh two",
            {"street": "904 Cherry Street", "city": "Knoxville", "state": "TN", "zip": "37902"},
        ),
        (
            "six a oh five south fork trail boise idaho",
            {"street": "605 South Fork Trail", "city": "Boise", "state": "ID"},
        ),
    ],
)
def test_an_address_as_it_is_heard(text: str, expected: dict[str, str]) -> None:
    assert value("address", text) == expected


@pytest.mark.parametrize("text", ["they owe me 2400 dollars", "the insurance offered me eight thousand"])
@pytest.mark.parametrize("kind", ["state", "address"])
def test_me_before_a_sum_is_no_state(kind: str, text: str) -> None:
    assert nothing(kind, text)


def test_a_number_that_is_none_in_north_america_is_not_made_up() -> None:
    assert value("phone", "it ends in 0181 the rest is 412 555") == "+14125550181"
    assert nothing("phone", "two thousand six hundred seventy two")


@pytest.mark.parametrize(
    ("question", "text", "language", "expected"),
    [
        ("Is any rent or house payment unpaid right now?", "two months behind", "en", "yes"),
        ("Is any rent or house payment unpaid right now?", "paid up through december", "en", "no"),
        ("Can you get into your home today?", "he changed the locks", "en", "no"),
        ("Does this person have a gun or other weapon?", "he keeps a pistol in the truck", "en", "yes"),
        ("¿Es seguro llamarle?", "mejor mensaje", "es", "no"),
        ("¿Todavía trabaja ahí?", "ahí sigo, ni modo", "es", "yes"),
    ],
)
def test_what_is_told_answers_the_playbooks_questions(
    question: str, text: str, language: Language, expected: str
) -> None:
    assert value("yes_no", text, language, question=question) == expected


@pytest.mark.parametrize(
    ("kind", "text", "language", "expected"),
    [
        ("date", "it was january, the sixth. no wait the ninth", "en", "2026-01-09"),
        ("money", "a veces dos mil, a veces dos mil cuatrocientos", "es", [2000, 2400]),
        ("money", "they said three hundred but I only owe two hundred", "en", 200),
        ("organisation", "it says Pinecrest Logistics LLC on the check", "en", "Pinecrest Logistics LLC"),
        ("name", "My name's Mikayla, wait I'll spell it, M I K A Y L A, Swope", "en", "Mikayla Swope"),
        ("name", "Rhys Cadwallader. people always go with R E E C E", "en", "Rhys Cadwallader"),
        ("name", "Soy Alan Brito, y no es broma", "es", "Alan Brito"),
    ],
)
def test_what_was_taken_back_or_told_aside(kind: str, text: str, language: Language, expected: Any) -> None:
    assert value(kind, text, language) == expected
