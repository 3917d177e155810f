"""The jobs of the conversation. Django imports this file by its name, so that every worker knows them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from intake.contact import actors as contact_actors
from intake.services import paging
from tenants.jobs import actor

ALERT_LIMIT_MS: Final = 300_000
ALERT_AGE_MS: Final = 6 * 3_600_000
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
    key = UUID(alert_id)
    left = paging.carry_on(key)
    if left is not None:
        paging.enqueue(key, left)


__all__ = ["contact_actors", "propose_facts", "tell_of_alert"]
