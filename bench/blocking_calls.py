"""50 sockets that each need one blocking call of 20 ms at the same moment: `run_db` against Channels' own."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any

from bench.report import Row, main

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SOCKETS = 50
CALL_SECONDS = 0.02


def blocking() -> None:
    """As long as a query over a network."""
    time.sleep(CALL_SECONDS)


async def _socket(call: Callable[[], Awaitable[Any]], go: asyncio.Event, done: asyncio.Queue[None]) -> None:
    """A plain ASGI application's part of it: wait for a message, call, answer."""
    await go.wait()
    await call()
    done.put_nowait(None)


async def _measure(call: Callable[[], Awaitable[Any]]) -> float:
    go, done = asyncio.Event(), asyncio.Queue[None]()
    sockets = [asyncio.create_task(_socket(call, go, done)) for _ in range(SOCKETS)]
    await asyncio.sleep(0)
    began = time.perf_counter()
    go.set()
    await asyncio.gather(*sockets)
    return time.perf_counter() - began


def run(quick: bool) -> list[Row]:
    """The median of five runs (quick: one). Shipped defaults; ours has at most 8 threads."""
    from bench.voice_house import one_firm

    with one_firm():
        from channels.db import database_sync_to_async  # noqa: TID251 - the peer

        from tenants.aio import THREADS, run_db

        channels_call = database_sync_to_async(blocking)

        async def ours() -> float:
            await _measure(lambda: run_db(blocking))  # threads are made at first use
            return await _measure(lambda: run_db(blocking))

        async def stock() -> float:
            await channels_call()
            return await _measure(channels_call)

        rounds = 1 if quick else 5
        times = sorted(asyncio.run(ours()) for _ in range(rounds))
        peers = sorted(asyncio.run(stock()) for _ in range(rounds))
    note = f"{SOCKETS} calls of {CALL_SECONDS * 1000:.0f} ms, {THREADS} threads"
    return [Row("blocking calls from sockets", times[rounds // 2], peers[rounds // 2], "s", 0.25, note)]


if __name__ == "__main__":
    main(run(quick="--quick" in sys.argv))
