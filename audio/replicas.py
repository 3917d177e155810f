"""What the journal acknowledges is on its leader's disk and on replicas, so that it outlives the leader.

A replica answers after it has synced to its own disk. In the ordinary state all of them must have a write, so whoever
is made leader has it. When one has been away for `SHORT_SECONDS`, the others are enough. Not sooner: a replica that
left a moment ago may be leader by now, and the one that we write to, which stalled, may not know it yet. Its last
replica is taken from it within about a second; then no write is confirmed here at all.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from tenants.redis import NotReplicated, journal_redis

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_MS: Final = 500
#: While one is known to be away, for one that still answers: nobody waits for the other.
SHORT_WAIT_MS: Final = 30
SHORT_SECONDS: Final = 3.0


class Unconfirmed(NotReplicated):
    """A leader answered, and not enough of its replicas have the write."""


class Replicas:
    """Judges the answers to WAIT of one leader. `wanted` is how many replicas there are; 0 asks for none."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self._least = 1 if wanted else 0
        self._short_since: float | None = None

    def arguments(self, now: float) -> tuple[str, int, int]:
        """The command that asks, to be sent after the write on the same connection."""
        return "WAIT", self.wanted, SHORT_WAIT_MS if self._is_short(now) else WAIT_MS

    def judge(self, count: int, now: float) -> None:
        """`count` replicas have it. Raises Unconfirmed when that does not do."""
        if count >= self.wanted:
            self._short_since = None
            return
        if count < self._least:
            self._short_since = None
        elif self._short_since is None:
            self._short_since = now
        if not self._is_short(now):
            raise Unconfirmed(f"{count} of {self.wanted} replicas have it")

    def forget(self) -> None:
        """Another leader may answer next: what was known of this one's replicas says nothing."""
        self._short_since = None

    def _is_short(self, now: float) -> bool:
        return self._short_since is not None and now - self._short_since >= SHORT_SECONDS


def durably(add: Callable[[Any], Any]) -> Any:
    """The last answer of what `add` puts into a pipeline, once a replica has it as well.

    For what happens once in a session, so one replica is enough. Blocking. Raises redis.RedisError.
    """
    wanted = settings.JOURNAL_REPLICAS
    with journal_redis().pipeline(transaction=False) as pipe:
        add(pipe)
        if wanted:
            pipe.execute_command("WAIT", wanted, WAIT_MS)  # type: ignore[no-untyped-call]
        answers = pipe.execute()
    if wanted and answers.pop() < 1:
        raise NotReplicated("no replica has it")
    return answers[-1]


def now() -> float:
    """The clock that `Replicas` is told."""
    return time.monotonic()
