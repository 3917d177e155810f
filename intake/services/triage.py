"""Keeping how urgent a conversation is, to sort by: set with each step, and again when its day has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from intake.interview.stages import Stage
from intake.interviews import talk_of
from intake.models import Intake
from intake.triage import limits_of, today_for, urgency_of

if TYPE_CHECKING:
    from intake.interview.guided.talk import Talk

#: Nobody waits any more: nothing is urgent about it.
_OVER: Final = frozenset({Stage.STOPPED, Stage.DECLINED})
_AT_A_TIME: Final = 500


def note(intake: Intake, talk: Talk, at: datetime, *, at_gate: bool = False) -> None:
    """Set the points on a row that is about to be saved. `at_gate`: the names were matched in this step; who is stopped
    then costs the reads of who is not."""
    if talk.stage in _OVER:
        intake.urgency, intake.urgency_due = 0, None
        return
    if at_gate and not talk.gate_passed:
        limits_of(intake, replace(talk, gate_passed=True), today=today_for(intake, at))
    found = urgency_of(intake, talk, today=today_for(intake, at))
    intake.urgency, intake.urgency_due = found.total, found.due


def look_again() -> None:
    """The table has changed: every conversation is due. Call in the transaction of the change."""
    closed = [stage.value for stage in _OVER]
    Intake.objects.exclude(stage__in=closed).update(urgency_due=timezone.now().date())


def refresh_due() -> int:
    """Reckon anew where the day has come. Returns how many; at most a few hundred a call."""
    until = (timezone.now() + timedelta(hours=14)).date()  # somewhere it is tomorrow already
    due = Intake.objects.filter(urgency_due__lte=until).order_by("urgency_due")
    ids = list(due.values_list("id", flat=True)[:_AT_A_TIME])
    done = 0
    for intake_id in ids:
        with transaction.atomic():
            intake = Intake.objects.select_for_update(skip_locked=True).filter(pk=intake_id).first()
            talk = talk_of(intake) if intake is not None else None
            if intake is None:
                continue
            before = intake.urgency, intake.urgency_due
            if talk is None:
                intake.urgency_due = None
            else:
                note(intake, talk, timezone.now())
            if before != (intake.urgency, intake.urgency_due):
                intake.save(update_fields=["urgency", "urgency_due"])
                done += 1
    return done
