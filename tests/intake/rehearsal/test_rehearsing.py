"""A rehearsal leaves nothing behind; personas answer what is asked, in whatever order; files that are wrong say so."""

from __future__ import annotations

import io
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from intake.models import (
    AuditEvent,
    ConflictEntry,
    Consent,
    Fact,
    Intake,
    InterviewEvent,
    Party,
    SafetyAlert,
    Turn,
)
from intake.rehearsal.answering import Mind
from intake.rehearsal.expected import is_right
from intake.rehearsal.holding import hold
from intake.rehearsal.personas import PersonaError, personas, read
from intake.rehearsal.scoring import scored
from tenants.context import firm_scope
from tenants.redis import broker_redis, cache_redis, journal_redis

KEPT = (Intake, Turn, Fact, Party, ConflictEntry, Consent, InterviewEvent, SafetyAlert, AuditEvent)


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in KEPT}


def test_nothing_of_it_stays(live_firms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr("intake.signalling._send", lambda *given: started.append(given))
    with firm_scope(live_firms[0]):
        before = counts(), [sorted(each().keys("*")) for each in (broker_redis, cache_redis, journal_redis)]
        for key in ("becca", "carl", "kyle"):
            found = hold(personas()[key])
            assert found.stage == personas()[key].ends
            assert found.lines
        after = counts(), [sorted(each().keys("*")) for each in (broker_redis, cache_redis, journal_redis)]
    assert after == before
    assert not started, "what is to happen on commit never happens"


def test_nothing_stays_of_one_that_breaks(live_firms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.rehearsal.holding._read", lambda *_: 1 / 0)
    with firm_scope(live_firms[0]):
        with pytest.raises(ZeroDivisionError):
            hold(personas()["kyle"])
        assert not any(counts().values())
        assert transaction.get_connection().in_atomic_block is False


def run(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("rehearse", *arguments, stdout=out, **options)
    return out.getvalue()


def test_the_command_prints_the_conversation_and_what_was_understood(live_firms: Any) -> None:
    from tenants.context import public_scope

    with public_scope():
        said = run(live_firms[0].schema, persona=["rosa"])
        assert "rosa: he changed the locks on my apt" in said
        assert "What is your full name?" in said
        assert (
            "name        Rosa Delgado" in " ".join(said.split("fact")[1:]).replace("  ", "  ") or "Rosa Delgado" in said
        )
        assert "ended at sent, as it should" in said
        assert "1 of 1 ended where they should" in said
        found = json.loads(run(live_firms[0].schema, persona=["rosa"], json=True))
    assert found[0]["stage"] == "sent"
    assert {"key": "state", "expected": "TX", "value": "TX", "state": "stated", "right": True} in found[0]["facts"]


def test_the_command_lists_people_and_says_what_is_wrong(public: None) -> None:
    assert "harold" in run(list=True)
    listed = {one["key"] for one in json.loads(run(list=True, json=True))}
    assert listed == set(personas()), "who is held back is not shown"
    for arguments, options, says in (
        ((), {}, "say which firm"),
        (("harbor.localhost",), {"persona": ["nobody"]}, "there is no persona nobody"),
        (("nowhere.localhost",), {}, "nowhere.localhost"),
    ):
        with pytest.raises(CommandError, match=says) as raised:
            run(*arguments, **options)
        assert raised.value.returncode == 2


def test_it_ends_with_an_error_when_somebody_ends_elsewhere(public: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    wrong = {"kyle": replace(personas()["kyle"], ends="sent")}
    monkeypatch.setattr("intake.rehearsal.personas.personas", lambda: wrong)
    with pytest.raises(CommandError, match="1 of 1 did not get where they should") as raised:
        run("harbor.localhost")
    assert raised.value.returncode == 1


# -- people


def person(text: str, tmp_path: Path) -> Any:
    path = tmp_path / "p.yaml"
    path.write_text(textwrap.dedent(text))
    return read(path)


ANN = """
    about: somebody
    locale: en
    zone: UTC
    ends: sent
    facts: {married: yes, state: TX, kind: b, count: 3}
    says: {state: [texas, TEXAS], name: Ann}
    asides: [{at: state, say: are you a lawyer}]
    corrections: [{after: state, say: "no, Utah"}]
    yes: [yep, yeah]
    story: [one, two]
"""


def asked(key: str, kind: str = "text", *codes: str) -> dict[str, Any]:
    return {"key": key, "kind": kind, "choices": [{"code": code, "label": code} for code in codes]}


def test_a_persona_answers_what_is_asked(tmp_path: Path) -> None:
    mind = Mind(person(ANN, tmp_path))
    assert mind.next("basics", asked("married", "yes_no", "yes", "no")).what == "yep"
    assert mind.next("basics", asked("state", "state")).what == "are you a lawyer"
    assert mind.next("basics", asked("state", "state")).what == "texas"
    assert mind.next("basics", asked("kind", "choice", "a", "b")).what == "no, Utah"
    assert mind.next("basics", asked("kind", "choice", "a", "b")).do == "press"
    assert mind.next("basics", asked("state", "state")).what == "TEXAS"
    assert mind.next("basics", asked("count", "count")).what == "3"
    unknown = mind.next("basics", asked("weather", "text"))
    assert (unknown.what, unknown.answers) == ("I don't know", True)
    assert [mind.next("story", asked("story", "story")).what for _ in range(3)] == ["one", "two", ""]
    assert mind.next("safety_pause", None).what == "@go_on"
    assert mind.next("review", None).do == "send"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("locale: en", "locale: fr"),
        ("about: somebody", "abut: somebody"),
        ("ends: sent", ""),
        ("yes: [yep, yeah]", "yes: [yep"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(change: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(PersonaError, match=r"p\.yaml"):
        person(ANN.replace(change, says), tmp_path)


@pytest.mark.parametrize(
    ("expected", "value", "state", "right"),
    [
        ("Ann Lee", "ann lee", "stated", True),
        ("Ann Lee", "Ann", "stated", False),
        ({"state": "refused"}, None, "refused", True),
        ({"state": "refused"}, None, "unknown", False),
        ({"has": "empac"}, "empacando fruta", "stated", True),
        ({"has": "neck"}, "my back", "stated", False),
        ({"about": [180, 200]}, 190, "stated", True),
        ({"about": [180, 200]}, [150, 190], "stated", False),
        ({"about": ["2026-09-01", "2026-10-31"]}, "2026-10-01/2026-10-31", "stated", True),
        (850, 850, "stated", True),
        (850, [850, 850], "stated", True),
        (["HO-02", "HO"], "HO-00-00-00-00", "stated", True),
        ("TX", None, "missing", False),
    ],
)
def test_facts_are_compared_by_what_they_mean(expected: Any, value: Any, state: str, right: bool) -> None:
    assert is_right(expected, value, state) is right


def test_what_nobody_said_is_counted() -> None:
    from intake.rehearsal.holding import Rehearsal, Understood

    held = Rehearsal(personas()["kyle"], stage="person_decides", facts={"amount": Understood(5, "inferred")})
    assert scored(held).made_up == ["amount"]
