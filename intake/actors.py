"""Jobs of the conversation."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from uuid import UUID

import redis

from tenants.jobs import actor

if TYPE_CHECKING:
    from intake.models import Erasure

logger = logging.getLogger(__name__)


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
