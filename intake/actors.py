"""Jobs of the conversation."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from intake.services import refusing
from tenants.jobs import actor

TIME_LIMIT_MS: Final = 60_000
MAX_AGE_MS: Final = 6 * 3_600_000


# Not retried by Dramatiq: how often it was tried stands in the row, and the sweep goes on with it.
@actor(max_retries=0, time_limit=TIME_LIMIT_MS, max_age=MAX_AGE_MS)
def send_declination(declination_id: str) -> None:
    """Try to send the message that a client was declined. Sent twice it does no more."""
    refusing.send(UUID(declination_id))
