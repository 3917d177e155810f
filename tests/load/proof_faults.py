"""1,000 seeded kills and cuts while three people speak: 0 frames, 0 finals lost, none doubled.

`make proof` runs it (`pytest -m proof tests/load/proof_faults.py`). `PROOF_KILLS` makes it shorter,
`PROOF_SEED` different.
"""

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
from tests.audio.house import House, kept
from tests.audio.test_faults import compare, monologue
from tests.audio.trouble import CUT, JOURNAL, SERVER, SLOT, Trouble

pytestmark = [pytest.mark.proof, pytest.mark.enable_socket, pytest.mark.timeout(7200)]

KILLS = int(os.environ.get("PROOF_KILLS", "1000"))
SEED = int(os.environ.get("PROOF_SEED", "1"))
VOICES = 3
PAUSE_SECONDS = 0.9
ROUND_SECONDS = 30


@pytest.fixture
def house(tmp_path: Path, live_firms: Any) -> Iterator[House]:
    running = House(tmp_path, live_firms[0], slots=VOICES + 1, scheduler=True)
    try:
        running.wait_for_slots()
        yield running
    finally:
        running.close()


async def test_a_thousand_kills_and_cuts(house: House) -> None:
    pcm = monologue(int(KILLS * PAUSE_SECONDS / ROUND_SECONDS) + 1)
    voices: list[VoiceClient] = []
    everybody_is_there = asyncio.Barrier(VOICES + 1)

    async def one(number: int) -> VoiceClient:
        async with conversation(
            house.address, house.host, keep_audio=False, name=f"Speaker Number {number}", other_side="Bob Sample"
        ) as client:
            voice = await client.open_voice()
            await voice.connect()
            voices.append(voice)
            await everybody_is_there.wait()
            await voice.speak(pcm)
            await voice.finish(300)
            await voice.close()
            return voice

    speaking = [asyncio.create_task(one(number)) for number in range(VOICES)]
    await everybody_is_there.wait()
    trouble = Trouble(house, voices, SEED, {CUT: 70, SLOT: 22, JOURNAL: 5, SERVER: 3}, PAUSE_SECONDS)
    await trouble.run(KILLS)
    for voice in await asyncio.gather(*speaking):
        rows = await run_db(kept, house, voice.session_id)
        count = await asyncio.to_thread(compare, rows, voice, pcm)
        done = f"{trouble.done.total()} kills and cuts {dict(trouble.done)}"
        print(f"{done}, {voice.sockets} sockets, {count} finals equal")  # noqa: T201 - the proof's record
