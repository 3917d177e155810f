"""What a socket still has to say, by how much it matters.

Finals, turns and errors are never dropped. Of captions only the newest of each item waits, of
acknowledgements only the newest at all: for a reader that is slow, older ones say nothing more.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from audio.metrics import CAPTION_SECONDS, CAPTIONS_SUPPRESSED, ERRORS

if TYPE_CHECKING:
    from uuid import UUID

_replaced = CAPTIONS_SUPPRESSED.labels("replaced")
_final = CAPTIONS_SUPPRESSED.labels("final")

Send = Callable[[dict[str, Any]], Awaitable[None]]

#: event_seq grows over all sockets of a session: the socket's epoch times this, plus a count.
SEQ_PER_SOCKET: Final = 1_000_000_000


class Outbox:
    """One socket's. `run` sends until `close` and then closes the socket."""

    def __init__(self, session_id: UUID, epoch: int) -> None:
        self._session_id = str(session_id)
        self._seq = epoch * SEQ_PER_SOCKET
        self._must: deque[dict[str, Any]] = deque()
        self._captions: dict[str, tuple[dict[str, Any], float | None]] = {}
        self._ack: tuple[int, int, int] | None = None
        self._close: int | None = None
        self._wake = asyncio.Event()

    @property
    def is_closing(self) -> bool:
        """Whether nothing more is taken."""
        return self._close is not None

    @property
    def close_code(self) -> int | None:
        """What we close the socket with; None while it lives, or when its client left."""
        return self._close

    def say(self, kind: str, **fields: Any) -> None:
        """An event that must arrive, in order."""
        if self._close is None:
            self._must.append({"type": kind, **fields})
            self._wake.set()

    def caption(self, event: dict[str, Any], came: float | None = None) -> None:
        """A caption; takes the place of an older one of its item. `came`: when its audio did."""
        if self._close is None:
            if event["item_id"] in self._captions:
                _replaced.inc()
            self._captions[event["item_id"]] = event, came
            self._wake.set()

    def forget_caption(self, item_id: str) -> None:
        """The item is final: no caption may follow."""
        if self._captions.pop(item_id, None) is not None:
            _final.inc()

    def ack(self, received: int, durable: int, window: int) -> None:
        """How far audio has come; replaces an older one."""
        self._ack = (received, durable, window)
        self._wake.set()

    def error(
        self,
        code: str,
        message: str,
        *,
        kind: str = "invalid_request_error",
        fatal: bool = False,
        param: str | None = None,
        client_event_id: str | None = None,
        retry_after_ms: int | None = None,
        **more: Any,
    ) -> None:
        """Tell the client what is wrong."""
        ERRORS.labels(code).inc()
        error = {
            "type": kind, "code": code, "message": message, "param": param, "client_event_id": client_event_id,
            "fatal": fatal, "retry_after_ms": retry_after_ms,
        }  # fmt: skip
        self.say("error", error={**error, **more})

    def close(self, code: int) -> None:
        """Say what waits, then close with `code`. The first reason stays."""
        if self._close is None:
            self._close = code
            self._wake.set()

    def end(self, code: int, error_code: str, message: str, *, kind: str = "invalid_request_error") -> None:
        """A fatal error, then the close code."""
        self.error(error_code, message, kind=kind, fatal=True)
        self.close(code)

    async def run(self, send: Send) -> None:
        """Send until closed. Slow when `send` is."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._send_all(send)
            if self._close is not None:
                await send({"type": "websocket.close", "code": self._close})
                return

    async def _send_all(self, send: Send) -> None:
        while self._must or self._captions or self._ack is not None:
            if self._ack is not None:
                ack, self._ack = self._ack, None
                await send({"type": "websocket.send", "text": self._ack_text(*ack)})
            elif self._must:
                await self._send(send, self._must.popleft())
            else:
                caption, came = self._captions.pop(next(iter(self._captions)))
                await self._send(send, caption)
                if came is not None:
                    CAPTION_SECONDS.observe(time.monotonic() - came)

    async def _send(self, send: Send, event: dict[str, Any]) -> None:
        self._seq += 1
        whole = {**event, "event_id": f"ev_{self._seq}", "event_seq": self._seq, "session_id": self._session_id}
        await send({"type": "websocket.send", "text": json.dumps(whole, ensure_ascii=False, separators=(",", ":"))})

    def _ack_text(self, received: int, durable: int, window: int) -> str:
        # By hand: there are two or three a second and socket.
        self._seq += 1
        return (
            f'{{"type":"input_audio_buffer.ack","received_seq":{received},"durable_seq":{durable},"window":{window},'
            f'"event_id":"ev_{self._seq}","event_seq":{self._seq},"session_id":"{self._session_id}"}}'
        )
