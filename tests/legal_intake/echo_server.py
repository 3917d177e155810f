"""A bounded server around a small application, run as a process of its own by test_server.py.

Paths: /slow reads one message each 50 ms, /ack answers every binary frame with its length, /polite
answers going_away with a message of its own and closes itself. HTTP answers the body's length, /wait after a
second.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from legal_intake.server import BoundedServer
from legal_intake.server_names import GOING_AWAY


async def _http(path: str, receive: Any, send: Any) -> None:
    length, more = 0, True
    if path == "/wait":
        await asyncio.sleep(1)
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


async def _polite(scope: Any, send: Any) -> None:
    await scope["extensions"][GOING_AWAY].wait()
    await send({"type": "websocket.send", "text": "going away"})
    await send({"type": "websocket.close", "code": 1012})


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await _http(scope["path"], receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/polite":
        await _polite(scope, send)
        return
    while (message := await receive())["type"] == "websocket.receive":
        if scope["path"] == "/slow":
            await asyncio.sleep(0.05)
        else:
            await send({"type": "websocket.send", "text": str(len(message["bytes"]))})


def main() -> str | None:
    """Serve, and say on stdout at which port; what went wrong."""
    server: BoundedServer

    def ready() -> None:
        sys.stdout.write(f"{server.listening_addresses[0][1]}\n")
        sys.stdout.flush()

    server = BoundedServer(application, host="127.0.0.1", port=int(sys.argv[1]), ready_callable=ready)
    server.run()
    return server.failed


if __name__ == "__main__":
    sys.exit(main())
