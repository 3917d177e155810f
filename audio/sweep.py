"""Once a second, for all sockets of this process: what wake-ups and luck have missed.

One query a firm finds conversations that moved on, one pipeline finds audio that nobody listens to.
Twice a second every socket's audio side gets its tick. Here, too, a firm that may no longer be served
loses its sockets.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import redis
from django.db import Error as DatabaseError

from audio import selectors
from audio.actors import send_listener
from audio.journal import CLAIM_LISTENER, claim_arguments
from tenants import directory, keys
from tenants.aio import run_db
from tenants.context import FirmRef, firm_scope
from tenants.errors import FirmUnavailable, TenancyError, UnknownFirm
from tenants.redis import async_journal_redis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio.session import VoiceSocket

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.5
TICKS_PER_SWEEP: Final = 2
SWEEPS_PER_KEYRING: Final = 30
FIRMS_AT_ONCE: Final = 4
CLOSE_FIRM: Final = 4003
CLOSE_CLOSED: Final = 4010


class Sweeper:
    """One an event loop; see `sweeper()`."""

    def __init__(self) -> None:
        self._sockets: set[VoiceSocket] = set()
        self._limit = asyncio.Semaphore(FIRMS_AT_ONCE)
        self._sweeping: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._checks: set[asyncio.Task[None]] = set()
        # Not in the scope of the socket that happened to come first.
        self._task = asyncio.create_task(self._run(), name="voice-sweep", context=contextvars.Context())
        self._stop_watching = directory.on_firm_changed(self._firm_changed)

    @property
    def is_running(self) -> bool:
        """False once its loop's end has cancelled it."""
        return not self._task.done()

    def add(self, voice: VoiceSocket) -> None:
        """Look after a socket."""
        self._sockets.add(voice)

    def remove(self, voice: VoiceSocket) -> None:
        """It has closed."""
        self._sockets.discard(voice)

    async def _run(self) -> None:
        count = 0
        try:
            while True:
                await asyncio.sleep(TICK_SECONDS)
                count += 1
                for voice in list(self._sockets):
                    with firm_scope(voice.firm):
                        voice.audio.tick()
                        voice.check_idle(time.monotonic())
                if count % TICKS_PER_SWEEP == 0 and (self._sweeping is None or self._sweeping.done()):
                    refresh = count % (TICKS_PER_SWEEP * SWEEPS_PER_KEYRING) == 0
                    self._sweeping = asyncio.create_task(self._sweep(refresh_keys=refresh))
        finally:
            self._stop_watching()

    async def _sweep(self, *, refresh_keys: bool) -> None:
        by_firm: dict[FirmRef, list[VoiceSocket]] = defaultdict(list)
        for voice in self._sockets:
            by_firm[voice.firm].append(voice)
        await asyncio.gather(*(self._sweep_firm(firm, voices, refresh_keys) for firm, voices in by_firm.items()))

    async def _sweep_firm(self, firm: FirmRef, voices: Sequence[VoiceSocket], refresh_keys: bool) -> None:
        async with self._limit:
            with firm_scope(firm):
                try:
                    await self._wake_the_behind(voices)
                    await self._send_listeners(voices)
                    if refresh_keys:
                        ring = await run_db(keys.ring)
                        for voice in voices:
                            voice.audio.ring = ring
                except (DatabaseError, redis.RedisError, OSError, TenancyError) as error:
                    logger.warning("sweep_failed", extra={"error": type(error).__name__})

    async def _wake_the_behind(self, voices: Sequence[VoiceSocket]) -> None:
        standings = await run_db(selectors.standings, [voice.session_id for voice in voices])
        for voice in voices:
            standing = standings.get(voice.session_id)
            if standing is None:
                continue
            moved = standing.last_turn > voice.seen_turn or standing.committed_sample > voice.seen_committed
            voice.seen_committed = standing.committed_sample
            if moved or voice.commit_waits is not None:
                voice.wake()
            voice.standing(standing)

    async def _send_listeners(self, voices: Sequence[VoiceSocket]) -> None:
        spoken = [voice for voice in voices if voice.audio.has_pending]
        if not spoken:
            return
        async with async_journal_redis().pipeline(transaction=False) as pipe:
            for voice in spoken:
                pipe.eval(CLAIM_LISTENER, 4, *claim_arguments(voice.session_id))
            for voice, needed in zip(spoken, await pipe.execute(), strict=True):
                if needed:
                    voice.send_listener(send_listener, "sweep")

    def _firm_changed(self, firm: FirmRef) -> None:
        """On the directory's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._check_soon, firm)

    def _check_soon(self, firm: FirmRef) -> None:
        task = self._loop.create_task(self._check_firm(firm))
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)

    async def _check_firm(self, firm: FirmRef) -> None:
        hosts: tuple[str, ...] = ()
        try:
            entry = await directory.aresolve_firm(firm.id)
            entry.check_served()
            hosts = entry.hosts
        except (UnknownFirm, FirmUnavailable):
            pass
        for voice in list(self._sockets):
            if voice.firm.id == firm.id and voice.host not in hosts:
                voice.outbox.end(CLOSE_FIRM, "tenant_disabled", "This address is not served right now.")


_sweepers: WeakKeyDictionary[asyncio.AbstractEventLoop, Sweeper] = WeakKeyDictionary()


def sweeper() -> Sweeper:
    """The running loop's sweeper, started at first use."""
    loop = asyncio.get_running_loop()
    found = _sweepers.get(loop)
    if found is None or not found.is_running:
        found = _sweepers[loop] = Sweeper()
    return found
