"""Memory growth under a flood: ours against stock Daphne, the same slow consumer.

Ten clients send 32 kB frames as fast as the server takes them while an eleventh, well behaved,
sends a small frame every 100 ms and waits for its answer.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from bench.report import Row, main

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FRAME = bytes(32 * 1024)
CLIENTS = 10
MEGABYTE = 1e6
SLOW_SECONDS = 0.02


async def consumer(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]) -> None:
    """Slow on `/slow`; on `/ack` it answers each message at once."""
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        if scope["path"] == "/ack":
            await send({"type": "websocket.send", "text": "ack"})
        else:
            await asyncio.sleep(SLOW_SECONDS)


def serve(kind: str, port: int) -> None:
    """Run one of the two servers in this process, until it is killed."""
    if kind == "ours":
        from legal_intake.server import BoundedServer

        BoundedServer(consumer, host="127.0.0.1", port=port).run()
    else:
        from daphne.server import Server

        Server(consumer, endpoints=[f"tcp:port={port}:interface=127.0.0.1"]).run()


@dataclass(slots=True)
class Measured:
    """What one flood did to one server."""

    grown_bytes: int = 0
    sent: int = 0
    answers: list[float] = field(default_factory=list)


async def _flood(port: int, until: float, measured: Measured) -> None:
    with suppress(WebSocketException, OSError, TimeoutError):
        async with connect(f"ws://127.0.0.1:{port}/slow", compression=None, proxy=None, close_timeout=0.1) as client:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                while True:
                    await client.send(FRAME)
                    measured.sent += 1
                    await asyncio.sleep(0)


async def _behave(port: int, until: float, measured: Measured) -> None:
    async with connect(f"ws://127.0.0.1:{port}/ack", compression=None, proxy=None, close_timeout=0.1) as client:
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                async with asyncio.timeout(max(0.1, until - began) + 5):
                    await client.send(b"frame")
                    await client.recv()
            finally:
                measured.answers.append(time.monotonic() - began)
            await asyncio.sleep(0.1)


async def _watch(process: psutil.Process, until: float, measured: Measured) -> None:
    before = process.memory_info().rss
    while time.monotonic() < until:
        measured.grown_bytes = max(measured.grown_bytes, process.memory_info().rss - before)
        await asyncio.sleep(0.1)


async def _measure(port: int, process: psutil.Process, seconds: float) -> Measured:
    measured = Measured()
    until = time.monotonic() + seconds
    floods = (_flood(port, until, measured) for _ in range(CLIENTS))
    await asyncio.gather(
        _watch(process, until, measured), _behave(port, until, measured), *floods, return_exceptions=True
    )
    return measured


async def _ready(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def measure(kind: str, seconds: float) -> Measured:
    """Start a server, flood it, stop it."""
    port = _free_port()
    command = [sys.executable, "-m", "bench.flood", "--serve", kind, str(port)]
    server = subprocess.Popen(command, cwd=Path(__file__).parent.parent, stderr=subprocess.DEVNULL, env={**os.environ})
    try:
        asyncio.run(_ready(port))
        return asyncio.run(_measure(port, psutil.Process(server.pid), seconds))
    finally:
        server.kill()
        server.wait()


def run(quick: bool) -> list[Row]:
    """Both servers, one after the other: 8 s each, or 1 s."""
    seconds = 1.0 if quick else 8.0
    ours = measure("ours", seconds)
    peer = measure("stock", seconds)
    grown, stock = ours.grown_bytes / MEGABYTE, peer.grown_bytes / MEGABYTE
    slowest, stock_slowest = max(ours.answers, default=0.0), max(peer.answers, default=0.0)
    return [
        Row("memory growth under a flood", grown, stock, "MB", 0.1, f"{ours.sent} frames in, stock {peer.sent}"),
        Row("the same, in figures", grown, None, "MB", 64, budget_is_ratio=False),
        Row("slowest answer to the well-behaved", slowest, stock_slowest, "s", 1.0, budget_is_ratio=False),
    ]


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main(run(quick="--quick" in sys.argv))
