"""Who did what: events chained by keyed hashes, written in the transaction of what they tell.

One chain an intake, and one for the firm (a single chain would make all clients of a firm wait
for each other). Each event's hash covers the one before it, with the firm's index key, which never
rotates: whoever can write to the database but has no key cannot forge a chain.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from django.db import connection
from django.utils import timezone

from intake.models import FIRM_CHAIN, AuditEvent, Intake
from tenants.context import current_firm
from tenants.crypto import blind_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

CLIENT: Final = "client"
SYSTEM: Final = "system"
_PURPOSE: Final = "audit.event"
_PAGE: Final = 1_000


def staff(user_id: UUID) -> str:
    """The actor's name of a member of staff."""
    return f"staff:{user_id}"


def record(
    *,
    action: str,
    chain: UUID | None,
    target_type: str,
    target_id: UUID | str,
    actor: str,
    data: dict[str, Any],
) -> AuditEvent:
    """Append an event. Call inside the transaction of what it tells; both stand or fall together.

    `chain` is an intake's id, or None for the firm. `data` is JSON of keys, numbers and ids: nothing
    a client said, no contact detail. The chain's lock is held until the transaction ends, so its
    sequence has no gap.
    """
    chain = chain or FIRM_CHAIN
    _lock(chain)
    last = AuditEvent.objects.filter(chain=chain).order_by("-sequence").values_list("sequence", "hash").first()
    sequence, previous = (last[0] + 1, bytes(last[1])) if last else (1, genesis(chain))
    event = AuditEvent(
        chain=chain, sequence=sequence, at=timezone.now(), actor=actor, action=action,
        target_type=target_type, target_id=str(target_id), data=data, previous_hash=previous,
    )  # fmt: skip
    event.hash = event_hash(event)
    event.save(force_insert=True)
    return event


def genesis(chain: UUID) -> bytes:
    """What the first event of a chain follows: the firm and the chain, so that no chain fits elsewhere."""
    return blind_index(f"{current_firm().id}:{chain}", purpose="audit.genesis")


def event_hash(event: AuditEvent) -> bytes:
    """32 bytes over every field of the event but its own hash."""
    covered = {
        "id": str(event.id),
        "chain": str(event.chain),
        "sequence": event.sequence,
        "at": _at(event.at),
        "actor": event.actor,
        "action": event.action,
        "target_type": event.target_type,
        "target_id": event.target_id,
        "data": event.data,
        "previous": bytes(event.previous_hash).hex(),
    }
    return blind_index(json.dumps(covered, sort_keys=True, separators=(",", ":")), purpose=_PURPOSE)


@dataclass(frozen=True, slots=True)
class Verified:
    """The result for one chain. `problem` is the first that was found, empty when the chain holds."""

    chain: UUID
    events: int
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing was changed, removed or put in between."""
        return not self.problem


def verify() -> Iterator[Verified]:
    """Check every chain of the current firm, and that each intake's chain reaches its last turn."""
    expected = dict(Intake.objects.values_list("id", "last_turn"))
    chains = set(AuditEvent.objects.order_by().values_list("chain", flat=True).distinct())
    for chain in sorted(chains | expected.keys()):
        yield _verify_chain(chain, _events(chain), expected.get(chain, 0))


def _events(chain: UUID) -> Iterator[AuditEvent]:
    """A chain's events in order, a page at a time: a firm's chain grows for as long as the firm exists."""
    reached = -1
    while page := list(AuditEvent.objects.filter(chain=chain, sequence__gt=reached).order_by("sequence")[:_PAGE]):
        yield from page
        reached = page[-1].sequence


def _verify_chain(chain: UUID, events: Iterator[AuditEvent], last_turn: int) -> Verified:
    previous, count, told = genesis(chain), 0, 0
    for count, event in enumerate(events, start=1):
        if event.sequence != count:
            return Verified(chain, count, f"event {count} is missing")
        if bytes(event.previous_hash) != previous:
            return Verified(chain, count, f"event {count} does not follow the one before it")
        if bytes(event.hash) != event_hash(event):
            return Verified(chain, count, f"event {count} was changed")
        previous, told = bytes(event.hash), max(told, int(event.data.get("last_turn", 0)))
    if not count:
        return Verified(chain, 0, "the intake has no events")
    if told != last_turn:
        return Verified(chain, count, f"the end is missing: {last_turn} turns, and events that tell of {told}")
    return Verified(chain, count)


def _lock(chain: UUID) -> None:
    """One writer a chain at a time. The key mixes in the firm: firms share the database's locks."""
    key = int.from_bytes(blind_index(str(chain), purpose="audit.lock")[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _at(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
