"""Changing a playbook without touching its text: order, words, what is asked, and what is said about it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from intake.playbooks import editing, telling
from intake.playbooks.advising import advice_on, reading_of
from intake.playbooks.comparing import diff
from intake.playbooks.evaluating import questions_for, red_flags
from intake.playbooks.exporting import export
from intake.playbooks.model import Playbook
from intake.playbooks.reading import read_playbook, shipped
from intake.playbooks.using import in_use, never_asked
from tests.intake.playbooks.support import GOOD, as_json_text, playbook


def order(book: Playbook) -> list[str]:
    return [question.key for question in book.questions]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({"rents": 1, "home": 2, "since": 3}, ["rents", "home", "rent", "since"]),
        ({"rents": 1, "home": 1, "since": 3}, ["home", "rents", "rent", "since"]),
        ({"rents": 3, "home": 2, "since": 3}, ["home", "since", "rent", "rents"]),
        ({"rents": 1, "home": 2, "since": 1}, ["since", "rents", "rent", "home"]),
        ({"rents": 9999, "home": 2, "since": 3}, ["home", "since", "rent", "rents"]),
    ],
)
def test_a_question_goes_where_its_number_says(places: dict[str, int], expected: list[str]) -> None:
    assert order(editing.placed(playbook(), places)) == expected


def test_a_number_is_put_into_the_text_and_comments_stay() -> None:
    text = "# Ours\n" + GOOD.replace("version: 3", "version: 3  # three")
    assert editing.numbered(text, 1001) == text.replace("version: 3  # three", "version: 1001")
    assert editing.numbered("no playbook: [", 1001) == "no playbook: ["
    flow = as_json_text(GOOD)  # JSON is YAML too, and has no line of its own for the version as YAML writes it
    assert read_playbook(editing.numbered(flow, 1001), "x.yaml") == replace(playbook(), version=1001)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("Pay stubs", "pay_stubs"),
        ("¡Año nuevo!", "ano_nuevo"),
        ("2 letters", "item_2_letters"),
        ("租约", "item"),
        ("Taken", "taken_2"),
    ],
)
def test_short_names_are_made_of_words(words: str, key: str) -> None:
    assert editing.new_key(words, {"taken"}) == key


def test_what_is_off_is_not_asked_and_its_rules_never_apply() -> None:
    book = editing.asked(playbook(), "rents", need="required", switched_off=True)
    assert never_asked(book) == {"rents", "rent"}
    used = in_use(book)
    assert order(used) == ["home", "since"]
    assert [question.key for question in questions_for(used, {"home": "house"})] == ["home", "since"]
    assert red_flags(used, {"home": "house", "since": None})[0].key == "no_date"
    assert "switched_off: true" in export(book)
    assert read_playbook(export(book), "x.yaml") == book
    assert [str(change) for change in diff(playbook(), book)] == ["changed switched_off rents: false -> true"]
    assert in_use(playbook()) == playbook()


def test_a_follow_up_of_two_questions_is_asked_while_one_of_them_is() -> None:
    text = GOOD.replace(
        "    wording: {en: What home?", "    follow_ups: [{is: house, ask: [rent]}]\n    wording: {en: What home?"
    )
    book = editing.asked(playbook(text), "rents", need="required", switched_off=True)
    assert never_asked(book) == {"rents"}
    assert [one.key for one in questions_for(in_use(book), {"home": "house"})] == ["home", "rent", "since"]
    assert [one.key for one in questions_for(in_use(book), {"home": "flat"})] == ["home"]


@pytest.mark.parametrize("key", sorted(shipped()))
def test_nothing_stands_out_in_what_ships(key: str) -> None:
    assert advice_on(shipped()[key]) == ()
    reading = reading_of(shipped()[key])
    assert reading.english_is_plain
    assert reading.spanish_is_plain


def advised(text: str) -> list[tuple[str, str]]:
    return [(one.path, one.why) for one in advice_on(playbook(text)) if one.path != "questions"]


def test_each_kind_of_advice_names_its_place() -> None:
    hard = "Notwithstanding jurisdictional considerations has documentation substantiating habitation been obtained?"
    assert advised(GOOD) == []
    assert advised(GOOD.replace("How much?", "You will win this case.")) == [
        ("questions[2].wording.en", advised(GOOD.replace("How much?", "You will win this case."))[0][1])
    ]
    assert any("hard to read" in why for _, why in advised(GOOD.replace("Since when?", hard)))
    assert advised(GOOD.replace("¿Cuánto?", "How much do you pay for it?")) == [
        ("questions[2].wording.es", "This does not look like Spanish.")
    ]
    english = re.sub(r", es: (?:\[[^]]*\]|[^},]+)", "", GOOD.replace("[en, es]", "[en]"))
    assert "There is no Spanish" in advised(english)[0][1]
    assert reading_of(playbook(english)).ease is None


def test_dropping_a_question_that_leaves_a_client_to_a_person_is_told() -> None:
    housing = shipped()["housing"]
    for key in ("has_lawyer", "is_adult", "in_custody"):
        without = editing.asked(housing, key, need="required", switched_off=True)
        found = [one.text for one in advice_on(without) if "nobody at the firm has to decide" in one.why]
        assert found == [housing.question(key).wording["en"]]


def test_conditions_and_places_in_words() -> None:
    book = playbook()
    assert telling.when_asked(book.question("rent"), book) == 'right after "Do you rent?", when the answer is yes'
    assert telling.when_asked(book.question("since"), book) == 'when the answer to "What home?" is "A house"'
    assert telling.when_asked(book.question("home"), book) == ""
    assert telling.place_words("questions[2].wording.es", book) == 'Question "How much?": words (Spanish)'
    assert telling.place_words("documents[0].titles.en", book) == 'Paper "Lease": name (English)'
    assert telling.place_words("questions[99].type", book) == "questions[99].type"
    assert telling.place_words("list_codes[0]", book) == "areas"
    assert telling.place_words("", None) == "The whole text"
    for shipping in shipped().values():
        for question in shipping.questions:
            assert "Test(" not in telling.when_asked(question, shipping)


def test_differences_in_words() -> None:
    old = playbook()
    new = editing.placed(old, {"rents": 1, "home": 1})
    moved = [telling.change_words(change, old, new) for change in diff(old, new)]
    assert moved == [("question moved", '"What home?"', 'after "Do you rent?"', "first")]
    new = playbook(GOOD.replace("en: How much?", "en: How much is it?").replace("at_least: 1000", "at_least: 900"))
    said = [telling.change_words(change, old, new) for change in diff(old, new)]
    assert said[0] == ("wording changed", '"How much is it?" (English)', "How much?", "How much is it?")
    assert all(isinstance(word, str) for change in said for word in change)
