"""A voice slot that listens through the models service: from the page's socket to the stored words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audio.client import conversation
from audio.models import Utterance
from audio.models_service import manifest
from audio.recognisers.pocketsphinx import NAME
from tenants.aio import run_db
from tenants.context import firm_scope
from tests.audio.clips import conversation as spoken
from tests.audio.house import House, kept
from tests.audio.models_house import TOKEN, Service
from tests.audio.test_faults import compare

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "models").mkdir()
    manifest.copy(tmp_path / "models")
    running = Service(tmp_path, tmp_path / "models")
    try:
        yield running
    finally:
        running.close()


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, live_firms: Any, service: Service) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    env = {"AUDIO_RECOGNISER": "remote", "MODELS_URL": service.address, "MODELS_TOKEN": TOKEN}
    running = House(folder, live_firms[0], slots=1, scheduler=True, env=env)
    try:
        running.wait_for_slots()
        yield running
    finally:
        running.close()


@pytest.mark.timeout(300)
async def test_a_conversation_through_the_models_service_which_is_killed_in_the_middle(
    house: House, service: Service
) -> None:
    pcm = spoken()
    third = len(pcm) // 3 // 1280 * 1280
    async with conversation(
        house.address, house.host, keep_audio=True, name="Ann Example", other_side="Bob Sample"
    ) as client:
        voice = await client.open_voice()
        await voice.connect()
        await voice.speak(pcm[:third])
        service.kill_slots()
        await voice.speak(pcm[third : 2 * third])
        service.kill()
        reviving = asyncio.create_task(asyncio.to_thread(service.start))
        await voice.speak(pcm[2 * third :])
        await reviving
        await voice.finish(60)
        await voice.close()
    assert compare(await run_db(kept, house), voice, pcm) >= 4
    await run_db(the_service_heard_it, house)
    the_slot_has_no_recogniser(house)


def the_slot_has_no_recogniser(house: House) -> None:
    maps = Path(f"/proc/{house.children['slot-0'].pid}/maps").read_text()
    assert "_pocketsphinx" not in maps
    assert "onnxruntime" in maps


def the_service_heard_it(house: House) -> None:
    with firm_scope(house.firm):
        assert set(Utterance.objects.values_list("recogniser", flat=True)) == {NAME}


@pytest.mark.timeout(300)
async def test_while_the_service_is_away_nothing_is_given_up_and_later_all_is_heard(
    house: House, service: Service
) -> None:
    pcm = spoken()
    async with conversation(
        house.address, house.host, keep_audio=False, name="Ann Example", other_side="Bob Sample"
    ) as client:
        voice = await client.open_voice()
        await voice.connect()
        service.kill()
        await voice.speak(pcm)
        await asyncio.sleep(12)
        assert "recogniser_unavailable" in house.log("slot-0")
        assert not [row for row in await run_db(kept, house) if row.status != "empty"]
        await asyncio.to_thread(service.start)
        await voice.finish(90)
        await voice.close()
    assert compare(await run_db(kept, house), voice, pcm) >= 4
