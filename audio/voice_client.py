"""The microphone of the client in `audio.client`: one voice session over as many sockets as it takes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin, Subprotocol

from audio.frames import FLAG_RETRANSMISSION, STEP_SAMPLES, Frame, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio.client import IntakeClient

FRAME_SECONDS: Final = STEP_SAMPLES / 16_000
FRAME_BYTES: Final = STEP_SAMPLES * 2
RESUME_SPEED: Final = 3.5
MOST_BEHIND_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 20.0
#: After these the session goes on, with a fresh ticket.
RETRY_CODES: Final = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 4031})


class ClientError(Exception):
    """The server said no, or cannot be reached. `code` is the server's, or `unreachable`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Heard:
    """What the server has told of the conversation by voice."""

    completed: dict[str, dict[str, Any]] = field(default_factory=dict)
    turns: dict[int, dict[str, Any]] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    started: set[str] = field(default_factory=set)
    double: list[str] = field(default_factory=list)

    @property
    def last_turn(self) -> int:
        """The number of the newest turn."""
        return max(self.turns, default=0)


class VoiceClient:
    """A microphone: frames wait in a ring until they are durable; a cut socket is resumed."""

    def __init__(
        self, intake: IntakeClient, session: dict[str, Any], on_event: Callable[[dict[str, Any]], None] | None
    ) -> None:
        self.intake, self.session = intake, session
        self.heard = Heard()
        self.durable = -1
        self.sockets = 0
        self.close_code: int | None = None
        self.ring: deque[Frame] = deque()
        self._on_event = on_event
        self._protocols: list[str] | None = session["protocols"]
        self._last_turn = session.get("last_turn", intake.snapshot.get("last_turn", 0))
        self._next_seq = self._next_pos = 0
        self._window = 100
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._committed: set[str | None] = set()
        self._resumed: dict[str, Any] | None = None
        self._created = False

    @property
    def session_id(self) -> str:
        """The voice session's id."""
        return str(self.session["session_id"])

    async def connect(self) -> None:
        """Open a socket, the first or the next. Raises ClientError when the server refuses for good."""
        await self._drop()
        # Before the new socket tells of turns: what came with them was lost with the old one.
        known = max(self._last_turn, self.heard.last_turn)
        if self._protocols is None:
            answer = await self.intake.post(f"/api/voice/sessions/{self.session_id}/ticket")
            self._protocols = answer["protocols"]
        protocols, self._protocols = self._protocols, None
        intake = self.intake
        address, _, port = intake.address.rpartition(":")
        secure: dict[str, Any] = {"ssl": intake.tls, "server_hostname": intake.server_name} if intake.tls else {}
        try:
            self._socket = await connect(
                f"{'wss' if intake.tls else 'ws'}://{intake.host}{self.session['ws_path']}",
                host=address,
                port=int(port),
                **secure,
                origin=Origin(intake.origin),
                subprotocols=[Subprotocol(name) for name in protocols],
                additional_headers={"Cookie": intake.cookie_header, **intake.headers},
                compression=None,
                max_size=2**20,
                proxy=None,
            )
        except (OSError, InvalidHandshake, TimeoutError) as error:
            raise ClientError("unreachable", f"no socket: {type(error).__name__}") from None
        self._resumed, self._created, self.close_code = None, False, None
        self._reader = asyncio.create_task(self._read(self._socket))
        self.sockets += 1
        await self._answered(lambda: self._created)
        if self.sockets > 1:
            await self._resume(known)

    async def _resume(self, last_turn: int) -> None:
        oldest = self.ring[0].seq if self.ring else self._next_seq
        await self.tell(
            "session.resume", session_id=self.session_id, resume_token=self.session["resume_token"],
            last_turn=last_turn, next_audio_seq=self._next_seq, oldest_buffered_seq=oldest,
        )  # fmt: skip
        await self._answered(lambda: self._resumed is not None)
        expected = (self._resumed or {})["next_expected_seq"]
        for frame in [frame for frame in self.ring if frame.seq >= expected]:
            again = Frame(frame.seq, frame.sample_pos, frame.pcm, frame.flags | FLAG_RETRANSMISSION)
            await self.raw(encode(again))
            await asyncio.sleep(FRAME_SECONDS / RESUME_SPEED)

    async def speak(self, pcm: bytes, *, pace: float = 1.0) -> None:
        """Send audio in frames of 40 ms in real time (`pace` 0: as fast as the window lets)."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        for offset in range(0, len(pcm), FRAME_BYTES):
            chunk = pcm[offset : offset + FRAME_BYTES]
            if len(chunk) < FRAME_BYTES:
                chunk += bytes(FRAME_BYTES - len(chunk))
            await self.send_frame(chunk)
            # A recording waits while the socket comes back; it is not hurried through afterwards.
            due = max(due + FRAME_SECONDS * pace, loop.time() - MOST_BEHIND_SECONDS)
            if due > loop.time():
                await asyncio.sleep(due - loop.time())

    async def send_frame(self, pcm: bytes) -> None:
        """One frame, coming back as often as it takes when the socket is cut."""
        frame = Frame(self._next_seq, self._next_pos, pcm)
        self._next_seq, self._next_pos = self._next_seq + 1, frame.end_pos
        self.ring.append(frame)
        while frame.seq - self.durable > self._window and self._socket is not None:
            await self._until(lambda: frame.seq - self.durable <= self._window or self._socket is None)
        if self._socket is None:
            await self.come_back()
        else:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(encode(frame))

    async def come_back(self) -> None:
        """Reconnect with back-off until the server takes the session on, or refuses it for good."""
        delay = 0.1
        while True:
            if self.close_code is not None and self.close_code not in RETRY_CODES:
                raise ClientError(f"closed_{self.close_code}", self._last_error())
            try:
                await self.connect()
            except (ClientError, ConnectionClosed) as error:
                code = getattr(error, "code", "")
                if code in {"session_expired", "no_intake", "stage_closed"}:
                    raise
                await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                delay = min(4.0, delay * 2)
            else:
                return

    async def cut(self) -> None:
        """Break the connection without a word, as a network does."""
        if self._socket is not None:
            self._socket.transport.abort()
            await self._until(lambda: self._socket is None)

    async def cut_in_mid_frame(self) -> None:
        """The same with half a frame on its way: its length is announced, and not all of it comes."""
        if self._socket is not None:
            # A masked binary message of 1,296 bytes, of which 600 follow.
            self._socket.transport.write(b"\x82\xfe\x05\x10" + bytes(4) + bytes(600))
        await self.cut()

    async def finish(self, seconds: float = ANSWER_SECONDS) -> None:
        """All audio durable, then Done: returns when the server has heard all of it."""
        async with asyncio.timeout(seconds):
            while True:
                if self._socket is None:
                    await self.come_back()
                event_id = str(uuid4())
                await self.tell("input_audio_buffer.commit", event_id=event_id)
                await self._until(partial(self._is_committed, event_id), seconds)
                if event_id in self._committed:
                    return

    def _is_committed(self, event_id: str) -> bool:
        return event_id in self._committed or self._socket is None

    async def close(self) -> None:
        """End the session."""
        with contextlib.suppress(ConnectionClosed, ClientError):
            await self.tell("session.close")
            await self._until(lambda: self._socket is None, 3)
        await self._drop()

    async def tell(self, kind: str, **fields: Any) -> None:
        """Send one JSON message."""
        await self.raw(json.dumps({"type": kind, "event_id": str(uuid4()), **fields}))

    async def raw(self, data: str | bytes) -> None:
        """Send anything. Raises ClientError when there is no socket."""
        if self._socket is None:
            raise ClientError("unreachable", "the socket is closed")
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(data)

    async def until(self, condition: Callable[[Heard], bool], seconds: float = ANSWER_SECONDS) -> None:
        """Wait until what was heard fulfils `condition`. Raises TimeoutError."""
        await self._until(lambda: condition(self.heard), seconds)

    async def _drop(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _until(self, condition: Callable[[], bool], seconds: float = ANSWER_SECONDS) -> None:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    async def _answered(self, condition: Callable[[], bool]) -> None:
        """Wait for a greeting. Raises ClientError when the socket ends before it, or nothing comes."""
        try:
            await self._until(lambda: condition() or self._socket is None)
        except TimeoutError:
            await self._drop()
        if not condition():
            raise ClientError("unreachable", self._last_error())

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in socket:
                await self._take(json.loads(message))
        async with self._changed:
            self.close_code = socket.close_code
            if self._socket is socket:
                self._socket = None
            self._changed.notify_all()

    async def _take(self, event: dict[str, Any]) -> None:
        kind, heard = event["type"], self.heard
        if kind == "input_audio_buffer.ack":
            self.durable, self._window = max(self.durable, event["durable_seq"]), event["window"]
            while self.ring and self.ring[0].seq <= self.durable:
                self.ring.popleft()
        elif kind == "session.created":
            self._created = True
        elif kind == "session.resumed":
            self._resumed = event
        elif kind == "input_audio_buffer.committed":
            self._committed.add(event["client_event_id"])
        elif kind == "input_audio_buffer.speech_started":
            heard.started.add(event["item_id"])
        elif kind.endswith((".completed", ".failed")):
            known = heard.completed.get(event["item_id"])
            if known is not None and _said(known) != _said(event):
                heard.double.append(event["item_id"])
            heard.completed[event["item_id"]] = event
        elif kind == "turn":
            heard.turns[event["number"]] = event
        elif kind == "error":
            heard.errors.append(event["error"])
        if self._on_event is not None:
            self._on_event(event)
        async with self._changed:
            self._changed.notify_all()

    def _last_error(self) -> str:
        return str(self.heard.errors[-1]["message"]) if self.heard.errors else "the server closed the socket"


def _said(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in {"event_id", "event_seq"}}
