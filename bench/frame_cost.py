"""CPU a frame at 100 sockets x 25 frames a second, none dropped.

Ours is the whole socket: header, order, rate, gate, sealed journal (synced to disk), acknowledgements,
sweep. The peer is a stock `AsyncWebsocketConsumer` on stock Daphne that only discards; the third column
a bare plain loop on the same Daphne. All voices speak all the time: the gate keeps nearly every frame.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench.report import Row, main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
FRAME_SECONDS = 0.04


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU a frame, and how many frames of those sent the server took."""

    microseconds: float
    taken: int
    sent: int


async def bare_loop(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The least an ASGI application can do; tells how many frames it got."""
    await receive()
    await send({"type": "websocket.accept"})
    count = 0
    while (message := await receive())["type"] != "websocket.disconnect":
        if message.get("bytes") is not None:
            count += 1
        else:
            await send({"type": "websocket.send", "text": json.dumps({"durable_seq": count - 1})})


def stock_application() -> Any:
    """Channels as its documentation shows it."""
    from channels.generic.websocket import AsyncWebsocketConsumer

    class Discards(AsyncWebsocketConsumer):  # type: ignore[misc]
        count = 0

        async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
            if bytes_data is not None:
                self.count += 1
            else:
                await self.send(json.dumps({"durable_seq": self.count - 1}))

    return Discards.as_asgi()


def serve(kind: str, port: int) -> None:
    """Run a peer in this process until it is killed."""
    import django
    from daphne.server import Server
    from django.conf import settings

    settings.configure(INSTALLED_APPS=["channels"], CHANNEL_LAYERS={})
    django.setup()
    application = bare_loop if kind == "bare" else stock_application()
    Server(application, endpoints=[f"tcp:port={port}:interface=127.0.0.1"]).run()


async def drive(doors: list[dict[str, Any]], frames: list[bytes], seconds: float, cpu: Callable[[], float]) -> Cost:
    """Send every socket its frames in real time; the server's CPU until it has said that all are taken."""
    from websockets.asyncio.client import connect

    sockets = [await connect(**door, compression=None, proxy=None, max_queue=None) for door in doors]
    await asyncio.sleep(1.5)
    count = int(seconds / FRAME_SECONDS)
    before, began = cpu(), time.monotonic()

    async def one(number: int) -> int:
        client, durable = sockets[number], -1

        async def talk() -> None:
            await asyncio.sleep(FRAME_SECONDS * number / len(sockets))
            for seq in range(count):
                await client.send(frames[seq])
                due = began + FRAME_SECONDS * (seq + 1 + number / len(sockets))
                await asyncio.sleep(max(0.0, due - time.monotonic()))

        talking = asyncio.create_task(talk())
        asked = False
        while durable < count - 1:
            if talking.done() and not asked:
                asked = True
                await client.send('{"type":"input_audio_buffer.commit","event_id":"end"}')
            try:
                async with asyncio.timeout(15 if asked else 0.25):
                    event = json.loads(await client.recv())
            except TimeoutError:
                if asked:
                    break
                continue
            durable = max(durable, event.get("durable_seq", -1))
        await talking
        return durable + 1

    taken = sum(await asyncio.gather(*(one(number) for number in range(len(sockets)))))
    spent = cpu() - before
    for client in sockets:
        client.transport.abort()
    return Cost(spent / max(1, taken) * 1e6, taken, count * len(sockets))


def cpu_of(pid: int) -> Callable[[], float]:
    """Seconds of CPU a process has used."""
    process = psutil.Process(pid)

    def read() -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    return read


@contextmanager
def peer(kind: str) -> Iterator[tuple[int, int]]:
    """A peer's port and process number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "bench.frame_cost", kind, str(port)], cwd=ROOT)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port, server.pid
    finally:
        server.kill()
        server.wait()


def spoken_frames(count: int) -> list[bytes]:
    """Real speech without pauses, framed."""
    from audio.frames import encode
    from tests.audio.clips import clips, framed

    speech = b"".join(clip.pcm[2 * clip.first_voiced : 2 * clip.last_voiced] for clip in clips())
    pcm = (speech * (1 + count * 1280 // len(speech)))[: 1280 * count]
    return [encode(frame) for frame in framed(pcm)]


def measure_ours(sockets: int, seconds: float) -> Cost:
    """The whole thing, as it runs."""
    from bench.voice_house import house

    with house(slots=0) as running:
        from tests.audio.voices import fresh_protocols, make_voice

        voices = [make_voice(running.firm, keep_audio=False) for _ in range(sockets)]
        doors = [
            {
                "uri": f"ws://{voice.host}/ws/v1/intake", "host": "127.0.0.1", "port": running.port,
                "origin": f"http://{voice.host}", "subprotocols": fresh_protocols(voice),
                "additional_headers": {"Cookie": voice.cookie},
            }
            for voice in voices
        ]  # fmt: skip
        frames = spoken_frames(int(seconds / FRAME_SECONDS))
        return asyncio.run(drive(doors, frames, seconds, cpu_of(running.children["server"].pid)))


def measure_peer(kind: str, sockets: int, seconds: float) -> Cost:
    """Stock consumer or bare loop."""
    with peer(kind) as (port, pid):
        frames = spoken_frames(int(seconds / FRAME_SECONDS))
        doors = [{"uri": f"ws://127.0.0.1:{port}/"}] * sockets
        return asyncio.run(drive(doors, frames, seconds, cpu_of(pid)))


def run(quick: bool) -> list[Row]:
    """100 sockets for 20 s each (quick: 10 for 2 s)."""
    sockets, seconds = (10, 2.0) if quick else (100, 20.0)
    ours = measure_ours(sockets, seconds)
    stock, bare = measure_peer("stock", sockets, seconds), measure_peer("bare", sockets, seconds)
    note = f"taken {ours.taken}/{ours.sent}, stock {stock.taken}/{stock.sent}, bare {bare.taken}/{bare.sent}"
    return [
        Row(f"CPU a frame, {sockets} sockets", ours.microseconds, stock.microseconds, "us", 0.6, note),
        Row("the same against a bare loop", ours.microseconds, bare.microseconds, "us"),
    ]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        serve(sys.argv[1], int(sys.argv[2]))
    else:
        main(run(quick="--quick" in sys.argv))
