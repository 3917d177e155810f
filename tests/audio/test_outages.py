"""PostgreSQL or Redis away for ten seconds, and a server that restarts in mid-sentence."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audio.client import conversation
from audio.voice_client import VoiceClient
from tenants.aio import run_db
from tests.audio.clips import conversation as spoken
from tests.audio.house import House, kept
from tests.audio.proxy import Proxy
from tests.audio.test_faults import compare

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(300)]
AWAY_SECONDS = 10.0


@pytest.fixture
def database() -> Iterator[Proxy]:
    proxy = Proxy(os.environ["DATABASE_URL"])
    yield proxy
    proxy.close()


@pytest.fixture
def house(tmp_path: Path, live_firms: Any, database: Proxy) -> Iterator[House]:
    running = House(tmp_path, live_firms[0], env={"DATABASE_URL": database.url})
    try:
        running.wait_for_slots()
        yield running
    finally:
        running.close()


async def speak_while(house: House, trouble: Any) -> VoiceClient:
    """Speak the conversation while `trouble` happens, and hear all of it."""
    async with conversation(
        house.address, house.host, keep_audio=True, name="Ann Example", other_side="Bob Sample"
    ) as client:
        voice = await client.open_voice()
        await voice.connect()
        pids = {name: child.pid for name, child in house.children.items()}
        breaking = asyncio.create_task(trouble(voice))
        await voice.speak(spoken())
        await breaking
        await voice.finish(60)
        await voice.close()
        if not getattr(trouble, "restarts", False):
            assert {name: child.pid for name, child in house.children.items()} == pids
            assert all(child.poll() is None for child in house.children.values())
        return voice


async def test_postgres_away_for_ten_seconds(house: House, database: Proxy) -> None:
    async def trouble(voice: VoiceClient) -> None:
        await asyncio.sleep(5)
        database.close()
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(database.open)

    voice = await speak_while(house, trouble)
    assert compare(await run_db(kept, house), voice, spoken()) >= 4


async def test_the_journal_away_for_ten_seconds(house: House) -> None:
    async def trouble(voice: VoiceClient) -> None:
        await asyncio.sleep(5)
        await asyncio.to_thread(house.kill_journal)
        await voice.until(lambda heard: any(e["code"] == "journal_unavailable" for e in heard.errors), 5)
        await asyncio.sleep(1)  # what was durable before may still be told
        durable = voice.durable
        await asyncio.sleep(AWAY_SECONDS - 4)
        assert voice.durable == durable, "nothing is durable while there is no journal"
        await asyncio.to_thread(house.revive_journal)

    voice = await speak_while(house, trouble)
    assert compare(await run_db(kept, house), voice, spoken()) >= 4


async def test_a_server_restarted_in_mid_sentence(house: House) -> None:
    codes: list[int | None] = []

    async def trouble(voice: VoiceClient) -> None:
        await asyncio.sleep(6)
        restarting = asyncio.create_task(asyncio.to_thread(house.restart_server, politely=True))
        await voice.until(lambda _: voice.close_code is not None, 8)
        codes.append(voice.close_code)
        await restarting
        await asyncio.sleep(4)
        await asyncio.to_thread(house.restart_server, politely=False)

    trouble.restarts = True  # type: ignore[attr-defined]
    voice = await speak_while(house, trouble)
    assert codes == [1012]
    assert voice.sockets >= 3
    assert compare(await run_db(kept, house), voice, spoken()) >= 4
