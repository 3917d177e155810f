"""One socket at the ASGI level: no server in between, every event checked against the protocol's schema."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

from channels.routing import URLRouter
from jsonschema import Draft202012Validator

from audio.frames import Frame, encode
from audio.routing import websocket_urlpatterns
from tenants.sockets import FirmSocketMiddleware

PROTOCOLS = Path(__file__).parent.parent.parent / "docs" / "protocol"


@cache
def schema(end: str) -> Draft202012Validator:
    """The schema of what `end` ("client" or "server") sends."""
    document = json.loads((PROTOCOLS / f"{end}.schema.json").read_text())
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)


def shapes(end: str) -> list[dict[str, Any]]:
    """The shape of each message that `end` may send."""
    document: Any = schema(end).schema
    found: list[dict[str, Any]] = document["oneOf"]
    return found


def check(end: str, message: dict[str, Any]) -> None:
    """Fail with the reason when `end` may not send this."""
    branches = [b for b in shapes(end) if b["properties"]["type"]["const"] == message.get("type")]
    assert branches, f"{end} may not send {message.get('type')}"
    validator = Draft202012Validator(branches[0], format_checker=Draft202012Validator.FORMAT_CHECKER)
    problems = [f"{list(e.path)}: {e.message}" for e in validator.iter_errors(message)]
    assert not problems, (message.get("type"), problems)


class Wire:
    """A client's end. Use as a context manager; leaving it hangs up."""

    def __init__(
        self,
        host: str,
        cookie: str,
        protocols: list[str],
        *,
        origin: str | None = None,
        going_away: asyncio.Event | None = None,
        slow: asyncio.Event | None = None,
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self.accepted: str | None = None
        self.closed: int | None = None
        self.status: int | None = None
        self._slow = slow
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._news = asyncio.Condition()
        self._taken = 0
        extensions: dict[str, Any] = {"websocket.http.response": {}}
        if going_away is not None:
            extensions["legal_intake.going_away"] = going_away
        headers = [
            (b"host", host.encode()),
            (b"origin", (f"http://{host}" if origin is None else origin).encode()),
            (b"cookie", cookie.encode()),
        ]
        self._scope = {
            "type": "websocket", "path": "/ws/v1/intake", "raw_path": b"/ws/v1/intake", "query_string": b"",
            "root_path": "", "headers": headers, "subprotocols": protocols, "scheme": "ws",
            "client": ["127.0.0.1", 5000], "server": ["127.0.0.1", 80], "extensions": extensions,
        }  # fmt: skip
        self._app = FirmSocketMiddleware(URLRouter(websocket_urlpatterns))
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Wire:
        self._inbox.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(self._scope, self._inbox.get, self._send))
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._task is not None
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})
        if self._slow is not None:
            self._slow.set()
        done, _ = await asyncio.wait({self._task}, timeout=10)
        if not done:
            for t in asyncio.all_tasks():
                t.print_stack()
        assert done
        self._task.result()

    async def _send(self, message: dict[str, Any]) -> None:
        if self._slow is not None and message["type"] == "websocket.send":
            await self._slow.wait()
        async with self._news:
            if message["type"] == "websocket.accept":
                self.accepted = message["subprotocol"]
            elif message["type"] == "websocket.close":
                self.closed = message["code"]
            elif message["type"] == "websocket.http.response.start":
                self.status = message["status"]
            elif message["type"] == "websocket.send":
                event = json.loads(message["text"])
                check("server", event)
                self.events.append(event)
            self._news.notify_all()

    def frame(self, seq: int, pcm: bytes, sample_pos: int | None = None) -> None:
        """Send one frame; 40 ms a frame on the clock unless said otherwise."""
        self.raw(encode(Frame(seq, 640 * seq if sample_pos is None else sample_pos, pcm)))

    def raw(self, data: bytes) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "bytes": data, "text": None})

    def text(self, text: str) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "bytes": None, "text": text})

    def tell(self, kind: str, **fields: Any) -> None:
        self.text(json.dumps({"type": kind, **fields}))

    async def until(self, kind: str, seconds: float = 8, **fields: Any) -> dict[str, Any]:
        """The next event of this type (with these values) that was not waited for before."""

        def found() -> int | None:
            for index in range(self._taken, len(self.events)):
                event = self.events[index]
                if event["type"] == kind and all(_get(event, name) == value for name, value in fields.items()):
                    return index
            return None

        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: found() is not None)
            index = found()
            assert index is not None
            self._taken = index + 1
            return self.events[index]

    async def until_error(self, code: str, seconds: float = 8) -> dict[str, Any]:
        event = await self.until("error", seconds, error__code=code)
        return event["error"]  # type: ignore[no-any-return]

    async def until_closed(self, seconds: float = 8) -> int:
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: self.closed is not None)
        assert self.closed is not None
        return self.closed

    async def until_refused(self, seconds: float = 5) -> None:
        """Answered by HTTP, before accept."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: self.status is not None)

    async def until_durable(self, seq: int, seconds: float = 8) -> None:
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(
                lambda: any(e["type"] == "input_audio_buffer.ack" and e["durable_seq"] >= seq for e in self.events)
            )


def _get(event: dict[str, Any], name: str) -> Any:
    value: Any = event
    for part in name.split("__"):
        value = value.get(part) if isinstance(value, dict) else None
    return value
