"""The jobs of the conversation. Django imports this file by its name, so that every worker knows them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from uuid import UUID

import redis

from intake.contact import actors as contact_actors
from tenants.jobs import actor

if TYPE_CHECKING:
    from intake.models import Erasure

logger = logging.getLogger(__name__)

ALERT_LIMIT_MS: Final = 300_000
ALERT_AGE_MS: Final = 6 * 3_600_000
DECLINATION_LIMIT_MS: Final = 60_000
MODEL_LIMIT_MS: Final = 120_000
MODEL_AGE_MS: Final = 600_000


# Never retried: what our own readers found is kept, and the breaker says whether it is worth asking again.
@actor(max_retries=0, max_age=MODEL_AGE_MS, time_limit=MODEL_LIMIT_MS)
def propose_facts(intake_id: str, number: int) -> None:
    """Have the firm's language model read turn `number`. Sent twice, the second finds the answers known."""
    from intake.services.proposing import propose

    propose(intake_id=UUID(intake_id), number=number)


# Not retried by Dramatiq: what was not done stands in the tables, and the sweep goes on with it.
@actor(max_retries=0, time_limit=ALERT_LIMIT_MS, max_age=ALERT_AGE_MS)
def tell_of_alert(alert_id: str) -> None:
    """Go on with telling people of an alert, and come back when there is more to do. Sent twice it does no more."""
    from intake.services import paging

    key = UUID(alert_id)
    left = paging.carry_on(key)
    if left is not None:
        paging.enqueue(key, left)


# Never retried by Dramatiq: each try and its pause are written down with the erasure.
@actor(max_retries=0)
def erase(erasure_id: str) -> None:
    """Delete what a consent that was taken back no longer covers. Sent twice, the second finds it done."""
    from intake.services.erasing import run_erasure

    done: Erasure = run_erasure(erasure_id=UUID(erasure_id))
    logger.info("erasure", extra={"what": done.what, "state": done.state, "count": done.count})


def send_erasure(erasure_id: UUID, delay_seconds: int = 0) -> None:
    """Enqueue `erase`; where the broker is away, the scheduler's look finds what waits."""
    try:
        erase.send_with_options(args=(str(erasure_id),), delay=delay_seconds * 1000 or None)
    except redis.RedisError as error:
        logger.warning("erasure_not_sent", extra={"error": type(error).__name__})


# Not retried by Dramatiq: how often it was tried stands in the row, and the sweep goes on with it.
@actor(max_retries=0, time_limit=DECLINATION_LIMIT_MS, max_age=ALERT_AGE_MS)
def send_declination(declination_id: str) -> None:
    """Try to send the message that a client was declined. Sent twice it does no more."""
    from intake.services import refusing

    refusing.send(UUID(declination_id))


__all__ = ["contact_actors", "erase", "propose_facts", "send_declination", "send_erasure", "tell_of_alert"]
