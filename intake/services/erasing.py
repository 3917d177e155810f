"""Deleting what was asked to be deleted, and holding it back where it has to be kept.

An erasure is asked for in the transaction that takes a consent back, so no crash loses it. A job does it at once;
what fails is tried again with growing pauses (`ATTEMPTS` in all), by the next job or by the scheduler's look.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import redis
from django.db import DatabaseError, transaction
from django.utils import timezone

from intake import audit
from intake.erasers import eraser_named, erasers_for
from intake.errors import AlreadyDecided, NoIntake, ReasonRequired
from intake.models import Consent, Erasure, Intake, LegalHold
from intake.text import clean
from tenants.errors import TenancyError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from tenants.accounts.models import User

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 10
FIRST_PAUSE_SECONDS: Final = 2
LONGEST_PAUSE_SECONDS: Final = 600
#: What may go wrong on the way: a disk, Redis, the database, a key.
_FAILURES: Final = (OSError, redis.RedisError, DatabaseError, TenancyError)


def ask_for_erasures(intake: Intake, consent: Consent) -> list[Erasure]:
    """Write down what has to go now that `consent` was taken back. In the caller's transaction."""
    erasures = [
        Erasure(intake=intake, consent=consent, what=eraser.name, asked_at=consent.at)
        for eraser in erasers_for(consent.kind)
    ]
    Erasure.objects.bulk_create(erasures)
    _send_on_commit(erasures)
    return erasures


def run_erasure(*, erasure_id: UUID) -> Erasure:
    """Do one erasure, as far as it goes. What is done, held or given up stays as it is.

    Never raises for what may go wrong on the way: that is written down, and tried again later.
    """
    try:
        while _erase_some(erasure_id):
            pass
    except _FAILURES as failure:
        return _note_failure(erasure_id, type(failure).__name__)
    return Erasure.objects.get(pk=erasure_id)


@transaction.atomic
def _erase_some(erasure_id: UUID) -> bool:
    """One batch, under the intake's lock. Whether there may be more."""
    erasure = Erasure.objects.get(pk=erasure_id)
    Intake.objects.select_for_update().get(pk=erasure.intake_id)
    erasure = Erasure.objects.select_for_update().get(pk=erasure_id)
    if erasure.state != Erasure.State.WAITING:
        return False
    eraser = eraser_named(erasure.what)
    if eraser is None:
        raise OSError(f"no eraser named {erasure.what} here")
    if eraser.may_be_held and is_held(erasure.intake_id):
        erasure.state = Erasure.State.HELD
        erasure.save(update_fields=["state"])
        _audit("erasure.held", erasure)
        return False
    gone = eraser.erase(erasure.intake_id, _given_again(erasure.consent))
    erasure.count += gone
    if not gone:
        erasure.state, erasure.done_at, erasure.error = Erasure.State.DONE, timezone.now(), ""
        _audit("erasure.done", erasure, count=erasure.count)
    erasure.save(update_fields=["count", "state", "done_at", "error"])
    return bool(gone)


def _given_again(consent: Consent) -> datetime | None:
    """When the client agreed anew: what came after that stays. Not the time of the withdrawal, because the clocks
    of two machines are never the same."""
    later = Consent.objects.filter(intake=consent.intake_id, kind=consent.kind, granted=True, id__gt=consent.id)
    return later.order_by("id").values_list("at", flat=True).first()


@transaction.atomic
def _note_failure(erasure_id: UUID, error: str) -> Erasure:
    erasure = Erasure.objects.select_for_update().get(pk=erasure_id)
    if erasure.state != Erasure.State.WAITING:
        return erasure
    erasure.attempts += 1
    erasure.error = error[:60]
    pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (erasure.attempts - 1))
    erasure.next_at = timezone.now() + timedelta(seconds=pause)
    if erasure.attempts >= ATTEMPTS:
        erasure.state = Erasure.State.FAILED
        _audit("erasure.failed", erasure, attempts=erasure.attempts)
        logger.error("erasure_given_up", extra={"what": erasure.what, "error": error, "attempts": erasure.attempts})
    else:
        logger.warning("erasure_failed", extra={"what": erasure.what, "error": error, "attempts": erasure.attempts})
        _send_on_commit([erasure], delay_seconds=pause)
    erasure.save(update_fields=["attempts", "error", "next_at", "state"])
    return erasure


@transaction.atomic
def retry_erasure(*, erasure_id: UUID, user: User) -> Erasure:
    """Staff ask for another round of tries. Raises AlreadyDecided for one that was not given up."""
    erasure = Erasure.objects.select_for_update().get(pk=erasure_id)
    if erasure.state != Erasure.State.FAILED:
        raise AlreadyDecided
    _begin_again([erasure])
    _audit("erasure.retried", erasure, actor=audit.staff(user.pk))
    return erasure


def is_held(intake_id: UUID) -> bool:
    """Whether a legal hold is in force. Ask under the intake's lock where something is deleted on the answer."""
    return LegalHold.objects.filter(intake_id=intake_id, released_at__isnull=True).exists()


@transaction.atomic
def place_hold(*, intake_id: UUID, reason: str, user: User) -> LegalHold:
    """Nothing of this intake is deleted from now on. Raises NoIntake, ReasonRequired, AlreadyDecided (it is held)."""
    reason = _reason(reason)
    intake = _locked(intake_id)
    if is_held(intake.id):
        raise AlreadyDecided
    hold = LegalHold(intake=intake, placed_by=user)
    hold.reason = reason
    hold.save(force_insert=True)
    _audit_hold("hold.placed", hold, user)
    return hold


@transaction.atomic
def release_hold(*, intake_id: UUID, reason: str, user: User) -> LegalHold:
    """The hold ends; what it kept from being deleted goes now. Raises NoIntake, ReasonRequired, AlreadyDecided."""
    reason = _reason(reason)
    intake = _locked(intake_id)
    hold = LegalHold.objects.filter(intake=intake, released_at__isnull=True).first()
    if hold is None:
        raise AlreadyDecided
    hold.released_by, hold.released_at, hold.released_because = user, timezone.now(), reason
    hold.save(update_fields=["released_by", "released_at", "released_because_ct"])
    _begin_again(list(Erasure.objects.filter(intake=intake, state=Erasure.State.HELD)))
    _audit_hold("hold.released", hold, user)
    return hold


def _begin_again(erasures: list[Erasure]) -> None:
    for erasure in erasures:
        erasure.state, erasure.attempts, erasure.next_at = Erasure.State.WAITING, 0, timezone.now()
        erasure.save(update_fields=["state", "attempts", "next_at"])
    _send_on_commit(erasures)


def _locked(intake_id: UUID) -> Intake:
    intake = Intake.objects.select_for_update().filter(pk=intake_id).first()
    if intake is None:
        raise NoIntake
    return intake


def _reason(text: str) -> str:
    text = clean(text).strip()
    if not text:
        raise ReasonRequired
    return text


def _send_on_commit(erasures: list[Erasure], *, delay_seconds: int = 0) -> None:
    from intake.actors import send_erasure

    for erasure in erasures:
        transaction.on_commit(lambda key=erasure.id: send_erasure(key, delay_seconds))  # type: ignore[misc]


def _audit(action: str, erasure: Erasure, *, actor: str = audit.SYSTEM, **data: int) -> None:
    audit.record(
        action=action, chain=erasure.intake_id, target_type="erasure", target_id=erasure.id, actor=actor,
        data={"what": erasure.what, **data},
    )  # fmt: skip


def _audit_hold(action: str, hold: LegalHold, user: User) -> None:
    audit.record(
        action=action, chain=hold.intake_id, target_type="legal_hold", target_id=hold.id,
        actor=audit.staff(user.pk), data={},
    )  # fmt: skip
