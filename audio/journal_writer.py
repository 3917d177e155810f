"""Writes the journals of all sockets of this process: one command a tick, whatever their number.

Few speak: a tick is half a frame long, and nobody waits for it. Many speak: it grows until an entry
holds two frames, which halves what sealing, packing and syncing cost for each.

A socket marks itself dirty; at the next tick the writer asks each dirty one for what it has, and sends
everything as one script call. Only when Redis has answered, after its sync to disk, and its replicas after
theirs (audio.replicas), does a socket hear `stored`. While Redis is away, or changes its leader, writes wait
and are repeated as they are: their entry ids make a repetition harmless.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import logging
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from weakref import WeakKeyDictionary

import msgpack  # type: ignore[import-untyped]
import redis
from django.conf import settings

from audio.journal import APPEND, COMMITTED_TTL, UNCOMMITTED_TTL, pending_key
from audio.metrics import JOURNAL_DOWN, JOURNAL_SECONDS
from audio.replicas import Replicas, Unconfirmed, now
from tenants.redis import async_journal_redis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio.journal import SessionKeys

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.02
LONGEST_TICK_SECONDS: Final = 0.09
TICK_SECONDS_A_WRITE: Final = 0.0009
RETRY_SECONDS: Final = 0.2
SESSIONS_A_CALL: Final = 256
_SHA: Final = hashlib.sha1(APPEND.encode(), usedforsecurity=False).hexdigest()


class Write(NamedTuple):
    """What one socket has for the journal: its gate's state, and perhaps an entry.

    Args:
        keys: the session's names.
        epoch: the socket's; a newer socket's makes the write refused.
        gate: the gate's exported state after the frames of `entry`.
        next_seq: the first frame that the journal will not cover.
        is_open: whether the gate is open.
        entry_id, entry: an entry and its sealed content; both empty for none.
    """

    keys: SessionKeys
    epoch: int
    gate: bytes
    next_seq: int
    is_open: bool
    entry_id: str = ""
    entry: bytes = b""


class Port(Protocol):
    """A socket, as the writer knows it."""

    def collect(self) -> Write | None:
        """What is to be written now."""
        ...

    def stored(self, write: Write) -> None:
        """It is on disk."""
        ...

    def refused(self) -> None:
        """A newer socket has the session."""
        ...

    def withdrawn(self) -> None:
        """The client no longer agrees to be heard."""
        ...

    def journal_is_down(self) -> None:
        """It waits; nothing is lost, nothing is durable."""
        ...


class JournalWriter:
    """One an event loop; see `writer()`."""

    def __init__(self) -> None:
        self._dirty: dict[Port, None] = {}
        self._wake = asyncio.Event()
        # Not in the scope of the socket that happened to come first.
        self._task = asyncio.create_task(self._run(), name="journal-writer", context=contextvars.Context())
        self._pending = pending_key()
        self._replicas = Replicas(settings.JOURNAL_REPLICAS)

    def submit(self, port: Port) -> None:
        """Ask `port` for its write at the next tick. O(1)."""
        self._dirty[port] = None
        self._wake.set()

    @property
    def is_running(self) -> bool:
        """False once its loop's end has cancelled it."""
        return not self._task.done()

    async def _run(self) -> None:
        tick = TICK_SECONDS
        while True:
            await self._wake.wait()
            await asyncio.sleep(tick)
            self._wake.clear()
            dirty, self._dirty = self._dirty, {}
            batch = [(port, write) for port in dirty if (write := port.collect()) is not None]
            for start in range(0, len(batch), SESSIONS_A_CALL):
                await self._store(batch[start : start + SESSIONS_A_CALL])
            tick = min(max(TICK_SECONDS, len(batch) * TICK_SECONDS_A_WRITE), LONGEST_TICK_SECONDS)

    async def _store(self, batch: Sequence[tuple[Port, Write]]) -> None:
        """Write until Redis has it, and its replicas."""
        keys, arguments = self._command([write for _, write in batch])
        while True:
            began = time.perf_counter()
            try:
                answer = await _call(keys, arguments, self._replicas)
            except (redis.RedisError, OSError) as error:
                if not isinstance(error, Unconfirmed):
                    self._replicas.forget()
                JOURNAL_DOWN.inc()
                logger.warning("journal_unavailable", extra={"error": type(error).__name__})
                for port, _ in batch:
                    port.journal_is_down()
                await asyncio.sleep(RETRY_SECONDS)
                continue
            JOURNAL_SECONDS.observe(time.perf_counter() - began)
            break
        for (port, write), said in zip(batch, answer.decode(), strict=True):
            if said == "k":
                port.stored(write)
            elif said == "r":
                port.refused()
            elif said == "w":
                port.withdrawn()
            else:
                port.journal_is_down()
                self.submit(port)

    def _command(self, writes: Sequence[Write]) -> tuple[list[str], list[Any]]:
        keys: list[str] = []
        arguments: list[Any] = [time.time(), UNCOMMITTED_TTL, COMMITTED_TTL]
        for write in writes:
            keys += (write.keys.state, write.keys.stream)
            # Redis' Lua knows only the older kind of MessagePack, in which text and bytes are one.
            packed = (
                str(write.epoch), write.gate, str(write.next_seq), "1" if write.is_open else "0",
                write.keys.member, write.entry_id, write.entry,
            )  # fmt: skip
            arguments.append(msgpack.packb(packed, use_bin_type=False))
        keys.append(self._pending)
        return keys, arguments


async def _call(keys: list[str], arguments: list[Any], replicas: Replicas) -> bytes:
    try:
        return await _confirmed(["EVALSHA", _SHA, len(keys), *keys, *arguments], replicas)
    except redis.exceptions.NoScriptError:  # Redis was restarted, or another one leads
        return await _confirmed(["EVAL", APPEND, len(keys), *keys, *arguments], replicas)


async def _confirmed(command: list[Any], replicas: Replicas) -> bytes:
    """The answer to a command, when enough replicas have what it wrote. Raises Unconfirmed."""
    client: Any = async_journal_redis()
    if not replicas.wanted:
        alone: bytes = await client.execute_command(*command)
        return alone
    async with client.pipeline(transaction=False) as pipe:
        pipe.execute_command(*command)
        pipe.execute_command(*replicas.arguments(now()))
        answer, count = await pipe.execute()
    replicas.judge(count, now())
    found: bytes = answer
    return found


_writers: WeakKeyDictionary[asyncio.AbstractEventLoop, JournalWriter] = WeakKeyDictionary()


def writer() -> JournalWriter:
    """The running loop's writer, started at first use."""
    loop = asyncio.get_running_loop()
    found = _writers.get(loop)
    if found is None or not found.is_running:
        found = _writers[loop] = JournalWriter()
    return found
