"""The whole job by socket, on real speech, through real processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jiwer
import pytest
import redis

from audio.listening import transcribe_master
from audio.models import Recording
from tenants.aio import run_db
from tenants.context import firm_scope
from tenants.storage import firm_folder
from tests.audio.clips import clips
from tests.audio.clips import conversation as spoken
from tests.audio.house import House, kept, speak_story

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture
def house(tmp_path: Path, live_firms: Any) -> Iterator[House]:
    running = House(tmp_path, live_firms[0])
    try:
        running.wait_for_slots()
        yield running
    finally:
        running.close()


async def test_speech_becomes_turns_that_the_recogniser_alone_gives_too(house: House) -> None:
    voice, reference = await speak_story(house, spoken(), keep_audio=True)
    assert reference
    heard = voice.heard
    said = " ".join(event["transcript"] for event in heard.completed.values())
    truth = " ".join(clip.text for clip in clips())
    assert jiwer.wer(truth.lower(), said.lower()) <= 0.5
    assert not heard.double
    assert not heard.errors
    rows = [row for row in await run_db(kept, house) if row.status == "committed"]
    assert len(rows) >= len(clips())
    for row in rows:
        assert row.pcm is not None
        text, words = await asyncio.to_thread(transcribe_master, row.pcm, row.start_sample, row.start_state)
        assert (text, list(words)) == (row.text, row.words)
        told = heard.completed[str(row.id)]
        assert (told["transcript"], told["words"]) == (row.text, row.words)
        assert row.turn_text == row.text


async def test_without_consent_no_audio_remains(house: House) -> None:
    voice, _ = await speak_story(house, spoken()[: 2 * 16_000 * 12], keep_audio=False)
    assert voice.heard.completed
    folder = firm_folder(house.firm)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert await run_db(recordings, house) == 0
    client = redis.Redis.from_url(house.journal.url)
    keys: Any = client.keys("*")
    streams = [key for key in keys if key.endswith(b":stream")]
    assert all(client.xlen(key) == 0 for key in streams)
    assert client.zcard("li:public:voice:pending") == 0
    for key in client.keys("li:t_*"):
        assert 0 < client.ttl(key) <= 15 * 60, key
    client.close()


def recordings(house: House) -> int:
    with firm_scope(house.firm):
        return Recording.objects.count()
