"""Jobs of the conversation."""

from __future__ import annotations

from uuid import UUID

from tenants.jobs import actor

MAX_AGE_MS = 600_000
TIME_LIMIT_MS = 120_000


# Never retried: what our own readers found is kept, and the breaker says whether it is worth asking again.
@actor(max_retries=0, max_age=MAX_AGE_MS, time_limit=TIME_LIMIT_MS)
def propose_facts(intake_id: str, number: int) -> None:
    """Have the firm's language model read turn `number`. Sent twice, the second finds the answers known."""
    from intake.services.proposing import propose

    propose(intake_id=UUID(intake_id), number=number)
