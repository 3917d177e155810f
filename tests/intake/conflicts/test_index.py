"""The firm's index: who is found, what the roles make of it, and what stands in the database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from intake.conflicts import index
from intake.conflicts.comparing import Name
from intake.conflicts.entries import new_entry, reindex
from intake.conflicts.index import search
from intake.models import ConflictCheck, ConflictEntry, ConflictRules, Party, Turn
from tenants.context import FirmRef, firm_scope
from tests.intake.talk import begin, say, stage, start


def add(name: str, role: str, kind: Any = "unknown", **more: Any) -> ConflictEntry:
    entry = new_entry(Name(name, kind, **more), role)
    entry.save(force_insert=True)
    return entry


def hits(name: str, side: Any = "unknown", **more: Any) -> list[str]:
    return [match.name for match in search(Name(name, **more), side).hits]


@pytest.mark.parametrize(
    ("role", "as_client", "as_other_side"),
    [
        ("client", False, True), ("former_client", False, True), ("prospect", False, True), ("adverse", True, False),
        ("related", False, False), ("institution", False, False),
    ],
)  # fmt: skip
def test_the_role_decides_whether_a_match_stops(role: str, as_client: bool, as_other_side: bool) -> None:
    add("Szczepanik, Zbigniew", role, "person")
    for side, expected in (("client", as_client), ("other_side", as_other_side), ("related", False)):
        found = search(Name("Zbigniew Szczepanik"), side)  # type: ignore[arg-type]
        assert bool(found.hits) == expected
        assert [match.name for match in found.matches] == ["Szczepanik, Zbigniew"], "a note at least"
        assert found.matches[0].role == role


def test_what_is_only_alike_is_found_and_a_stranger_is_not() -> None:
    add("Katherine Vandermeer", "adverse", "person", aliases=("Vandermeer Bakery LLC",))
    add("Globex International", "client", "organisation")
    assert hits("kathy van der meer", "client") == ["Katherine Vandermeer"]
    assert hits("Vandermeer Bakery", "client") == ["Katherine Vandermeer"]
    assert hits("Globix Intl", "other_side") == ["Globex International"]
    assert not search(Name("Rosalind Okafor")).matches


def test_an_institution_that_the_firm_marked_stops_nobody_but_its_client() -> None:
    add("Wells Fargo Bank, N.A.", "institution", "organisation")
    add("Wells Fargo", "adverse", "organisation")
    assert not hits("Wells Fargo Bank", "client")
    add("Wells Fargo", "client", "organisation")
    assert hits("Wells Fargo Bank", "other_side") == ["Wells Fargo"]


def test_a_common_name_alone_stops_nobody_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    add("Maria Garcia", "adverse", "person", birth_year=1961)
    assert hits("María García", "client"), "among a few the name says much"
    monkeypatch.setattr(index, "size_of_index", lambda: 100_000)
    found = search(Name("María García"), "client")
    assert not found.hits
    assert found.needs_detail
    assert "too common" in " ".join(found.matches[0].reasons)
    assert hits("María García", "client", birth_year=1961), "a detail that agrees"
    assert not hits("María García", "client", birth_year=1990)


def test_a_firm_has_its_own_thresholds() -> None:
    add("Acme Holdings", "client", "organisation")
    assert hits("Acme Logistics LLC", "other_side")
    ConflictRules.objects.create(thresholds={"hit": 0.9, "nonsense": 1})
    assert not hits("Acme Logistics LLC", "other_side")
    assert search(Name("Acme Logistics LLC"), "other_side").matches, "still told to staff"


def test_a_conversation_stops_at_a_name_that_is_only_alike() -> None:
    begin("Katherine Vandermeer", "Somebody Else", "Hello.")
    intake = begin("Maria Silva", "Kathy van der Meer")
    assert stage(intake) == "conflict_hold"
    check = ConflictCheck.objects.get(intake=intake, result="hit")
    party = Party.objects.exclude(intake=intake).get(role="client")
    assert check.matches == [str(party.id)]
    assert check.findings[0]["name"] == "Katherine Vandermeer"
    assert check.findings[0]["reasons"]


def test_an_imported_party_stops_a_conversation() -> None:
    entry = add("Initech Corporation", "client", "organisation")
    intake = begin("Maria Silva", "Initek Corp")
    assert stage(intake) == "conflict_hold"
    assert ConflictCheck.objects.get(intake=intake, result="hit").matches == [str(entry.id)]


def test_the_same_opponent_again_is_a_note() -> None:
    begin("Pat Jones", "Globex Inc", "Hello.")
    intake = begin("Maria Silva", "Globex Holdings")
    assert stage(intake) == "story"
    findings = ConflictCheck.objects.get(intake=intake).findings
    assert [(one["name"], one["hit"]) for one in findings] == [("Globex Inc", False)]


def test_a_name_that_was_corrected_away_is_not_found() -> None:
    intake = begin("Katherine Vandermeer", "Somebody", "Hello.")
    turn = Turn.objects.get(intake=intake, role="client", question="name")
    say(intake, "Rosalind Okafor", supersedes=turn.number)
    assert not hits("Kathy Vandermeer", "other_side")
    assert hits("Rosalind Okafor", "other_side")


def test_whoever_is_named_is_in_the_index_at_once() -> None:
    say(start(), "Katherine Vandermeer")
    assert hits("Kathy Vandermeer", "other_side") == ["Katherine Vandermeer"]


def test_reindexing_brings_back_what_is_missing_and_renews_what_is_old() -> None:
    begin("Katherine Vandermeer", "Initech", "Hello.")
    old = add("Zbigniew Szczepanik", "client", "person")
    ConflictEntry.objects.filter(party__role="client").delete()
    ConflictEntry.objects.filter(pk=old.pk).update(keys=[1], rules=0)
    assert not [*hits("Kathy Vandermeer"), *hits("Zbigniew Szczepanik")]
    assert reindex() == 2
    assert len([*hits("Kathy Vandermeer"), *hits("Zbigniew Szczepanik")]) == 2
    assert reindex() == 0


def test_firms_share_neither_names_nor_keys(other_firm: FirmRef) -> None:
    from intake.conflicts.entries import hashed

    add("Globex", "client")
    here = hashed(["k"])
    with firm_scope(other_firm):
        assert hashed(["k"]) != here
        assert not search(Name("Globex")).matches


def test_no_word_of_a_name_stands_in_the_index() -> None:
    add("Quetzalina Brobdingnag", "client", "person", aliases=("Xerxopolis LLC",), city="Zygomorphia")
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text, e.record_ct FROM intake_conflictentry e")
        dumped = json.dumps([str(value) + bytes(blob).decode("latin-1") for value, blob in cursor.fetchall()]).lower()
    assert not [word for word in ("quetzalina", "brobdingnag", "xerxopolis", "zygomorphia") if word in dumped]


def test_the_command_searches_the_firm_that_was_named(firm: FirmRef) -> None:
    from pathlib import Path

    from jsonschema import Draft202012Validator

    from intake.conflicts.firm_search import searcher
    from intake.conflicts.lines import answered
    from tenants.context import public_scope

    add("Katherine Vandermeer", "adverse", "person")
    schema = json.loads((Path(__file__).parents[3] / "schemas" / "conflicts.try.v1.json").read_text())
    lines = [
        '{"id": "q", "a": {"name": "Kathy Vandermeer"}, "side": "client"}',
        "Rosalind Okafor",
        '{"a": "x", "side": "left"}',
    ]
    with public_scope():
        found, none, wrong = answered(lines, searcher(firm.schema))
        (unknown,) = answered(lines[:1], searcher("no-such-firm"))
    for one in (found, none, wrong, unknown):
        Draft202012Validator(schema).validate(one)
    assert (found["id"], found["hit"], found["matches"][0]["role"]) == ("q", True, "adverse")
    assert (none["hit"], none["matches"], none["score"]) == (False, [], 0)
    assert (wrong["error"]["code"], unknown["error"]["code"]) == ("bad_line", "unknown_firm")
