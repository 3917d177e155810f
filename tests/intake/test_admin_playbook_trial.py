"""A playbook tried out in the admin: as a client would meet it, with nothing kept of it."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from intake.models import AuditEvent, ConflictEntry, Intake, InterviewEvent, Party, SafetyAlert, Turn
from tests.intake.playbooks.firm import OLD
from tests.intake.test_admin import staff
from tests.intake.test_admin_playbooks import PAGE, html, to_story


@pytest.fixture
def client() -> Client:
    return staff("attorney")


def stored() -> list[int]:
    models = (Intake, Turn, Party, ConflictEntry, InterviewEvent, SafetyAlert, AuditEvent)
    return [model.objects.count() for model in models]


def test_a_trial_stores_nothing_and_indexes_nobody(client: Client) -> None:
    before = stored()
    address = f"{PAGE}try/"
    page = html(client.get(address))
    assert "What state is the home in?" in page
    sent = {"version": "now", "inputs": json.dumps(to_story()), "at": "2026-05-01T12:00:00+00:00"}
    page = html(client.post(address, {**sent, "say": "I want to kill myself tonight."}))
    assert "Staff would be told at once (danger now): self harm." in page
    assert "988" in page
    assert "Here the names are matched" in page
    page = html(client.post(address, {**sent, "done": "1"}))
    assert OLD in page
    assert "Ann Example" in page
    page = html(client.post(address, {**sent, "hit": "yes"}))
    assert "a possible conflict is found" in page
    assert "The questions stop here." in page
    assert stored() == before


def test_a_trial_in_spanish(client: Client) -> None:
    page = html(client.get(f"{PAGE}try/?locale=es"))
    assert "¿En qué estado está la vivienda?" in page
    assert "Prefiero no decirlo" in page


def test_a_trial_begins_at_the_beginning_and_can_be_undone(client: Client) -> None:
    address = f"{PAGE}try/"
    page = html(client.get(f"{address}?skip=no"))
    assert "What is your full name?" in page
    inputs = [["say", "Ann Example"], ["choose", "nonsense"]]
    page = html(client.post(address, {"version": "now", "skip": "no", "inputs": json.dumps(inputs)}))
    assert "This is not possible at this point." in page
    page = html(client.post(address, {"version": "now", "inputs": json.dumps(inputs), "undo": "1"}))
    assert "This is not possible" not in page
    assert "Thank you, Ann Example." in page


@pytest.mark.parametrize(
    "inputs",
    ["{", "[[1, 2]]", '{"a": 1}', '[["fly", "x"]]', json.dumps([["say", "x " * 3000]] * 3), "[" * 5000],
    ids=["broken", "numbers", "mapping", "unknown", "long", "deep"],
)
def test_a_trial_takes_nothing_that_it_did_not_write(client: Client, inputs: str) -> None:
    assert client.post(f"{PAGE}try/", {"version": "now", "skip": "no", "inputs": inputs, "at": "x"}).status_code == 200


def test_a_trial_ends_somewhere(client: Client) -> None:
    inputs = json.dumps([["say", "what?"]] * 130)
    assert "A trial ends here" in html(client.post(f"{PAGE}try/", {"version": "now", "inputs": inputs}))
