"""The bounded server, over real sockets and in a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

SERVER = Path(__file__).with_name("echo_server.py")
ROOT = SERVER.parents[2]


class Running:
    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    @asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[ClientConnection]:
        address = f"ws://127.0.0.1:{self.port}{path}"
        async with connect(address, compression=None, proxy=None) as connection:
            yield connection

    def resident(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)


def start(port: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SERVER), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )


@pytest.fixture
def server() -> Iterator[Running]:
    process = start()
    assert process.stdout is not None
    running = Running(process, int(process.stdout.readline()))
    yield running
    process.kill()
    process.communicate()


async def _flood(running: Running, seconds: float) -> int:
    """Send 32 kB frames as fast as the server takes them; the number sent."""
    frame, sent = bytes(32 * 1024), 0
    async with running.socket("/slow") as client:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await client.send(frame)
                    sent += 1
        client.transport.abort()
    return sent


async def test_a_flood_is_slowed_by_tcp_and_others_are_still_served(server: Running) -> None:
    async with server.socket("/ack") as client:
        await client.send(b"warm")
        await client.recv()
        before = server.resident()
        floods = [asyncio.create_task(_flood(server, 2.0)) for _ in range(4)]
        await asyncio.sleep(0.5)
        async with asyncio.timeout(1):
            await client.send(bytes(1296))
            assert await client.recv() == "1296"
        await asyncio.sleep(1.0)
        grown = server.resident() - before
        sent = sum(await asyncio.gather(*floods))
    # Unbounded, four such clients put all they can send into the server's memory.
    assert grown < 32 * 2**20, f"{grown / 2**20:.0f} MB for {sent} frames"
    assert sent < 4 * 600


async def test_an_oversize_frame_closes_with_1009(server: Running) -> None:
    async with server.socket("/ack") as client:
        await client.send(bytes(64 * 1024))
        assert await client.recv() == "65536"
        await client.send(bytes(64 * 1024 + 1))
        with pytest.raises(websockets.ConnectionClosed):
            await client.recv()
    assert client.close_code == 1009


async def test_sigterm_closes_with_1012_after_the_application_had_its_say(server: Running) -> None:
    async with server.socket("/ack") as stubborn, server.socket("/polite") as polite:
        async with httpx.AsyncClient() as client:
            await client.get(f"http://127.0.0.1:{server.port}/")  # a request that has just finished
        server.process.send_signal(signal.SIGTERM)
        assert await polite.recv() == "going away"
        with pytest.raises(websockets.ConnectionClosed):
            await polite.recv()
        with pytest.raises(websockets.ConnectionClosed):
            await stubborn.recv()
    assert (polite.close_code, stubborn.close_code) == (1012, 1012)
    assert server.process.wait(timeout=5) == 0
    assert server.process.stderr is not None
    assert server.process.stderr.read() == ""


async def test_sigterm_answers_what_it_has_and_takes_nothing_new(server: Running) -> None:
    base = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient() as kept, httpx.AsyncClient() as stranger:
        first = await kept.get(base)
        assert "connection" not in first.headers
        answer = asyncio.create_task(kept.post(f"{base}/wait", content=b"x" * 100))
        await asyncio.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        with pytest.raises(httpx.ConnectError):
            await stranger.get(base)
        found = await answer
    assert (found.status_code, found.text) == (200, "100")
    assert found.headers["connection"] == "close", "a proxy asks another replica from here on"
    assert server.process.wait(timeout=5) == 0


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_413_with_problem_details(server: Running, chunked: bool) -> None:
    body = json.dumps({"text": "x" * 1_200_000}).encode()
    content = iter([body[:100_000], body[100_000:]]) if chunked else body
    answer = httpx.post(f"http://127.0.0.1:{server.port}/", content=content)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "content_too_large"
    assert "server" not in answer.headers


def test_a_body_within_the_cap_arrives_whole(server: Running) -> None:
    answer = httpx.post(f"http://127.0.0.1:{server.port}/", content=b"x" * 900_000)
    assert (answer.status_code, answer.text) == (200, "900000")


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(port)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert f"127.0.0.1:{port}" in errors
