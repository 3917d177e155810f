"""Jobs of the conversation."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from intake.services import paging
from tenants.jobs import actor

TIME_LIMIT_MS: Final = 300_000
MAX_AGE_MS: Final = 6 * 3_600_000


# Not retried by Dramatiq: what was not done stands in the tables, and the sweep goes on with it.
@actor(max_retries=0, time_limit=TIME_LIMIT_MS, max_age=MAX_AGE_MS)
def tell_of_alert(alert_id: str) -> None:
    """Go on with telling people of an alert, and come back when there is more to do. Sent twice it does no more."""
    key = UUID(alert_id)
    left = paging.carry_on(key)
    if left is not None:
        paging.enqueue(key, left)
