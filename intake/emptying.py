"""Who else holds a client's words: an upper layer registers what empties its own copies of them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

#: Called inside the transaction with the ids of the utterances whose words go; returns how many things it emptied.
Emptier = Callable[[frozenset[UUID]], int]

_emptiers: dict[str, Emptier] = {}


def register_emptier(name: str, empty: Emptier) -> None:
    """Add one. Call from `AppConfig.ready()`; a second of the same name takes the first one's place."""
    _emptiers[name] = empty


def empty_utterances(utterances: frozenset[UUID]) -> dict[str, int]:
    """What each emptied, by its name."""
    return {name: empty(utterances) for name, empty in _emptiers.items()} if utterances else {}
