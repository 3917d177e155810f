"""The Redis broker, with a note of when each queue was last read: how a worker knows that it still works."""

from __future__ import annotations

import time
from typing import Any

from dramatiq.brokers.redis import RedisBroker, _RedisConsumer

_read_at: dict[str, float] = {}


class WatchedConsumer(_RedisConsumer):
    """Notes each look into its queue that Redis answered."""

    def __next__(self) -> Any:
        """A message, or None when there is none now."""
        found = super().__next__()  # type: ignore[no-untyped-call]
        _read_at[self.queue_name] = time.monotonic()
        return found


class WatchedBroker(RedisBroker):
    """A Redis broker whose consumers are watched."""

    @property
    def consumer_class(self) -> type[WatchedConsumer]:
        """What reads one queue."""
        return WatchedConsumer


def seconds_unread() -> float:
    """How long ago the queue that was read least lately was read, of those that this process reads."""
    return max((time.monotonic() - at for at in list(_read_at.values())), default=0.0)
