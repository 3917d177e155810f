"""The whole job by socket, on real speech, through real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jiwer
import pytest

from audio.client import conversation
from tests.audio.clips import clips, conversation as spoken
from tests.audio.house import House

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture
def house(tmp_path: Path, live_firms: Any) -> Iterator[House]:
    running = House(tmp_path, live_firms[0])
    try:
        running.wait_for_slots()
        yield running
    finally:
        running.close()


async def test_a_client_speaks_and_it_becomes_turns(house: House) -> None:
    async with conversation(house.address, house.host, keep_audio=True, name="Ann Example", other_side="Bob Sample") as client:
        voice = await client.open_voice()
        await voice.connect()
        await voice.speak(spoken())
        await voice.finish()
        heard = voice.heard
        await voice.close()
        await client.done()
        reference = await client.send()
    said = " ".join(event["transcript"] for event in heard.completed.values())
    truth = " ".join(clip.text for clip in clips())
    assert jiwer.wer(truth.lower(), said.lower()) <= 0.5, said
    assert not heard.double
    assert reference
