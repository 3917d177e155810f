"""How long the queues are, read from the broker's own keys. The scheduler's leader looks for all."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from tenants.observed import Observed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import redis

LOOK_SECONDS: Final = 10.0
NAMESPACE: Final = "dramatiq"

READY: Final = "legal_intake_queue_ready"
IN_FLIGHT: Final = "legal_intake_queue_in_flight"
DELAYED: Final = "legal_intake_queue_delayed"
DEAD: Final = "legal_intake_queue_dead"
OLDEST: Final = "legal_intake_queue_oldest_seconds"

QUEUES = Observed(
    {
        READY: ("Jobs that wait for a worker.", ("queue",)),
        IN_FLIGHT: ("Jobs that a worker has fetched and not finished.", ("queue",)),
        DELAYED: ("Jobs that wait for their time: retries, and those of firms that may not be served.", ("queue",)),
        DEAD: ("Jobs that were given up in the last seven days.", ("queue",)),
        OLDEST: ("How long ago the next job was first enqueued; 0 for an empty queue.", ("queue",)),
    },
    keep_seconds=3 * LOOK_SECONDS,
)


def look(client: redis.Redis, queues: Iterable[str]) -> None:
    """Read every queue and put what was found. Raises redis.RedisError."""
    workers = [worker.decode() for worker in _list(client.zrange(f"{NAMESPACE}:__heartbeats__", 0, -1))]
    found: dict[str, dict[tuple[str, ...], float]] = {name: {} for name in (READY, IN_FLIGHT, DELAYED, DEAD, OLDEST)}
    for queue in queues:
        for name, value in _look_at(client, queue, workers).items():
            found[name][(queue,)] = value
    QUEUES.put(found)


def _look_at(client: redis.Redis, queue: str, workers: list[str]) -> dict[str, float]:
    key = f"{NAMESPACE}:{queue}"
    with client.pipeline(transaction=False) as pipe:
        pipe.llen(key)
        pipe.hlen(f"{key}.DQ.msgs")
        pipe.zcard(f"{key}.XQ")
        pipe.lindex(key, 0)
        for worker in workers:
            pipe.scard(f"{NAMESPACE}:__acks__.{worker}.{queue}")
        ready, delayed, dead, first, *fetched = pipe.execute()
    age = _age(client.hget(f"{key}.msgs", first)) if first else 0.0
    return {READY: ready, IN_FLIGHT: sum(fetched), DELAYED: delayed, DEAD: dead, OLDEST: age}


def _age(message: Any) -> float:
    """Seconds since a message was first enqueued; 0 for one that a worker took meanwhile."""
    if not message:
        return 0.0
    enqueued = float(json.loads(message)["message_timestamp"]) / 1000
    return max(0.0, time.time() - enqueued)


def _list(answer: Any) -> list[bytes]:
    return list(answer)
