"""What the scheduler's leader does for the voice: find audio that nobody listens to, and give up on old."""

from __future__ import annotations

import logging
import time
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError

from audio import journal, selectors
from audio.actors import send_listener
from audio.errors import AudioError, LeaseLost, NotAgreed, SessionGone
from audio.giving_up import give_up
from audio.lease import lease
from audio.metrics import WAITING, WAITING_SECONDS, WAITING_SESSIONS
from tenants import directory
from tenants.context import firm_scope
from tenants.errors import FirmUnavailable, TenancyError, UnknownFirm
from tenants.periodic import register
from tenants.redis import journal_redis

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
#: A client that has not come back by then gets what it said so far committed.
RESUME_WINDOW_SECONDS: Final = 120.0
MAX_SESSIONS: Final = 10_000


def reap() -> None:
    """One look at all sessions with uncommitted audio, of all firms."""
    found: Any = journal_redis().zrange(journal.pending_key(), 0, MAX_SESSIONS - 1, withscores=True)
    now = time.time()
    oldest = max(0.0, now - found[0][1]) if found else 0.0
    WAITING.put({WAITING_SESSIONS: {(): len(found)}, WAITING_SECONDS: {(): oldest}})
    for member, since in found:
        firm_id, session_id = (UUID(part) for part in member.decode().split(":"))
        try:
            entry = directory.resolve_firm(firm_id)
            entry.check_served()
        except UnknownFirm:
            journal_redis().zrem(journal.pending_key(), member)
            continue
        except FirmUnavailable:
            continue
        with firm_scope(entry.ref):
            try:
                _reap(session_id, now - since)
            except (DatabaseError, TenancyError, AudioError) as error:
                # One firm's bad day is not the others': theirs are looked at all the same.
                logger.warning("session_not_reaped", extra={"session": str(session_id), "error": type(error).__name__})


def _reap(session_id: UUID, age: float) -> None:
    if age >= journal.UNCOMMITTED_SECONDS:
        _expire(session_id)
    elif journal.claim_listener(session_id):
        send_listener(session_id, "scheduler")
    elif age >= RESUME_WINDOW_SECONDS and journal.end_abandoned(session_id, RESUME_WINDOW_SECONDS):
        send_listener(session_id, "abandoned")


def _expire(session_id: UUID) -> None:
    """Audio that nobody could commit for a day: say so, and let it go."""
    try:
        session = selectors.voice_session(session_id)
        with lease(session_id, session.epoch) as held:
            if held is None:
                return
            while give_up(session, held, "uncommitted_too_long"):
                held.check()
    except SessionGone:
        logger.warning("expired_audio_without_session")
    except LeaseLost:
        return
    except NotAgreed:
        journal.withdraw_session(session_id)
        return
    journal.discard_session(session_id)


register("voice-reaper", LOOK_SECONDS, reap, everywhere=True)
