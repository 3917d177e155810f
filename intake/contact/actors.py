"""Jobs: a message is sent, and the code that somebody who comes back asked for is made."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

from django.utils import timezone
from prometheus_client import Counter

from intake.contact import codes, messages, passes, sending, ways
from intake.models import ContactMessage
from tenants.jobs import actor

if TYPE_CHECKING:
    from intake.interview.events import Way

logger = logging.getLogger(__name__)

#: A code lives ten minutes: what did not go by then is given up.
ATTEMPTS: Final = 4
_OPTIONS: Final = {
    "max_retries": ATTEMPTS - 1, "min_backoff": 2_000, "max_backoff": 60_000, "time_limit": 60_000, "max_age": 900_000,
}  # fmt: skip
SENT = Counter("legal_intake_contact_messages_total", "Codes and links that were sent or given up.", ["way", "outcome"])


@actor(**_OPTIONS)
def send_message(message_id: str) -> None:
    """Send one message. Sent twice, it goes once; what fails for good is marked with its reason."""
    message = ContactMessage.objects.select_related("intake").filter(pk=UUID(message_id)).first()
    if message is None or message.state != ContactMessage.State.WAITING:
        return
    try:
        _send(message)
    except sending.NotSent as failed:
        message.attempts += 1
        message.error = failed.code[:40]
        if failed.again and message.attempts < ATTEMPTS:
            message.save(update_fields=["attempts", "error"])
            raise
        logger.warning("message_given_up", extra={"way": message.way, "code": failed.code})
        _ended(message, ContactMessage.State.FAILED)
    else:
        message.sent_at, message.error = timezone.now(), ""
        _ended(message, ContactMessage.State.SENT)


@actor(**_OPTIONS)
def send_resume_code(code_hash: str, token_hash: str, way: str) -> None:
    """Make and send a code for a way back, if there is one and its client marked `way` safe.

    Looked up here and not in the request: whoever asks cannot tell by the answer, or by its time.
    """
    found = passes.open_one(bytes.fromhex(code_hash), bytes.fromhex(token_hash))
    wanted = cast("Way", way)
    if found is None or wanted not in ways.safe_ways(found.intake):
        return
    codes.issue(found.intake, wanted, ways.address_of(found.intake, wanted), "resume")


def _send(message: ContactMessage) -> None:
    if message.expires_at <= timezone.now():
        raise sending.NotSent("expired", again=False)
    sending.SENDERS[message.way](message.id, messages.compose(message))


def _ended(message: ContactMessage, state: ContactMessage.State) -> None:
    message.state = state
    message.address = message.secret = None
    message.save(update_fields=["state", "attempts", "error", "sent_at", "address_ct", "secret_ct"])
    SENT.labels(message.way, state.value).inc()
