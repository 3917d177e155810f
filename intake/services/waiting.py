"""Stops that nobody decides about: staff are alerted after the firm's limit, once for each stop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from intake import audit
from intake.interview.stages import Stage
from intake.models import ConflictCheck, ConflictRules, Intake, InterviewEvent, SafetyAlert

if TYPE_CHECKING:
    from uuid import UUID

UNDECIDED: Final = "undecided_stop"
_STOPS: Final = (Stage.CONFLICT_HOLD.value, Stage.PERSON_DECIDES.value)
_SWEPT: Final = 500


@dataclass(frozen=True, slots=True)
class Stop:
    """A client who waits for a decision, since when, and the check to decide about (none where a person decides)."""

    intake: Intake
    since: datetime
    check: ConflictCheck | None

    @property
    def age(self) -> timedelta:
        """How long it has been."""
        return timezone.now() - self.since


def undecided(limit: int = _SWEPT) -> list[Stop]:
    """Stops of the current firm, longest first."""
    found = [stop_of(intake) for intake in Intake.objects.filter(stage__in=_STOPS).order_by("updated_at")[:limit]]
    return sorted(found, key=lambda stop: stop.since)


def stop_of(intake: Intake) -> Stop:
    """When this conversation stopped: at its last check; one of a person's choice with no check, at its last event."""
    check = ConflictCheck.objects.filter(intake=intake).order_by("-id").first()
    if check is not None:
        waits = check.result == ConflictCheck.Result.HIT and not check.decision
        return Stop(intake, check.at, check if waits else None)
    last = InterviewEvent.objects.filter(intake=intake).order_by("-sequence").values_list("at", flat=True).first()
    return Stop(intake, last or intake.updated_at, None)


def alert_of_stops() -> int:
    """Raise an alert for each stop over the firm's limit that has none yet. Returns how many."""
    rules = ConflictRules.objects.first() or ConflictRules()
    limit = timezone.now() - timedelta(hours=rules.alert_hours)
    known = SafetyAlert.objects.filter(
        intake=OuterRef("pk"), kinds__contains=[UNDECIDED], at__gte=OuterRef("updated_at")
    )
    old = Intake.objects.filter(~Exists(known), stage__in=_STOPS, updated_at__lt=limit).order_by("updated_at")
    return sum(_alert(intake_id, limit) for intake_id in list(old.values_list("id", flat=True)[:_SWEPT]))


@transaction.atomic
def _alert(intake_id: UUID, limit: datetime) -> bool:
    """Under the intake's lock: neither a decision nor a second sweep comes in between."""
    intake = Intake.objects.select_for_update().get(pk=intake_id)
    stop = stop_of(intake)
    known = SafetyAlert.objects.filter(intake=intake, kinds__contains=[UNDECIDED], at__gte=stop.since)
    if intake.stage not in _STOPS or stop.since > limit or known.exists():
        return False
    alert = SafetyAlert.objects.create(intake=intake, level=SafetyAlert.Level.ATTENTION, kinds=[UNDECIDED])
    audit.record(
        action="alert.raised", chain=intake.id, target_type="alert", target_id=alert.id, actor=audit.SYSTEM,
        data={"kinds": alert.kinds},
    )  # fmt: skip
    return True
