"""A diff says what people would notice, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from intake.playbooks.comparing import Change, diff, normal
from intake.playbooks.model import AllOf, AnyOf, Not, Playbook, Test
from tests.intake.playbooks.support import GOOD, playbook, playbooks


def changes(old: str, new: str) -> list[str]:
    assert old in GOOD
    return list(map(str, diff(playbook(), playbook(GOOD.replace(old, new, 1)))))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 3", "version: 4", []),
        ("en: How much?", "en: How much is it?", ['changed wording rent (en): "How much?" -> "How much is it?"']),
        ("need: strengthens", "need: required", ['changed need rent: "strengthens" -> "required"']),
        (
            "{question: home, is: house}",
            "{question: home, is: flat}",
            ['changed condition since: {"question": "home", "is": "house"} -> {"question": "home", "is": "flat"}'],
        ),
        ("{question: home, is: house}", "{question: home, in: [house]}", []),
        ("{question: home, is: house}", "{all: [{question: home, is: house}]}", []),
        ("{question: home, is: house}", "{not: {not: {question: home, is: house}}}", []),
        ('      - is: "yes"\n', '      - is: "no"\n', [
            'removed follow-up rents {"is": "yes"}: ["rent"]',
            'added follow-up rents {"is": "no"}: ["rent"]',
        ]),
        ("en: A flat", "en: An apartment", ['changed choice label home flat (en): "A flat" -> "An apartment"']),
        ("[bungalow]", "[villa]", ['changed synonyms home house (en): ["bungalow"] -> ["villa"]']),
        ("points: 10", "points: 20", ['changed points if {"question": "rent", "at_least": 1000}: 10 -> 20']),
        ("level: attention", "level: urgent", ['changed red flag level no_date: "attention" -> "urgent"']),
        ("en: Lease", "en: Your lease", ['changed document words lease (en): "Lease" -> "Your lease"']),
        ("HO-02", "HO-05", ['removed LIST code: "HO-02-00-00-00"', 'added LIST code: "HO-05-00-00-00"']),
        ("type: date", "type: date_interval", ['changed type since: "date" -> "date_interval"']),
        ("es: Chico", "es: Breve", ['changed title (es): "Chico" -> "Breve"']),
    ],
)  # fmt: skip
def test_each_change_has_its_words(old: str, new: str, said: list[str]) -> None:
    assert changes(old, new) == said


def test_added_removed_and_moved_questions() -> None:
    book = playbook()
    rents, home, rent, since = book.questions
    fewer = replace(book, questions=(rents, home, rent), red_flags=())
    assert [(c.kind, c.what, c.where) for c in diff(book, fewer)] == [
        ("removed", "question", "since"), ("removed", "red flag", "no_date"),
    ]  # fmt: skip
    assert [(c.kind, c.what, c.where) for c in diff(fewer, book)] == [
        ("added", "question", "since"), ("added", "red flag", "no_date"),
    ]  # fmt: skip
    assert diff(book, replace(book, questions=(since, rents, home, rent))) == (
        Change("moved", "question", "since", old="rent", new=None),
    )


def test_two_rules_on_one_condition_are_both_compared() -> None:
    book = playbook()
    rule = book.scoring[0]
    double = replace(book, scoring=(rule, replace(rule, points=5)))
    assert [c.kind for c in diff(book, double)] == ["added"]
    assert diff(double, double) == ()


def test_conditions_that_mean_the_same_are_equal() -> None:
    a, b = Test("a", "is", "yes"), Test("b", "known", True)
    assert normal(AllOf((a, b))) == normal(AllOf((b, AllOf((a,)), a)))
    assert normal(AnyOf((a, b))) != normal(AllOf((a, b)))
    assert normal(Not(a)) != normal(a)
    assert normal(Test("a", "in", ("x", "y"))) == normal(Test("a", "in", ("y", "x", "x")))


@settings(max_examples=50, deadline=None)
@given(playbooks(), playbooks())
def test_nothing_changed_in_what_is_equal_and_all_is_json(one: Playbook, other: Playbook) -> None:
    assert diff(one, one) == ()
    found = diff(one, other)
    json.dumps([change.as_json() for change in found])
    assert len(diff(other, one)) == len(found) or any(change.kind == "moved" for change in found)
    for change in found:
        str(change)
