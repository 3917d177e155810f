"""What one unit costs, for the capacity model: `python -m bench.unit_costs`. No peer.

CPU time, so that others who keep the machine busy count little.
Speech: CPU of detector and recogniser, and bytes of the sealed master's FLAC, a second of speech (tests/clips).
Typed turns: CPU of the api process and of PostgreSQL, bytes of tables and of WAL, a turn; the same for beginning a
conversation; bytes of a firm that nobody has used. Ten clients at once, since who waits costs nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from typing import Any

import httpx
import psutil

from bench.report import heading
from bench.typed_turn import STORY, Talker, databases, host_of, server

CLIENTS = 10
KIND = "sealed"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU so far, and bytes."""

    api: float
    postgres: float
    tables: int
    wal: int

    def each(self, before: Spent, count: int) -> str:
        """What came since, a unit."""
        return (
            f"api CPU {1000 * (self.api - before.api) / count:.1f} ms, "
            f"PostgreSQL CPU {1000 * (self.postgres - before.postgres) / count:.1f} ms, "
            f"tables {(self.tables - before.tables) / count:,.0f} bytes, "
            f"WAL {(self.wal - before.wal) / count:,.0f} bytes"
        )


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _spent() -> Spent:
    from django.db import connection

    from tenants.context import public_scope

    ours = psutil.Process().children(recursive=True)
    postgres = sum(_cpu(one) for one in ours if "postgres" in one.name())
    api = sum(_cpu(one) for one in ours if "bench.typed_turn" in one.cmdline())
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0'::pg_lsn")
        tables, wal = cursor.fetchone()
    return Spent(api, postgres, int(tables), int(wal))


async def _typed(address: str, conversations: int, turns: int) -> None:
    host = {"Host": host_of(KIND)}
    async with httpx.AsyncClient(base_url=address, headers=host, timeout=60, trust_env=False) as http:

        async def begin(count: int) -> list[Talker]:
            found = []
            for _ in range(count):
                talker = Talker(http)
                await talker.begin()
                found.append(talker)
            return found

        await asyncio.gather(*(begin(1) for _ in range(CLIENTS)))  # imports and caches
        before = await asyncio.to_thread(_spent)
        talkers = await asyncio.gather(*(begin(conversations // CLIENTS) for _ in range(CLIENTS)))
        begun = await asyncio.to_thread(_spent)
        sys.stdout.write(f"begin a conversation, to its story: {begun.each(before, conversations)}\n")

        async def talk(mine: list[Talker]) -> None:
            for talker in mine:
                for _ in range(turns):
                    await talker.say(STORY)

        await asyncio.gather(*(talk(mine) for mine in talkers))
        told = await asyncio.to_thread(_spent)
        sys.stdout.write(f"a typed turn of {len(STORY)} characters: {told.each(begun, conversations * turns)}\n")


def _empty_firm(count: int) -> None:
    from tenants import services
    from tenants.context import public_scope

    before = _spent()
    with public_scope():
        for number in range(count):
            services.create_firm(name=f"F{number}", host=f"f{number}.localhost", admin_email="a@f.test", actor="bench")
    after = _spent()
    sys.stdout.write(f"a firm that nobody has used: tables {(after.tables - before.tables) / count:,.0f} bytes\n")


def _speech(rounds: int) -> None:
    from audio.listening import Listener
    from audio.recordings import encode_flac
    from tests.audio.clips import clips, conversation, framed

    pcm = conversation()
    Listener(0)  # the models are loaded before the clock starts
    began = time.process_time()
    for _ in range(rounds):
        listener = Listener(0)
        for frame in framed(pcm):
            listener.feed(frame.pcm, frame.sample_pos)
    spent = time.process_time() - began
    speech = sum(clip.last_voiced - clip.first_voiced for clip in clips()) / 16_000
    flac = sum(len(encode_flac(clip.pcm)) for clip in clips()) / sum(len(clip.pcm) / 32_000 for clip in clips())
    sys.stdout.write(
        f"speech: CPU {spent / rounds / speech:.3f} s a second of speech ({spent / rounds / (len(pcm) / 32_000):.3f} "
        f"a second of audio with pauses), FLAC {flac:,.0f} bytes a second; {rounds} rounds of {speech:.1f} s\n"
    )


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    sys.stdout.write(heading() + "\n")
    with databases(), server(KIND) as address:
        _speech(1 if quick else 5)
        sys.stdout.flush()
        asyncio.run(_typed(address, CLIENTS if quick else 100, 2 if quick else 5))
        api: list[Any] = [one for one in psutil.Process().children() if "bench.typed_turn" in one.cmdline()]
        sys.stdout.write(f"the api process after it: {api[0].memory_info().rss / 2**20:.0f} MiB\n")
        _empty_firm(2 if quick else 20)


if __name__ == "__main__":
    main()
