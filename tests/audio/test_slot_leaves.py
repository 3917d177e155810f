"""A slot that is told to stop leaves its session to another at once, and nothing of it can be heard."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from audio.client import conversation
from tenants.aio import run_db
from tests.audio.clips import conversation as spoken
from tests.audio.house import House, kept
from tests.audio.test_faults import compare

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture
def house(tmp_path: Path, live_firms: Any) -> Iterator[House]:
    running = House(tmp_path, live_firms[0], slots=1)
    try:
        running.wait_for_slots()
        yield running
    finally:
        running.close()


def lease(client: redis.Redis) -> int:
    """The epoch of the lease that is held; 0 for none."""
    names: Any = client.keys("*:lease")
    return max([int(value) for name in names if (value := client.get(name)) is not None], default=0)


async def until_lease_above(client: redis.Redis, epoch: int, seconds: float) -> float:
    began = time.monotonic()
    while lease(client) <= epoch:
        assert time.monotonic() - began < seconds
        await asyncio.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.timeout(200)
async def test_sigterm_in_mid_sentence_hands_the_session_over(house: House) -> None:
    pcm = spoken()
    journal = redis.Redis.from_url(house.journal.url)
    async with conversation(
        house.address, house.host, keep_audio=True, name="Ann Example", other_side="Bob Sample"
    ) as client:
        voice = await client.open_voice()
        await voice.connect()
        speaking = asyncio.create_task(voice.speak(pcm))
        await until_lease_above(journal, 0, 10)
        house.start("slot-1", "legal_intake.voice_worker")
        await asyncio.to_thread(house.wait_for_slots)
        # While somebody is heard, not in a pause between two leases.
        await until_lease_above(journal, 0, 20)
        before = lease(journal)
        slot = house.children["slot-0"]
        slot.send_signal(signal.SIGTERM)
        took = await until_lease_above(journal, before, 10)
        assert took < 2.0, "a dead slot's lease would have lasted three seconds"
        assert await asyncio.to_thread(slot.wait, 10) == 0
        assert "work_stands_still" not in house.log("slot-0")
        await speaking
        await voice.finish(60)
        await voice.close()
    journal.close()
    assert voice.sockets == 1
    assert compare(await run_db(kept, house), voice, pcm) >= 3
