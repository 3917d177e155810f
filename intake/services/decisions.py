"""What a member of staff decides about a conversation, and that they read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django.db import transaction
from django.utils import timezone

from intake import audit
from intake.errors import AlreadyDecided, ReasonRequired
from intake.interview.events import ConflictDecided
from intake.models import ConflictCheck
from intake.services.steps import open_step
from intake.text import clean

if TYPE_CHECKING:
    from uuid import UUID

    from intake.models import Intake
    from tenants.accounts.models import User


@transaction.atomic
def decide_conflict(
    *, check_id: UUID, decision: Literal["cleared", "confirmed"], reason: str, user: User
) -> ConflictCheck:
    """Decide about a hit, once. Clearing lets the client go on where they stopped.

    Raises ReasonRequired, AlreadyDecided (also for a check that was no hit).
    """
    reason = clean(reason).strip()
    if not reason:
        raise ReasonRequired
    check = ConflictCheck.objects.get(pk=check_id)
    step = open_step(check.intake_id)
    check.refresh_from_db()  # under the intake's lock: somebody may have decided in between
    if check.decision or check.result != ConflictCheck.Result.HIT:
        raise AlreadyDecided
    check.decision = decision
    check.reason = reason
    check.decided_by = user
    check.decided_at = timezone.now()
    check.save(update_fields=["decision", "reason_ct", "decided_by", "decided_at"])
    step.advance(ConflictDecided(cleared=decision == "cleared", **step.context))
    step.close(action=f"conflict.{decision}", actor=audit.staff(user.pk), data={"check": str(check.id)})
    return check


@transaction.atomic
def note_viewed(*, intake: Intake, user: User) -> None:
    """A member of staff read this intake's words."""
    audit.record(
        action="intake.viewed", chain=intake.id, target_type="intake", target_id=intake.id,
        actor=audit.staff(user.pk), data={},
    )  # fmt: skip
