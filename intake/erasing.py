"""Who else holds a client's words: an upper layer registers what empties its own copies of them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

#: Called inside the transaction with the ids of the utterances whose words go; returns how many things it emptied.
Eraser = Callable[[frozenset[UUID]], int]

_erasers: dict[str, Eraser] = {}


def register_eraser(name: str, erase: Eraser) -> None:
    """Add one. Call from `AppConfig.ready()`; a second of the same name takes the first one's place."""
    _erasers[name] = erase


def erase_utterances(utterances: frozenset[UUID]) -> dict[str, int]:
    """What each emptied, by its name."""
    return {name: erase(utterances) for name, erase in _erasers.items()} if utterances else {}
