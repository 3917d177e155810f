"""Who else holds a client's words: an upper layer registers what empties its own copies of them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

#: Called inside the transaction with the intake and the ids of the utterances whose words go; what was heard of the
#: intake and became no turn goes too. Returns how many things it emptied.
Emptier = Callable[[UUID, frozenset[UUID]], int]

_emptiers: dict[str, Emptier] = {}


def register_emptier(name: str, empty: Emptier) -> None:
    """Add one. Call from `AppConfig.ready()`; a second of the same name takes the first one's place."""
    _emptiers[name] = empty


def empty_utterances(intake_id: UUID, utterances: frozenset[UUID]) -> dict[str, int]:
    """What each emptied, by its name."""
    return {name: empty(intake_id, utterances) for name, empty in _emptiers.items()}
