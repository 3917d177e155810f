"""What is killed or cut while somebody speaks, and that nothing of it can be read in the result."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audio.client import conversation
from audio.voice_client import VoiceClient
from tenants.aio import run_db
from tests.audio.clips import clips, room, seconds
from tests.audio.clips import conversation as spoken
from tests.audio.house import House, Kept, kept
from tests.audio.trouble import CUT, JOURNAL, SLOT, Trouble
from tests.audio.undisturbed import undisturbed

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture
def house(tmp_path: Path, live_firms: Any) -> Iterator[House]:
    running = House(tmp_path, live_firms[0], slots=2, scheduler=True)
    try:
        running.wait_for_slots()
        yield running
    finally:
        running.close()


def monologue(rounds: int) -> bytes:
    """The conversation several times over, each time in another order."""
    parts = [room(seconds(0.8), 99)]
    for turn in range(rounds):
        for index in range(len(clips())):
            clip = clips()[(index + turn) % len(clips())]
            parts += [clip.pcm, room(seconds(0.9), 10 * turn + index)]
    return b"".join(parts)


def compare(rows: list[Kept], voice: VoiceClient, pcm: bytes) -> int:
    """Every utterance once, and exactly as in the undisturbed run. Returns how many there were."""
    wanted = undisturbed(pcm)
    found = [row for row in rows if row.status != "empty"]
    assert [(row.start_sample, row.end_sample) for row in found] == [(s.start_sample, s.end_sample) for s in wanted]
    for row, said in zip(found, wanted, strict=True):
        assert (row.text, row.words) == (said.text, said.words)
        assert row.turn_text == said.text
        told = voice.heard.completed[str(row.id)]
        assert (told["transcript"], told["words"]) == (said.text, said.words)
    assert not voice.heard.double
    spoken_turns = [turn["text"] for turn in voice.heard.turns.values() if turn["modality"] == "voice"]
    assert spoken_turns == [said.text for said in wanted]
    return len(wanted)


@pytest.mark.timeout(400)
async def test_slot_killed_socket_cut_and_journal_killed_change_nothing(house: House) -> None:
    pcm = spoken() + monologue(1)
    half = len(pcm) // 4 // 1280 * 1280
    async with conversation(
        house.address, house.host, keep_audio=True, name="Ann Example", other_side="Bob Sample"
    ) as client:
        voice = await client.open_voice()
        await voice.connect()
        await voice.speak(pcm[:half])
        house.restart_slot("slot-0")
        house.restart_slot("slot-1")
        await voice.speak(pcm[half : 2 * half])
        await voice.cut_in_mid_frame()
        await voice.speak(pcm[2 * half : 3 * half])
        await asyncio.to_thread(house.kill_journal)
        await asyncio.sleep(0.3)
        reviving = asyncio.create_task(asyncio.to_thread(house.revive_journal))
        await voice.speak(pcm[3 * half :])
        await reviving
        await voice.finish(60)
        await voice.close()
    assert voice.sockets >= 2
    assert compare(await run_db(kept, house), voice, pcm) >= 5


@pytest.mark.timeout(900)
async def test_fifty_seeded_kills_and_cuts_lose_nothing(house: House) -> None:
    pcm = monologue(3)
    async with conversation(
        house.address, house.host, keep_audio=False, name="Ann Example", other_side="Bob Sample"
    ) as client:
        voice = await client.open_voice()
        await voice.connect()
        trouble = Trouble(house, [voice], 20_261, {CUT: 6, SLOT: 3, JOURNAL: 1}, pause=1.3)
        breaking = asyncio.create_task(trouble.run(50))
        await voice.speak(pcm, pace=0.85)
        await breaking
        await voice.finish(120)
        await voice.close()
    assert trouble.done.total() == 50
    assert len(trouble.done) == 3
    assert compare(await run_db(kept, house), voice, pcm) >= 5
