"""The Redis broker, with a bell: who puts a job into a queue rings, and who waits for one looks at once.

Dramatiq's consumers look into an empty queue again and again. To pick a job up within milliseconds each would have to
look a hundred times a second, and a hundred idle slots would keep Redis busy with nothing. Here they wait for the bell
(one published message a job), and look by themselves only now and then: for what was rung while nobody could hear.

Also a note of when each queue was last read: how a worker knows that it still works. And, where the broker's Redis has
replicas, an answer only when one of them has the job: it outlives the leader.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Final

import redis
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer

from tenants.redis import NotReplicated

logger = logging.getLogger(__name__)

# Commands out of a million that also look after dead workers' jobs: every ten seconds or so a process.
MAINTENANCE_CHANCE: Final = 10_000
# Between two tries to hear the bell again, and the longest that the listener waits for it at a time.
BACK_SECONDS: Final = 1.0
LISTEN_SECONDS: Final = 1.0
# For a replica that has fallen behind; one that keeps up answers within a millisecond or two.
REPLICATED_MS: Final = 1_000
# A consumer that has all the jobs it may have asks nobody; so soon it sees that one has ended.
BUSY_SECONDS: Final = 0.01

_read_at: dict[str, float] = {}


class Bell:
    """Hears, in a thread of its own, for which queues somebody rang."""

    def __init__(self, client: redis.Redis, namespace: str) -> None:
        self._client, self._prefix = client, f"{namespace}:bell:"
        self._rung: dict[str, threading.Event] = {}
        self._closed = threading.Event()
        self._listener: threading.Thread | None = None

    def of(self, queue: str) -> threading.Event:
        """Set when somebody has put a job into `queue`. Whoever waits for it clears it before he looks."""
        event = self._rung.setdefault(queue, threading.Event())
        if self._listener is None:
            self._listener = threading.Thread(target=self._listen, name="bell", daemon=True)
            self._listener.start()
        return event

    def ring(self, queue: str) -> None:
        """Tell every process that waits. Raises redis.RedisError."""
        self._client.publish(self._prefix + queue, b"")

    def close(self) -> None:
        """Stop listening, within LISTEN_SECONDS."""
        self._closed.set()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                with self._client.pubsub() as heard:  # type: ignore[no-untyped-call]
                    heard.psubscribe(self._prefix + "*")
                    self._hear(heard)
            except (redis.RedisError, OSError) as error:
                # Until it is back everybody looks by himself.
                logger.debug("bell_lost", extra={"error": type(error).__name__})
                self._closed.wait(BACK_SECONDS)

    def _hear(self, heard: redis.client.PubSub) -> None:
        while not self._closed.is_set():
            message = heard.get_message(timeout=LISTEN_SECONDS)
            if message is None:
                continue
            if message["type"] == "psubscribe":  # what was rung before we listened
                rung = list(self._rung.values())
            else:
                queue = message["channel"].decode().removeprefix(self._prefix)
                rung = [self._rung[queue]] if queue in self._rung else []
            for event in rung:
                event.set()


class WatchedConsumer(_RedisConsumer):
    """Waits for the bell where Dramatiq's would sleep, and notes each look into its queue that Redis answered."""

    def __init__(self, broker: WatchedBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, 0)  # type: ignore[no-untyped-call]  # 0: it never sleeps
        self._longest = timeout / 1000
        self._rung = broker.bell.of(queue_name)

    def __next__(self) -> Any:
        """A message, or None when there is none after the wait."""
        self._rung.clear()
        found = super().__next__()  # type: ignore[no-untyped-call]
        _read_at[self.queue_name] = time.monotonic()
        if found is None:
            is_busy = self.outstanding_message_count >= self.prefetch
            self._rung.wait(min(BUSY_SECONDS, self._longest) if is_busy else self._longest)
        return found


class WatchedBroker(RedisBroker):
    """A Redis broker that rings, and whose consumers wait for it. `replicas`: how many must have a job."""

    def __init__(self, *, replicas: int = 0, **options: Any) -> None:
        super().__init__(maintenance_chance=MAINTENANCE_CHANCE, **options)  # type: ignore[no-untyped-call]
        self._replicas = replicas
        self.bell = Bell(self.client, self.namespace)

    @property
    def consumer_class(self) -> type[WatchedConsumer]:
        """What reads one queue."""
        return WatchedConsumer

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Put a job into its queue, and ring.

        Raises what Dramatiq's raises when it cannot be put there; NotReplicated when it may yet be lost: send it again.
        """
        put: Message[Any] = super().enqueue(message, delay=delay)
        if delay is None:
            try:
                self.bell.ring(put.queue_name)
            except redis.RedisError as error:
                # The job is there; it waits for somebody's next look.
                logger.debug("bell_not_rung", extra={"error": type(error).__name__})
        if self._replicas:
            self._confirm()
        return put

    def _confirm(self) -> None:
        """Whatever the leader has by now, its replicas have. Raises redis.RedisError."""
        with self.client.pipeline(transaction=False) as pipe:
            pipe.ping()  # WAIT looks at what was there when its connection last did something
            pipe.execute_command("WAIT", self._replicas, REPLICATED_MS)
            _, count = pipe.execute()
        if count < self._replicas:
            raise NotReplicated(f"{count} of {self._replicas} replicas have the job")

    def close(self) -> None:
        """Stop listening, then as Dramatiq's."""
        self.bell.close()
        super().close()


def seconds_unread() -> float:
    """How long ago the queue that was read least lately was read, of those that this process reads."""
    return max((time.monotonic() - at for at in list(_read_at.values())), default=0.0)
