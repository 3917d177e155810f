"""How often a client's act waits for the database: what each costs where the database is a region away.

Our server talks to PostgreSQL through a door that counts how often it asks and waits for the answer, and that can hold
every word back as a long way would. The counts are what `docs/capacity.md` multiplies with a round trip; the held-back
runs say whether that product is what a client then waits.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from bench.report import Row, main, median
from bench.typed_turn import STORY, Talker, databases, host_of, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Milliseconds, there and back: the next town, the same continent, an ocean, the other side of the world.
FAR = (20.0, 60.0, 150.0, 250.0)


class Door:
    """A way to PostgreSQL that is as long as it is told to be, and counts how often somebody waits at it."""

    def __init__(self, port: int) -> None:
        self.waits = 0
        self.seconds = 0.0
        self.port = 0
        self._behind = port
        self._loop = asyncio.new_event_loop()
        self._open = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._open.wait(10)

    def close(self) -> None:
        """Let nobody through any more."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        listening = self._loop.run_until_complete(asyncio.start_server(self._enter, "127.0.0.1", 0))
        self.port = listening.sockets[0].getsockname()[1]
        self._open.set()
        self._loop.run_forever()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await asyncio.open_connection("127.0.0.1", self._behind)
        turn = [False]  # whether the last word came from the client
        await asyncio.gather(self._carry(reader, behind[1], turn, True), self._carry(behind[0], writer, turn, False))

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: list[bool], asks: bool
    ) -> None:
        """Words in their order, each held back by half a round trip, however many are on their way."""
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(self._deliver(way, writer))
        while block := await reader.read(65536):
            if asks and not turn[0]:
                self.waits += 1
            turn[0] = asks
            way.put_nowait((self._loop.time() + self.seconds / 2, block))
        way.put_nowait((0.0, b""))
        await delivery

    async def _deliver(self, way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            at, block = await way.get()
            if not block:
                writer.close()
                return
            await asyncio.sleep(max(0.0, at - self._loop.time()))
            writer.write(block)


@contextmanager
def through_a_door() -> Iterator[Door]:
    """PostgreSQL, Redis, a firm, and our server behind the door; DATABASE_URL leads through it."""
    with databases():
        url = urlsplit(os.environ["DATABASE_URL"])
        door = Door(url.port or 5432)
        there = url.netloc.rpartition("@")[0]
        netloc = f"{there}@127.0.0.1:{door.port}" if there else f"127.0.0.1:{door.port}"
        os.environ["DATABASE_URL"] = urlunsplit(url._replace(netloc=netloc))
        try:
            yield door
        finally:
            door.close()


async def typed(address: str, door: Door, turns: int) -> dict[float, tuple[list[float], list[int]]]:
    """For each way: the seconds of each turn of one conversation, and how often it waited."""
    found: dict[float, tuple[list[float], list[int]]] = {}
    async with httpx.AsyncClient(
        base_url=address, headers={"Host": host_of("sealed")}, timeout=120, trust_env=False
    ) as http:
        for way in (0.0, *FAR):
            door.seconds = 0.0
            talker = Talker(http)
            await talker.begin()
            await talker.say(STORY)
            door.seconds = way / 1000
            await talker.say(STORY)
            took, waited = [], []
            for _ in range(turns):
                before = door.waits
                took.append(await talker.say(STORY))
                waited.append(door.waits - before)
            found[way] = took, waited
    door.seconds = 0.0
    return found


def acts(door: Door, times: int) -> dict[str, int]:
    """How often each act waits, in this process: the middle of several."""
    from django.db import connections

    from audio import selectors, services
    from audio.utterances import Final, Reason
    from tenants import directory
    from tenants.context import firm_scope, public_scope
    from tests.audio.voices import make_voice

    with public_scope():
        entry = directory.resolve_host(host_of("sealed"))
    directory.stop_watching()
    here: Any = connections["default"]
    here.close()
    here.close_pool()
    here.settings_dict.update(HOST="127.0.0.1", PORT=str(door.port))
    voice = make_voice(entry.ref)

    def utterance(number: int, keep: bool) -> Callable[[], object]:
        pcm, start = b"\1\0" * 16000, 640 + 16000 * number
        words: Any = tuple(
            {"word": word, "start_ms": 1000 * number + 90 * i, "end_ms": 1000 * number + 90 * i + 80}
            for i, word in enumerate(STORY.split()[:9])
        )
        final = Final(STORY[:60], words, start, start + len(pcm) // 2, None, "{}", Reason.SILENCE, pcm)
        session = (kept if keep else heard).session_id
        return lambda: services.commit_utterance(session_id=session, epoch=1, heard=final, recogniser="bench")

    def listener() -> None:
        """What `audio.actors.listen` asks before it hears the first sound."""
        session = selectors.voice_session(heard.session_id)
        session.refresh_from_db()
        services.check_agreed(session)

    kept, heard = voice, make_voice(entry.ref, keep_audio=False)
    found: dict[str, list[int]] = {}
    with firm_scope(entry.ref):
        for number in range(times):
            for name, act in (
                ("a listener's start, before the first sound", listener),
                ("words of an utterance, committed", utterance(number, keep=False)),
                ("the same with its recording", utterance(number, keep=True)),
            ):
                before = door.waits
                act()
                found.setdefault(name, []).append(door.waits - before)
    return {name: int(median(counts)) for name, counts in found.items()}


class Counted(Talker):
    """A client who notes how often each of their requests made the server wait."""

    def __init__(self, http: httpx.AsyncClient, door: Door) -> None:
        super().__init__(http)
        self._door = door
        self.waits: dict[str, list[int]] = {}

    async def _send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        before = self._door.waits
        answer = await super()._send(method, path, body)
        self.waits.setdefault(path.rpartition("/")[2] or "begun", []).append(self._door.waits - before)
        return answer


async def opened(address: str, door: Door, times: int) -> dict[str, int]:
    """How often the beginnings wait, up to the story."""
    found: dict[str, list[int]] = {}
    headers = {"Host": host_of("sealed")}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60, trust_env=False) as http:
        for _ in range(times):
            talker = Counted(http, door)
            await talker.begin()
            await talker._send("GET", "/api/intakes/current")
            answers = talker.waits["turns"] + talker.waits["choices"]
            for name, count in (
                ("a conversation begun", talker.waits["begun"][0]),
                ("an answer before the story, the middle", int(median(answers))),
                ("the answer that the conflict gate follows", max(answers)),
                ("the conversation read again", talker.waits["current"][0]),
            ):
                found.setdefault(name, []).append(count)
    return {name: int(median(counts)) for name, counts in found.items()}


def run(quick: bool) -> list[Row]:
    """Counts, and what a typed turn then takes."""
    turns, times = (2, 2) if quick else (9, 5)
    with through_a_door() as door:
        with server("sealed") as address:
            far = asyncio.run(typed(address, door, turns))
            counts = asyncio.run(opened(address, door, times))
        counts |= acts(door, times)
    (near, waits) = far[0.0]
    number = int(median(waits))
    rows = [
        Row("waits for the database: a typed turn", number, None, "round trips", note=f"{min(waits)} to {max(waits)}")
    ]
    rows += [Row(f"the same: {name}", count, None, "round trips") for name, count in counts.items()]
    rows.append(Row("a typed turn, the database here, P50", median(near) * 1000, None, "ms"))
    for way in FAR:
        took = median(far[way][0]) * 1000
        note = f"{number} x {way:.0f} ms and the turn itself are {median(near) * 1000 + number * way:.0f} ms"
        rows.append(Row(f"the same, {way:.0f} ms away", took, None, "ms", note=note))
    return rows


if __name__ == "__main__":
    main(run(quick="--quick" in sys.argv))
