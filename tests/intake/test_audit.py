"""Chains without gaps, and what a tampering hand leaves behind."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections, transaction

from intake import audit, services
from intake.models import FIRM_CHAIN, AuditEvent, Intake
from tenants.context import firm_scope
from tests.intake.talk import begin


def conversation() -> Intake:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.", first_form=True)
    services.finish_story(intake_id=intake.id)
    services.send_intake(intake_id=intake.id)
    audit.record(action="user.added", chain=None, target_type="user", target_id="1", actor=audit.SYSTEM, data={})
    return intake


def problems() -> dict[UUID, str]:
    return {one.chain: one.problem for one in audit.verify() if not one.holds}


def tamper(sql: str, *params: Any) -> None:
    """As somebody who owns the database would: without the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE intake_auditevent DISABLE TRIGGER USER")
        cursor.execute(sql, params)
        assert cursor.rowcount > 0
        cursor.execute("ALTER TABLE intake_auditevent ENABLE TRIGGER USER")


def test_every_act_is_in_the_chain_and_the_chain_holds() -> None:
    intake = conversation()
    events = list(AuditEvent.objects.filter(chain=intake.id))
    assert [event.sequence for event in events] == list(range(1, 7))
    assert [event.action for event in events] == [
        "intake.started", "turn.added", "turn.added", "turn.added", "intake.finished", "intake.sent",
    ]  # fmt: skip
    assert problems() == {}
    assert {one.chain: one.events for one in audit.verify()} == {intake.id: 6, FIRM_CHAIN: 1}


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE intake_auditevent SET action = 'turn.read' WHERE chain = %s AND sequence = 3", "event 3 was changed"),
        ("UPDATE intake_auditevent SET data = '{}' WHERE chain = %s AND sequence = 2", "event 2 was changed"),
        (
            "UPDATE intake_auditevent SET at = at + interval '1 ms' WHERE chain = %s AND sequence = 1",
            "event 1 was changed",
        ),
        ("UPDATE intake_auditevent SET actor = 'staff:1' WHERE chain = %s AND sequence = 6", "event 6 was changed"),
        ("DELETE FROM intake_auditevent WHERE chain = %s AND sequence = 4", "event 4 is missing"),
        ("DELETE FROM intake_auditevent WHERE chain = %s AND sequence > 4", "the end is missing"),
        ("DELETE FROM intake_auditevent WHERE chain = %s", "no events"),
    ],
)
def test_tampering_is_found_and_named(sql: str, says: str) -> None:
    intake = conversation()
    tamper(sql, intake.id)
    found = problems()
    assert set(found) == {intake.id}
    assert says in found[intake.id]


def test_an_event_put_in_between_is_found() -> None:
    intake = conversation()
    tamper("UPDATE intake_auditevent SET sequence = sequence + 1 WHERE chain = %s AND sequence = 6", intake.id)
    event = AuditEvent.objects.get(chain=intake.id, sequence=5)
    forged = AuditEvent(
        chain=intake.id, sequence=6, at=event.at + timedelta(seconds=1), actor="client", action="turn.added",
        target_type="turn", target_id="1", data={}, previous_hash=event.hash, hash=b"\0" * 32,
    )  # fmt: skip
    forged.save(force_insert=True)
    assert "event 6 was changed" in problems()[intake.id]


def test_a_chain_does_not_fit_another_firm(other_firm: Any) -> None:
    here = audit.genesis(FIRM_CHAIN)
    with firm_scope(other_firm):
        assert audit.genesis(FIRM_CHAIN) != here


def test_an_event_stands_or_falls_with_what_it_tells() -> None:
    with transaction.atomic():
        audit.record(action="x", chain=None, target_type="x", target_id="1", actor="system", data={})
        transaction.set_rollback(True)
    assert not AuditEvent.objects.filter(action="x").exists()


def test_events_hold_none_of_the_clients_words() -> None:
    conversation()
    told = " ".join(str(event.data) for event in AuditEvent.objects.all())
    assert not any(word in told for word in ("Maria", "Silva", "Globex", "deposit"))


def test_many_writers_of_one_chain_leave_no_gap(live_firms: Any) -> None:
    def write() -> None:
        with firm_scope(live_firms[0]):
            try:
                for _ in range(10):
                    with transaction.atomic():
                        audit.record(action="x", chain=None, target_type="x", target_id="1", actor="system", data={})
            finally:
                connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with firm_scope(live_firms[0]):
        assert AuditEvent.objects.count() == 50
        assert problems() == {}
