"""The lease on a voice session: one listener at a time, fenced by an epoch that only grows.

The lease lives 3 s and is renewed each second from a thread of its own, because a decoder may hold a
step for longer than that under load. It is lost when Redis says so, or when 3 s have passed without an
answer: by then another may hold it. What a listener does under a lost lease is refused twice more,
by the journal (a trim names its epoch) and by the database (a commit does).
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import redis

from audio.errors import LeaseLost
from audio.journal import script_keys
from tenants.redis import journal_redis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

logger = logging.getLogger(__name__)

LEASE_SECONDS: Final = 3.0
RENEW_SECONDS: Final = 1.0

# KEYS: state, stream, lease, pending. ARGV: the highest epoch the database knows, milliseconds.
_TAKE: Final = """
if redis.call('EXISTS', KEYS[3]) == 1 or redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0} end
local epoch = math.max(tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0'), tonumber(ARGV[1])) + 1
redis.call('HSET', KEYS[1], 'epoch', epoch)
redis.call('HDEL', KEYS[1], 'parked', 'sent', 'sends')
redis.call('SET', KEYS[3], epoch, 'PX', ARGV[2])
return {epoch, redis.call('HINCRBY', KEYS[1], 'attempts', 1)}
"""

# ARGV: epoch, milliseconds.
_RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

# KEYS: state, stream, lease, pending. ARGV: epoch, '1' for a clean end (which counts as no attempt), the
# entry that is left on purpose or ''.
_RELEASE: Final = """
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[3])
if ARGV[2] == '1' then redis.call('HDEL', KEYS[1], 'attempts') end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'parked', ARGV[3]) end
return 1
"""


class Lease:
    """A lease that is held. `epoch` fences; `attempts` counts leases since the last commit or clean end."""

    def __init__(self, session_id: UUID, epoch: int, attempts: int) -> None:
        self.epoch = epoch
        self.attempts = attempts
        self.park_at = ""
        self._keys = script_keys(session_id)
        self._until = time.monotonic() + LEASE_SECONDS
        self._stopped = threading.Event()
        self._renewer = threading.Thread(target=self._renew_each_second, name="lease", daemon=True)
        self._renewer.start()

    @property
    def is_held(self) -> bool:
        """Whether nobody else can hold it at this moment."""
        return time.monotonic() < self._until

    def check(self) -> None:
        """Raises LeaseLost."""
        if not self.is_held:
            raise LeaseLost("another listener may have this session now")

    def release(self, *, clean: bool) -> None:
        """Give it back, so that the next listener need not wait; says what is left on purpose."""
        self._stopped.set()
        self._renewer.join()
        if self.is_held:
            journal_redis().eval(_RELEASE, 4, *self._keys, self.epoch, int(clean), self.park_at)

    def _renew_each_second(self) -> None:
        while not self._stopped.wait(RENEW_SECONDS):
            asked = time.monotonic()
            try:
                renewed = journal_redis().eval(_RENEW, 1, self._keys[2], self.epoch, _milliseconds())
            except redis.RedisError as error:
                logger.warning("lease_not_renewed", extra={"error": type(error).__name__})
                continue
            if not renewed:
                self._until = 0.0
                return
            self._until = asked + LEASE_SECONDS


@contextmanager
def lease(session_id: UUID, known_epoch: int) -> Iterator[Lease | None]:
    """Hold the session's lease for the block; None when another holds it.

    Args:
        session_id: of the current firm.
        known_epoch: the epoch in the session's row; the new one is higher, even after Redis lost its own.
    """
    taken: Any = journal_redis().eval(_TAKE, 4, *script_keys(session_id), known_epoch, _milliseconds())
    epoch, attempts = taken
    if not epoch:
        yield None
        return
    held = Lease(session_id, int(epoch), int(attempts))
    clean = False
    try:
        yield held
        clean = True
    finally:
        try:
            held.release(clean=clean)
        except redis.RedisError as error:
            # It ends by itself in 3 s.
            logger.warning("lease_not_released", extra={"error": type(error).__name__})


def _milliseconds() -> int:
    return int(LEASE_SECONDS * 1000)
