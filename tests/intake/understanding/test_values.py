"""One behaviour of each reader a line; the labelled set holds the many ways to say it."""

from typing import Any

import pytest

from intake.understanding import Question, understand
from tests.intake.understanding.asked import TODAY, fact, nothing, value


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("my name is jane smyth s m y t h", "en", "Jane Smyth"),
        ("no, Smith with a y", "en", "Smyth"),
        ("john smith no wait smyth with a y", "en", "John Smyth"),
        ("karla con k montes", "es", "Karla Montes"),
        ("soy guadalupe de la cruz", "es", "Guadalupe de la Cruz"),
        ("juan carlos pérez lópez", "es", "Juan Carlos Pérez López"),
        ("mister terry mcdonald", "en", "Terry McDonald"),
        ("Smith, John", "en", "John Smith"),
        ("last name obrien first name siobhan", "en", "Siobhan O'Brien"),
        ("s as in sam m as in mary y t h", "en", "Smyth"),
    ],
)
def test_a_name(text: str, language: Any, expected: str) -> None:
    assert value("name", text, language) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("two one two five five five oh one four two", "en", "+12125550142"),
        ("nine one seven triple five zero one double six", "en", "+19175550166"),
        ("four one five five five five two six seven one no wait two six seven two", "en", "+14155552672"),
        ("tres cero cinco quinientos cincuenta y cinco cero uno cuarenta y dos", "es", "+13055550142"),
        ("(650) 555-0100 ext. 12", "en", "+16505550100"),
        ("+52 55 1234 5678", "en", "+525512345678"),
        ("for one five five five five two six seven won", "en", "+14155552671"),
    ],
)
def test_a_phone_number(text: str, language: Any, expected: str) -> None:
    assert value("phone", text, language) == expected


def test_a_phone_number_without_an_area_code_is_asked_for_again() -> None:
    assert nothing("phone", "five five five oh one four two")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("jane dot doe at gmail dot com", "en", "jane.doe@gmail.com"),
        ("you can write to me at m whitfield seventy four at yahoo dot com", "en", "mwhitfield74@yahoo.com"),
        ("lupita guión bajo 77 arroba hotmail punto com punto mx", "es", "lupita_77@hotmail.com.mx"),
        ("Jane.Doe+intake@Example.ORG.", "en", "jane.doe+intake@example.org"),
        ("bob at aol dot com no wait bob dot hayes at gmail dot com", "en", "bob.hayes@gmail.com"),
    ],
)
def test_an_email(text: str, language: Any, expected: str) -> None:
    assert value("email", text, language) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("march fourth nineteen eighty four", "en", "1984-03-04"),
        ("3/4/2020", "en", "2020-03-04"),
        ("3/4/2020", "es", "2020-04-03"),
        ("el cuatro de marzo de mil novecientos ochenta y cuatro", "es", "1984-03-04"),
        ("three weeks ago", "en", "2026-11-06"),
        ("hace tres semanas", "es", "2026-11-06"),
        ("last tuesday", "en", "2026-11-24"),
        ("around last Easter", "en", "2026-03-29/2026-04-12"),
        ("a mediados de julio de 2024", "es", "2024-07-11/2024-07-20"),
        ("may 5 2024 i mean may 6 2024", "en", "2024-05-06"),
        ("february 30th 2024 no february 28th 2024", "en", "2024-02-28"),
    ],
)
def test_a_date(text: str, language: Any, expected: str) -> None:
    assert value("date", text, language) == expected


def test_a_date_that_lies_ahead_by_the_question() -> None:
    assert value("date", "december third", question="When is the hearing?") == "2026-12-03"
    assert value("date", "december third", question="When did it happen?") == "2025-12-03"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("from march to june 2019", "en", "2019-03-01/2019-06-30"),
        ("since January", "en", "2026-01-01/2026-11-27"),
        ("on July 4th 2022", "en", "2022-07-04/2022-07-04"),
        ("between Thanksgiving and Christmas of 2023", "en", "2023-11-23/2023-12-25"),
        ("del 3 al 10 de marzo de 2024", "es", "2024-03-03/2024-03-10"),
        ("los últimos tres meses", "es", "2026-08-27/2026-11-27"),
    ],
)
def test_an_interval(text: str, language: Any, expected: str) -> None:
    assert value("date_interval", text, language) == expected


@pytest.mark.parametrize(
    ("kind", "text", "language", "expected"),
    [
        ("money", "twelve hundred a month", "en", 1200),
        ("money", "two to three thousand", "en", [2000, 3000]),
        ("money", "eighteen dollars and seventy five cents", "en", 18.75),
        ("money", "entre dos mil y dos mil quinientos dólares", "es", [2000, 2500]),
        ("money", "un millón y medio", "es", 1_500_000),
        ("money", "it's 1,400 not 1,200", "en", 1400),
        ("count", "two boys and a girl", "en", 3),
        ("count", "tres o cuatro", "es", [3, 4]),
        ("count", "somos once", "es", 11),
        ("count", "none", "en", 0),
        ("count", "one, no wait, two", "en", 2),
        ("state", "it happened in ohio but i live in kentucky now", "en", "KY"),
        ("state", "carolina del norte", "es", "NC"),
        ("state", "oregon i mean washington", "en", "WA"),
        ("organisation", "i worked for blue ridge logistics for six years", "en", "Blue Ridge Logistics"),
        ("organisation", "trabajo con jardines hernández llc", "es", "Jardines Hernández LLC"),
    ],
)
def test_an_amount_a_place_a_firm(kind: str, text: str, language: Any, expected: Any) -> None:
    assert value(kind, text, language) == expected


def test_an_address_in_parts() -> None:
    said = "seven forty two evergreen terrace apartment four b springfield illinois six two seven oh four"
    assert value("address", said) == {
        "street": "742 Evergreen Terrace",
        "unit": "Apt 4B",
        "city": "Springfield",
        "state": "IL",
        "zip": "62704",
    }


@pytest.mark.parametrize(
    ("text", "language", "expected", "state"),
    [
        ("yes", "en", "yes", "stated"),
        ("i don't think so", "en", "no", "inferred"),
        ("it's not that i don't want to", "en", "yes", "inferred"),
        ("no es que no quiera", "es", "yes", "inferred"),
        ("creo que sí", "es", "yes", "inferred"),
        ("yeah no", "en", "no", "stated"),
        ("maybe", "en", None, "unknown"),
        ("no, yes, actually yes they did", "en", "yes", "stated"),
    ],
)
def test_yes_or_no(text: str, language: Any, expected: str | None, state: str) -> None:
    found = fact("yes_no", text, language)
    assert (found.value, found.state) == (expected, state)


HOME = ("Rent", "Own", "Live with family")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the second one", "Own"),
        ("option c", "Live with family"),
        ("own", "Own"),
        ("i pay rent to a landlord", "Rent"),
        ("we are at my moms house", "Live with family"),
        ("not the first one, the second", "Own"),
    ],
)
def test_a_choice(text: str, expected: str) -> None:
    assert value("choice", text, choices=HOME) == expected


def test_no_choice_is_guessed() -> None:
    assert nothing("choice", "the weather is nice", choices=HOME)


@pytest.mark.parametrize(
    "kind", ["name", "phone", "email", "date", "money", "count", "state", "address", "organisation"]
)
@pytest.mark.parametrize(
    ("text", "language", "state"),
    [
        ("i don't know", "en", "unknown"),
        ("no me acuerdo", "es", "unknown"),
        ("i'd rather not say", "en", "refused"),
        ("prefiero no decirlo", "es", "refused"),
        ("i'm not giving you that", "en", "refused"),
    ],
)
def test_not_known_and_not_told(kind: str, text: str, language: Any, state: str) -> None:
    found = fact(kind, text, language)
    assert (found.value, found.state) == (None, state)


def test_a_guess_after_not_knowing_is_inferred() -> None:
    found = fact("date", "i don't remember exactly but it was in march of 2022")
    assert (found.value, found.state) == ("2022-03-01/2022-03-31", "inferred")


def test_several_facts_in_one_breath() -> None:
    said = "my name is tasha monroe my number is four oh four five five five oh one two two and i live in georgia"
    reading = understand(said, question=None, language="en", today=TODAY)
    assert {(f.key, f.value) for f in reading.facts} == {
        ("name", "Tasha Monroe"),
        ("phone", "+14045550122"),
        ("state", "GA"),
    }
    for found in reading.facts:
        assert said[found.start : found.end].strip()


def test_more_than_was_asked_fills_other_facts() -> None:
    said = "i'm daniel reyes, dreyes@gmail.com, 210-555-0134"
    reading = understand(said, question=Question("name"), language="en", today=TODAY)
    assert [f.key for f in reading.facts] == ["name", "email", "phone"]


def test_the_span_is_the_words_it_came_from() -> None:
    said = "well um it was on march fourth twenty twenty i think"
    found = fact("date", said)
    assert said[found.start : found.end] == "march fourth twenty twenty"


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("can i talk to a real person", "human"),
        ("are you a lawyer", "lawyer?"),
        ("do i have a case", "advice"),
        ("puede repetir la pregunta", "repeat"),
        ("habla español", "language"),
        ("that's all", "done"),
    ],
)
def test_wishes(text: str, wish: str) -> None:
    assert wish in understand(text, question=None, language="en", today=TODAY).asks


def test_a_correction_is_known_as_one() -> None:
    read = understand("no, Smith with a y", question=Question("name"), language="en", today=TODAY)
    assert read.is_correction
    for said, kind in (("Smith", "name"), ("i'd rather not say", "name"), ("no i didn't", "yes_no")):
        assert not understand(said, question=Question(kind), language="en", today=TODAY).is_correction


def test_a_question_of_its_own_key() -> None:
    read = understand("texas", question=Question("state", key="home_state"), language="en", today=TODAY)
    assert [(f.key, f.value) for f in read.facts] == [("home_state", "TX")]
