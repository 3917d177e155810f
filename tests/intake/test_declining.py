"""A firm that takes nobody who has a lawyer: the client sees the same stop, the names stay in the index."""

from __future__ import annotations

from typing import Any

import pytest

from intake import recording, selectors
from intake.models import AuditEvent, ConflictEntry, Declination, DutySettings, Intake
from tests.intake.talk import answer_basics, fresh, say, stage, start


def represented(reason: str) -> Intake:
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "Globex")
    answer_basics(intake, has_lawyer="=yes", lawyer_reason=f"={reason}")
    return fresh(intake)


def look(intake: Intake) -> Any:
    shown = selectors.snapshot(intake.id)
    return shown["stage"], shown["can"], shown["question"], shown["turns"][-1]["text"]


@pytest.mark.parametrize(
    ("choice", "reason", "leads_to"),
    [
        ("never", "other", "person_decides"),
        ("represented", "other", "declined"),
        ("represented", "change", "person_decides"),
        ("all", "change", "declined"),
        ("all", "second_opinion", "declined"),
        ("all", "other_matter", "story"),
    ],
)
def test_the_firm_chooses_whom_it_declines(choice: str, reason: str, leads_to: str) -> None:
    DutySettings.objects.create(decline_represented=choice)
    intake = represented(reason)
    assert stage(intake) == leads_to
    declined = AuditEvent.objects.filter(chain=intake.id, data__declined_by="setting")
    assert declined.exists() == (leads_to == "declined")
    assert recording.replay(intake.id).as_json() == intake.mind


def test_the_client_is_told_no_at_once_and_may_do_no_more_than_at_another_stop() -> None:
    waiting = look(represented("other"))
    DutySettings.objects.create(decline_represented="all")
    intake = represented("other")
    assert look(intake)[:3] == waiting[:3]
    told = look(intake)[3]
    assert "not able to help you" in told
    assert "needs to look at this" not in told, "nobody will"
    assert Declination.objects.get(intake=intake).status == "no_channel"
    assert ConflictEntry.objects.filter(party__intake=intake).count() == 2
