"""The bell of the broker: whoever waits for a job looks at once, and without a bell he looks by himself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import dramatiq
import pytest
import redis
from django.conf import settings

from tenants.redis import broker_redis
from tenants.watched_broker import WatchedBroker
from tests.support.waiting import wait_for

#: Nobody would look by himself before a test's own limit.
FOREVER_MS = 60_000
Pair = tuple[WatchedBroker, WatchedBroker, str]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Who sends, who waits, and a queue that is nobody else's."""
    queue = f"bell-{uuid4().hex[:8]}"
    made = [WatchedBroker(url=settings.REDIS_BROKER_URL, middleware=[]) for _ in range(2)]
    for broker in made:
        broker.declare_queue(queue)
    yield made[0], made[1], queue
    for broker in made:
        broker.close()


def job(queue: str) -> dramatiq.Message[Any]:
    return dramatiq.Message(queue_name=queue, actor_name="nothing", args=(), kwargs={}, options={})


def taken(broker: WatchedBroker, queue: str, poll_ms: int = FOREVER_MS) -> Callable[[], list[Any]]:
    """A consumer in a thread of its own; what it has taken so far."""
    found: list[Any] = []

    def consume() -> None:
        consumer = broker.consume(queue, prefetch=1, timeout=poll_ms)
        while not found:
            if (message := next(consumer)) is not None:
                found.append(message)

    threading.Thread(target=consume, daemon=True).start()
    return lambda: found


def is_heard(queue: str) -> bool:
    return broker_redis().pubsub_numpat() > 0


def test_a_job_is_taken_when_it_is_rung_for(pair: Pair) -> None:
    sender, waiter, queue = pair
    found = taken(waiter, queue)
    wait_for(lambda: is_heard(queue))
    time.sleep(0.2)  # it has looked, and waits
    sender.enqueue(job(queue))
    assert wait_for(found, 10)[0].actor_name == "nothing"


def test_the_bell_is_heard_again_after_its_connection_was_lost(pair: Pair) -> None:
    sender, waiter, queue = pair
    found = taken(waiter, queue)
    wait_for(lambda: is_heard(queue))
    broker_redis().client_kill_filter(_type="pubsub")
    sender.enqueue(job(queue))  # rung while nobody hears; found when the listener is back
    assert wait_for(found, 20)


def test_without_a_bell_it_looks_by_itself(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    sender, waiter, queue = pair

    def away(_queue: str) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(sender.bell, "ring", away)
    found = taken(waiter, queue, poll_ms=100)
    time.sleep(0.3)
    sender.enqueue(job(queue))
    assert wait_for(found, 10), "and the sender was not told of an error"


def test_idle_it_asks_seldom(pair: Pair) -> None:
    _, waiter, queue = pair
    consumer = waiter.consume(queue, prefetch=1, timeout=100)
    before = broker_redis().info("commandstats")["cmdstat_evalsha"]["calls"] if next(consumer) is None else 0
    for _ in range(5):
        assert next(consumer) is None
    after = broker_redis().info("commandstats")["cmdstat_evalsha"]["calls"]
    assert after - before <= 6, "one look each, and no more"


def test_a_delayed_job_rings_for_nobody(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    sender, _, queue = pair
    rung: list[str] = []
    monkeypatch.setattr(sender.bell, "ring", rung.append)
    sender.enqueue(job(queue), delay=1000)
    assert rung == []
    sender.enqueue(job(queue))
    assert rung == [queue]
