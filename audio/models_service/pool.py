"""The slots of one service: handed to sockets, taken back, replaced when they die. Runs on the service's loop."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from audio.models_service import metrics, slot
from audio.models_service.errors import ServiceError, SlotLost, SlotRefused

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

START_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 10.0
"""A step takes 10 ms and the slowest final 200; what takes longer than this never comes."""
LONGEST_PAUSE: Final = 5.0
MAX_FAILURES: Final = 6
"""Nurseries that may fail in a row before the service ends, for whoever started it to see."""


class Slot:
    """One slot's process. One question at a time."""

    def __init__(self, pid: int, channel: socket.socket, pool: Pool) -> None:
        self.pid = pid
        self.is_dead = False
        self._channel = channel
        self._pool = pool
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._why = "slot_died"
        self._reader = asyncio.create_task(self._read(), name=f"slot-{pid}")

    async def open(self, state: str | None) -> None:
        """Begin an utterance. Raises SlotLost, SlotRefused."""
        await self._ask(slot.OPEN + json.dumps(state).encode())

    async def step(self, pcm: bytes) -> str | None:
        """Hear a step; the words so far when they changed. Raises SlotLost."""
        answer = await self._ask(slot.STEP + pcm)
        return answer[1:].decode() if answer[:1] == slot.PARTIAL else None

    async def finish(self) -> dict[str, Any]:
        """End the utterance: its text, words and next state. Raises SlotLost."""
        found: dict[str, Any] = json.loads((await self._ask(slot.FINISH))[1:])
        return found

    async def drop(self) -> None:
        """Forget an utterance that is open. Raises SlotLost."""
        await self._ask(slot.DROP)

    def end(self, why: str) -> None:
        """End the process, whatever it is doing."""
        if not self.is_dead:
            self._why = why
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def gone(self) -> None:
        """Close this end and wait until the reader has seen it."""
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader
        self._channel.close()

    async def _ask(self, question: bytes) -> bytes:
        if self.is_dead:
            raise SlotLost(self._why)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.get_running_loop().sock_sendall(self._channel, question)
                answer = await self._answers.get()
        except TimeoutError:
            self.end("slot_stuck")
            raise SlotLost("slot_stuck") from None
        except OSError:
            raise SlotLost(self._why) from None
        except asyncio.CancelledError:
            self.end("abandoned")  # its answer would be the next question's
            raise
        if not answer:
            raise SlotLost(self._why)
        if answer[:1] == slot.REFUSED:
            code, _, message = answer[1:].decode().partition("\n")
            raise SlotRefused(code, message)
        return answer

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        answer = b"-"
        while answer:
            try:
                answer = await loop.sock_recv(self._channel, slot.MAX_PACKET)
            except OSError:
                answer = b""
            if not answer:
                self.is_dead = True
            self._answers.put_nowait(answer)
        self._channel.close()
        self._pool.died(self, self._why)


class Pool:
    """All slots, and the nursery that they come from.

    `recogniser`: the engine's name and version, once started. `failed` is done when no more slots can be had.
    """

    def __init__(self, size: int, folder: Path) -> None:
        self.size = size
        self.recogniser = ""
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._folder = folder
        self._idle: list[Slot] = []
        self._busy: set[Slot] = set()
        self._nursery: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._short = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        metrics.SLOTS.set(size)

    @property
    def busy(self) -> int:
        """Slots that somebody has."""
        return len(self._busy)

    @property
    def ready(self) -> int:
        """Slots that live."""
        return len(self._busy) + len(self._idle)

    async def start(self) -> None:
        """Load the model and start every slot. Raises ServiceError."""
        await self._start_nursery()
        while self.ready < self.size:
            self._idle.append(await self._new_slot())
        self._count()
        self._keeper = asyncio.create_task(self._keep_full(), name="slots")

    def take(self) -> Slot | None:
        """A slot for one socket; None when all are busy. Give it back."""
        if not self._idle:
            return None
        taken = self._idle.pop()
        self._busy.add(taken)
        self._count()
        return taken

    async def give_back(self, taken: Slot) -> None:
        """The socket has gone. Whatever it left open is dropped before another has the slot."""
        if taken not in self._busy:
            return
        try:
            await taken.drop()
        except SlotLost:
            return  # it has been counted and is being replaced
        if taken in self._busy:
            self._busy.discard(taken)
            self._idle.append(taken)
            self._count()

    def died(self, lost: Slot, why: str) -> None:
        """A slot's process has ended."""
        self._busy.discard(lost)
        if lost in self._idle:
            self._idle.remove(lost)
        self._count()
        metrics.SLOT_DEATHS.labels(why).inc()
        logger.error("slot_lost", extra={"pid": lost.pid, "code": why})
        self._short.set()

    async def stop(self) -> None:
        """End the nursery and every slot."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        for one in (*self._idle, *self._busy):
            await one.gone()
        self._idle.clear()
        self._busy.clear()
        await self._end_nursery()

    def _count(self) -> None:
        metrics.READY.set(self.ready)
        metrics.BUSY.set(self.busy)

    async def _keep_full(self) -> None:
        failures = 0
        while True:
            await self._short.wait()
            self._short.clear()
            while self.ready < self.size:
                try:
                    if self._control is None:
                        await self._start_nursery()
                    self._idle.append(await self._new_slot())
                    failures = 0
                    self._count()
                except (ServiceError, OSError) as error:
                    await self._end_nursery()
                    failures += 1
                    logger.exception("nursery_lost", extra={"failures": failures})
                    if failures >= MAX_FAILURES:
                        if not self.failed.done():
                            self.failed.set_result(str(error))
                        return
                    await asyncio.sleep(min(LONGEST_PAUSE, 0.1 * 3**failures))

    async def _start_nursery(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        command = (sys.executable, "-m", "audio.models_service.nursery", str(theirs.fileno()), str(self._folder))
        # numpy's threads would not survive the fork; no decoder needs them.
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._control = ours
        with theirs:
            self._nursery = await asyncio.create_subprocess_exec(*command, pass_fds=(theirs.fileno(),), env=env)
        said = json.loads(await self._hear(START_SECONDS) or b"{}")
        if "recogniser" not in said:
            # An engine may end its process where it meets a file that it cannot read.
            raise ServiceError(
                said.get("error")
                or "The model cannot be loaded: the process that does so ended, or said nothing for "
                f"{START_SECONDS:.0f} s; what it wrote is above. Use the models of this release."
            )
        self.recogniser = said["recogniser"]

    async def _new_slot(self) -> Slot:
        if self._control is None:
            raise ServiceError("The process that loads the model is not there.")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
            pid = await self._hear(ANSWER_SECONDS)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        if not pid:
            ours.close()
            raise ServiceError("The process that loads the model has ended.")
        logger.info("slot_ready", extra={"pid": int(pid)})
        return Slot(int(pid), ours, self)

    async def _hear(self, seconds: float) -> bytes:
        """The nursery's next packet; nothing when it has ended or takes too long."""
        if self._control is None:
            return b""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().sock_recv(self._control, 4096)
        except (TimeoutError, OSError):
            return b""

    async def _end_nursery(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._nursery is not None:
            with suppress(ProcessLookupError):
                self._nursery.kill()
            await self._nursery.wait()
            self._nursery = None
