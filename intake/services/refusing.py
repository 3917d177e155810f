"""A "no" to a client: what they told too early is emptied, and they are told in fixed words, where that is safe."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from intake import audit, interviews
from intake.emptying import empty_utterances
from intake.errors import AlreadyTold, ReasonRequired
from intake.interview.guided import frame
from intake.interview.guided.talk import Talk
from intake.interview.wordings import DECLINATION_VERSION, texts
from intake.models import Declination, Fact, InterviewEvent, SafetyAlert, Turn
from intake.sealing import keeps_sealed, sealed_in, sealed_utterances
from intake.text import clean
from tenants import directory
from tenants.context import current_firm

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from intake.interview.events import ConflictDecided, StaffActed
    from intake.models import Intake
    from intake.services.steps import Step
    from tenants.accounts.models import User

logger = logging.getLogger(__name__)

#: Tries to send one message; the last comes about five hours after the first.
MOST_ATTEMPTS: Final = 6
_FIRST_WAIT: Final = timedelta(minutes=1)
_GROWTH: Final = 4
#: A message whose job was lost is taken up by the sweep after so long.
_GRACE: Final = timedelta(seconds=30)
_SWEPT: Final = 100
#: Kind of the alert that a message could not be sent, or that there is no safe way.
NOT_TOLD: Final = "declined_not_told"
Status = Declination.Status


def purge_early(step: Step) -> None:
    """Empty what was told before the firm was free to listen. Before the engine hears of the decision.

    The rows stay, with their numbers; names stay in the conflict index; the ciphertexts are gone.
    """
    intake, talk = step.intake, step.state
    sealed = sealed_in(intake)
    if not isinstance(talk, Talk) or not keeps_sealed(intake):
        return
    erased = empty_utterances(intake.id, sealed_utterances(intake))
    if not sealed and not any(erased.values()):
        return
    kept = frame.kept_on_refusal(interviews.guided_named(intake.playbook))
    Turn.objects.filter(intake=intake, number__in=sealed).update(text_ct=b"")
    facts = Fact.objects.filter(intake=intake, turn__number__in=sealed).exclude(key__in=kept).update(value_ct=b"")
    _empty_events(InterviewEvent.objects.filter(intake=intake, kind="proposed"), sealed)
    audit.record(
        action="turns.purged", chain=intake.id, target_type="intake", target_id=intake.id,
        actor=audit.staff(step.user.pk) if step.user else audit.SYSTEM,
        data={"turns": sorted(sealed), "facts": facts, **erased},
    )  # fmt: skip


def _empty_events(events: Iterable[InterviewEvent], sealed: frozenset[int]) -> None:
    """What a model understood of these turns quotes them."""
    for event in events:
        if event.data is not None and event.data.get("turn") in sealed:
            event.data = None
            event.save(update_fields=["data_ct"])


def refuse(step: Step, no: ConflictDecided | StaffActed) -> None:
    """All that a "no" does: empty what was told too early, let the engine hear of it, and tell the client."""
    purge_early(step)
    step.advance(no)
    decline(step)


def decline(step: Step) -> None:
    """Tell the client "no": on the page by the engine's words, and by e-mail where they said that it is safe."""
    intake = step.intake
    is_safe = bool(safe_address(step.state))
    status = Status.WAITING if is_safe else Status.NO_CHANNEL
    row = Declination(intake=intake, wording=DECLINATION_VERSION, locale=intake.locale, status=status, at=step.at)
    row.save(force_insert=True)
    if is_safe:
        key = row.id
        transaction.on_commit(lambda: _enqueue(key))


def safe_address(state: object) -> str:
    """The client's e-mail address, where they said that it is safe to write to it; else empty."""
    if not isinstance(state, Talk):
        return ""
    email, is_safe = state.known.get("email"), state.known.get("safe_to_email")
    if email is None or is_safe is None or is_safe.value != "yes":
        return ""
    return str(email.value or "")


def _enqueue(declination_id: UUID) -> None:
    from intake.actors import send_declination

    try:
        send_declination.send(str(declination_id))
    except Exception as error:  # noqa: BLE001 - whatever keeps the broker: the sweep finds the row
        logger.warning("declination_not_enqueued", extra={"error": type(error).__name__})


def send(declination_id: UUID) -> None:
    """Try once to send a message that waits. A failure is kept with the row; the sweep comes back to it."""
    with transaction.atomic():
        row = Declination.objects.select_for_update(skip_locked=True).filter(pk=declination_id).first()
        now = timezone.now()
        if row is None or row.status != Status.WAITING or (row.next_at is not None and row.next_at > now):
            return
        row.attempts += 1
        # Until then nobody else takes it up.
        row.next_at = now + _FIRST_WAIT * _GROWTH ** (row.attempts - 1)
        row.save(update_fields=["attempts", "next_at"])
        intake = row.intake
    try:
        _message(row, intake).send(fail_silently=False)
    except (SMTPException, OSError, ValueError) as error:
        logger.warning("declination_not_sent", extra={"error": type(error).__name__, "attempt": row.attempts})
        if row.attempts >= MOST_ATTEMPTS:
            _give_up(row)
        return
    _finish(row, Status.SENT)


def _message(row: Declination, intake: Intake) -> EmailMessage:
    """The firm's name, the fixed words, and that a computer wrote: nothing of the conversation.

    Raises ValueError: there is no address any more, or no server to send by.
    """
    address = safe_address(interviews.state_of(intake))
    if not address or not settings.EMAIL_HOST:
        raise ValueError("no address" if not address else "SMTP_HOST is not set")
    firm = directory.resolve_firm(current_firm().id).name
    words = [texts(key, row.locale)[0] for key in ("declined", "mail.automatic")]
    subject = texts("mail.declined.subject", row.locale)[0]
    return EmailMessage(subject, "\n\n".join([words[0], firm, words[1]]) + "\n", None, [address])


@transaction.atomic
def _finish(row: Declination, status: str) -> None:
    row.status, row.sent_at = status, timezone.now()
    row.save(update_fields=["status", "sent_at"])
    audit.record(
        action=f"declination.{status}", chain=row.intake_id, target_type="declination", target_id=row.id,
        actor=audit.SYSTEM, data={"channel": "email", "attempts": row.attempts, "wording": row.wording},
    )  # fmt: skip


@transaction.atomic
def _give_up(row: Declination) -> None:
    """A person decides how the client is told."""
    _finish(row, Status.FAILED)
    SafetyAlert.objects.create(intake=row.intake, level=SafetyAlert.Level.ATTENTION, kinds=[NOT_TOLD])


def send_waiting() -> int:
    """Messages of the current firm whose time has come, or whose job was lost. Returns how many were tried."""
    now = timezone.now()
    waiting = Declination.objects.filter(status=Status.WAITING, at__lt=now - _GRACE).exclude(next_at__gt=now)
    due = list(waiting.order_by("at").values_list("id", flat=True)[:_SWEPT])
    for one in due:
        send(one)
    return len(due)


@transaction.atomic
def told_otherwise(*, declination_id: UUID, note: str, user: User) -> Declination:
    """Staff have told the client in another way, or decided not to, and say how. Raises ReasonRequired, AlreadyTold."""
    note = clean(note).strip()
    if not note:
        raise ReasonRequired
    row = Declination.objects.select_for_update().get(pk=declination_id)
    if row.status not in {Status.NO_CHANNEL, Status.FAILED}:
        raise AlreadyTold
    row.status, row.note, row.noted_by = Status.OTHERWISE, note, user
    row.sent_at = timezone.now()
    row.save(update_fields=["status", "note_ct", "noted_by", "sent_at"])
    audit.record(
        action="declination.otherwise", chain=row.intake_id, target_type="declination", target_id=row.id,
        actor=audit.staff(user.pk), data={},
    )  # fmt: skip
    return row
