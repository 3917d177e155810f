"""Jobs of the voice."""

from __future__ import annotations

import logging
from uuid import UUID

import redis
from django.conf import settings
from django.db import Error as DatabaseError

from audio import journal, selectors
from audio.errors import LeaseLost, NotAgreed, RecogniserUnavailable, SessionGone
from audio.lease import lease
from audio.metrics import LISTENERS_SENT, LISTENING, RECOGNISER_UNAVAILABLE
from audio.services import check_agreed
from tenants.jobs import actor

logger = logging.getLogger(__name__)

TIME_LIMIT_MS = 180_000
MAX_AGE_MS = 3_600_000


# Never retried by Dramatiq: whoever looks for sessions without a listener sends the next one, at once.
@actor(queue_name=settings.VOICE_QUEUE, max_retries=0, time_limit=TIME_LIMIT_MS, max_age=MAX_AGE_MS)
def listen(session_id: str) -> None:
    """Listen to a session while its client speaks. Sent twice, the second finds the lease taken."""
    # Only a slot has the speech parts; who sends this job need not (the api, the scheduler).
    from audio import slot

    key = UUID(session_id)
    try:
        with LISTENING.track_inprogress():
            session = selectors.voice_session(key)
            with lease(key, session.epoch) as held:
                if held is None:
                    return
                # Under the lease: what the listener before committed is there now.
                session.refresh_from_db()
                try:
                    check_agreed(session)
                    slot.listen_to(session, held)
                except RecogniserUnavailable as error:
                    # No fault of the audio's: the lease ends cleanly, which counts as no attempt, and what was
                    # not committed stays in the journal. The next sweep, not we, sends a listener: no hurry.
                    RECOGNISER_UNAVAILABLE.labels(error.code).inc()
                    logger.warning("recogniser_unavailable", extra={"code": error.code, "why": str(error)})
                    return
        send_listener_if_needed(key, "successor")
    except SessionGone:
        logger.info("listen_without_session")
    except NotAgreed:
        # Taken back while it waited, or in the middle of a word: nothing of it is kept.
        logger.info("listening_withdrawn")
        journal.withdraw_session(key)
    except LeaseLost:
        logger.warning("lease_lost")
    except (redis.RedisError, DatabaseError) as error:
        # What was not committed is still in the journal, and found by the next sweep.
        logger.warning("listening_cut_short", extra={"error": type(error).__name__})


def send_listener_if_needed(session_id: UUID, reason: str) -> None:
    """Enqueue `listen` when audio waits and nobody is there or on the way. Raises redis.RedisError."""
    if journal.claim_listener(session_id):
        send_listener(session_id, reason)


def send_listener(session_id: UUID, reason: str) -> None:
    """Enqueue `listen` for a session of the current firm. Raises redis.RedisError."""
    listen.send(str(session_id))
    LISTENERS_SENT.labels(reason).inc()
