"""What can be deleted of an intake. Apps that hold more than rows of it register an eraser; this app knows none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Eraser:
    """Deletes one kind of thing.

    Args:
        name: unique, at most 20 characters; staff read it with spaces for underscores.
        kinds: taking one of these consents back asks for it.
        erase: deletes what the intake had before the consent was given again (None: it was not), at most a batch
            of it in one call; how many pieces went. Called again until it says 0, each time in a transaction that
            holds the intake's lock; may be cut off anywhere.
        may_be_held: whether a legal hold keeps it.
    """

    name: str
    kinds: frozenset[str]
    erase: Callable[[UUID, datetime | None], int]
    may_be_held: bool = True


_erasers: dict[str, Eraser] = {}


def register_eraser(eraser: Eraser) -> None:
    """Add an eraser. Call from `AppConfig.ready()`."""
    _erasers[eraser.name] = eraser


def eraser_named(name: str) -> Eraser | None:
    """The eraser of this name; None when no app here has it."""
    return _erasers.get(name)


def erasers_for(kind: str) -> list[Eraser]:
    """What goes when this consent is taken back."""
    return [eraser for eraser in _erasers.values() if kind in eraser.kinds]
