"""One-time codes: six digits, ten minutes, five tries, hashed; the digits stand sealed until they are sent."""

from __future__ import annotations

import hmac
import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

import redis
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from dramatiq import DramatiqError

from intake.contact import limits, ways
from intake.models import ContactMessage
from tenants.crypto import blind_index

if TYPE_CHECKING:
    from collections.abc import Collection

    from intake.interview.events import CodeResult, Way
    from intake.models import Intake

logger = logging.getLogger(__name__)

Purpose = Literal["verify", "resume"]
LIFE: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5
#: Stands for a conversation that is not there, so that looking takes the same way.
NOBODY: Final = UUID(int=0)


def issue(intake: Intake, way: Way, address: str, purpose: Purpose) -> bool:
    """Make a code and have it sent, once the transaction commits. False: there were too many, or no address.

    A code of the same purpose from before counts no more.
    """
    hashed = ways.address_hash(way, address)
    spent = (
        (limits.CODE_INTAKE, intake.id.bytes),
        (limits.CODE_ADDRESS, hashed),
        (limits.CODE_FIRM, b""),
    )
    if not address or limits.spend((limit, about) for group, about in spent for limit in group):
        return False
    now = timezone.now()
    ContactMessage.objects.filter(intake=intake, purpose=purpose, expires_at__gt=now).update(expires_at=now)
    message = ContactMessage(
        intake=intake, purpose=purpose, way=way, address_hash=hashed, at=now, expires_at=now + LIFE
    )  # fmt: skip
    code = f"{secrets.randbelow(1_000_000):06d}"
    message.address, message.secret, message.code_hash = address, code, _hash(message.id, code)
    message.save(force_insert=True)
    send_later(message)
    return True


def check(intake_id: UUID, purpose: Purpose, typed: str, *, addresses: Collection[bytes] | None = None) -> CodeResult:
    """Whether `typed` is the code that was sent last. Each call costs a try. `gone`: there is none to compare with.

    `addresses`: the code counts only when it went to one of these (their hashes).
    """
    now = timezone.now()
    open_ones = ContactMessage.objects.filter(
        intake_id=intake_id, purpose=purpose, used_at__isnull=True, expires_at__gt=now, tries__lt=MOST_TRIES
    )
    with transaction.atomic():
        message = open_ones.select_for_update().order_by("-at", "-id").first()
        place = message.id if message is not None else NOBODY
        wanted = bytes(message.code_hash) if message is not None else bytes(32)
        same = hmac.compare_digest(_hash(place, typed), wanted)
        if message is None or (addresses is not None and bytes(message.address_hash) not in addresses):
            return "gone"
        changed = {"used_at": now} if same else {}
        ContactMessage.objects.filter(pk=message.pk).update(tries=F("tries") + 1, **changed)
    return "right" if same else "wrong"


def send_later(message: ContactMessage) -> None:
    """Enqueue it when this commits. Where the queue is away, the message has failed, and says so."""
    from intake.contact.actors import send_message

    def enqueue() -> None:
        try:
            send_message.send(str(message.id))
        except (redis.RedisError, DramatiqError) as error:
            logger.warning("message_not_queued", extra={"error": type(error).__name__})
            ContactMessage.objects.filter(pk=message.pk).update(
                state=ContactMessage.State.FAILED, error="not_queued", address_ct=b"", secret_ct=b""
            )

    transaction.on_commit(enqueue)


def _hash(message_id: UUID, code: str) -> bytes:
    """A keyed hash: six digits under a plain one would be guessed by whoever has the database."""
    return blind_index(f"{message_id}:{code}", purpose="contact.code")
