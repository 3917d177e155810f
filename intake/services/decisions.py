"""What a member of staff decides about a conversation, and that they read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django.db import transaction
from django.utils import timezone

from intake import audit
from intake.errors import AlreadyDecided, NotUnderstood, ReasonRequired
from intake.interview.events import ConflictDecided, Event, StaffActed
from intake.interview.guided.reading import read
from intake.interview.stages import Stage
from intake.interview.wordings import DEFAULT_LOCALE
from intake.models import ConflictCheck, SafetyAlert
from intake.services import paging, refusing
from intake.services.steps import open_step
from intake.summaries import question_for
from intake.text import clean

if TYPE_CHECKING:
    from uuid import UUID

    from intake.models import Intake
    from tenants.accounts.models import User


@transaction.atomic
def decide_conflict(
    *, check_id: UUID, decision: Literal["cleared", "confirmed"], reason: str, user: User
) -> ConflictCheck:
    """Decide about a hit, once. Clearing lets the client go on where they stopped. Confirming empties what they told
    too early, keeps the names in the index, and tells them that the firm cannot help, without a reason.

    Raises ReasonRequired, AlreadyDecided (also for a check that was no hit).
    """
    reason = clean(reason).strip()
    if not reason:
        raise ReasonRequired
    check = ConflictCheck.objects.get(pk=check_id)
    step = open_step(check.intake_id)
    step.user = user
    check.refresh_from_db()  # under the intake's lock: somebody may have decided in between
    if check.decision or check.result != ConflictCheck.Result.HIT:
        raise AlreadyDecided
    check.decision = decision
    check.reason = reason
    check.decided_by = user
    check.decided_at = timezone.now()
    check.save(update_fields=["decision", "reason_ct", "decided_by", "decided_at"])
    decided = ConflictDecided(cleared=decision == "cleared", **step.context)
    if decision == "confirmed":
        refusing.refuse(step, decided)
    else:
        step.advance(decided)
    step.close(action=f"conflict.{decision}", actor=audit.staff(user.pk), data={"check": str(check.id)})
    return check


@transaction.atomic
def decide_person(*, intake_id: UUID, decision: Literal["continue", "decline"], reason: str, user: User) -> Intake:
    """Let a client go on whom the interview left to a person (represented, minor, in custody), or decline as after a
    confirmed conflict.

    The reason is kept sealed with the event. Raises ReasonRequired, AlreadyDecided.
    """
    reason = clean(reason).strip()
    if not reason:
        raise ReasonRequired
    step = open_step(intake_id)
    if step.intake.stage != Stage.PERSON_DECIDES:
        raise AlreadyDecided
    step.user = user
    acted = StaffActed(action=decision, value=reason, **step.context)
    if decision == "decline":
        refusing.refuse(step, acted)
    else:
        step.advance(acted)
    step.close(action=f"person.{decision}", actor=audit.staff(user.pk), data={})
    return step.intake


@transaction.atomic
def write_fact(*, intake_id: UUID, key: str, text: str, user: User) -> Intake:
    """Staff write down what an answer is, in words as a client would. What the client said stays beside it.

    Raises NoIntake, NotUnderstood: there is no such question, or the words are no answer to it.
    """
    step = open_step(intake_id)
    step.user = user
    question = question_for(step.intake, key)
    context = {**step.context, "locale": DEFAULT_LOCALE}
    answer = read(clean(text).strip(), question, Event(**context)) if question is not None else None
    if answer is None or answer.value is None:
        raise NotUnderstood
    value = answer.value
    step.advance(StaffActed(action="edit", key=key, value=value, **step.context))
    step.close(action="fact.written", actor=audit.staff(user.pk), data={"key": key})
    return step.intake


@transaction.atomic
def acknowledge_alert(*, alert_id: UUID, user: User) -> SafetyAlert:
    """A member of staff has taken this alert up. The first one counts."""
    alert = SafetyAlert.objects.select_for_update().get(pk=alert_id)
    if alert.acknowledged_at is None:
        alert.acknowledged_by, alert.acknowledged_at = user, timezone.now()
        alert.save(update_fields=["acknowledged_by", "acknowledged_at"])
        paging.end_for(alert)
        audit.record(
            action="alert.acknowledged",
            chain=alert.intake_id,
            target_type="alert",
            target_id=alert.id,
            actor=audit.staff(user.pk),
            data={"level": alert.level},
        )
    return alert


@transaction.atomic
def note_viewed(*, intake: Intake, user: User) -> None:
    """A member of staff read this intake's words."""
    audit.record(
        action="intake.viewed", chain=intake.id, target_type="intake", target_id=intake.id,
        actor=audit.staff(user.pk), data={},
    )  # fmt: skip
