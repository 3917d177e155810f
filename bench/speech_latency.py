"""From the last voiced sample to the speculative and the committed final, the whole way: socket, journal,
job, slot, database, socket. The peer is the same recogniser and VAD in one process (bench.latency_core),
with the same script, in the same run. What we take more is our own share.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any

from bench.latency_core import Latency, measure, script
from bench.report import Row, main, percentile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.audio.house import House

FRAME_BYTES = 1280
FRAME_SECONDS = 0.04
PARTIAL = "conversation.item.input_audio_transcription.partial"
COMPLETED = "conversation.item.input_audio_transcription.completed"


class Ear:
    """Hears one talker's events and notes when they came."""

    def __init__(self) -> None:
        self.began = 0.0
        self.last_voiced = 0.0
        self.offer: tuple[float, str] | None = None
        self.found: list[Latency] = []

    def event(self, event: dict[str, Any]) -> None:
        after = (time.perf_counter() - self.began - self.last_voiced) * 1000
        if event["type"] == PARTIAL:
            self.offer = (after, event["text"]) if event["speculative"] else self.offer
        elif event["type"] == COMPLETED and after > 0 and event["transcript"]:
            offered, text = self.offer or (None, "")
            self.found.append(Latency(offered, after, equal=text == event["transcript"]))
            self.offer = None


async def _talk(house: House, utterances: int, seed: int, delay: float) -> list[Latency]:
    from audio.client import conversation

    ear = Ear()
    async with conversation(
        house.address, house.host, keep_audio=True, name=f"Talker Number {seed}", other_side="Bob Sample"
    ) as client:
        voice = await client.open_voice(ear.event)
        await voice.connect()
        await asyncio.sleep(delay)
        for one in script(utterances, seed):
            ear.began, ear.last_voiced = time.perf_counter(), one.last_voiced / 16_000
            for index in range(0, len(one.pcm), FRAME_BYTES):
                chunk = one.pcm[index : index + FRAME_BYTES]
                due = ear.began + (index // FRAME_BYTES + 1) * FRAME_SECONDS
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await voice.send_frame(chunk + bytes(FRAME_BYTES - len(chunk)))
        await voice.finish()
        await voice.close()
    return ear.found


async def _all(house: House, talkers: int, each: int) -> list[Latency]:
    # Two processes could not be told apart from here; the clients cost little beside the decoders.
    every = await asyncio.gather(*(_talk(house, each, 1 + number, 0.3 * number) for number in range(talkers)))
    return [latency for one in every for latency in one]


def _rows(talkers: int, ours: Sequence[Latency], core: Sequence[Latency]) -> list[Row]:
    rows = []
    offered, peer = ([x.speculative for x in many if x.speculative is not None] for many in (ours, core))
    equal = sum(x.equal for x in ours if x.speculative is not None) / max(1, len(offered))
    note = f"{len(offered)} offered of {len(ours)}, {equal:.0%} equal to the commit"
    for name, fraction in (("P50", 0.5), ("P95", 0.95)):
        whole, bare = percentile(offered, fraction), percentile(peer, fraction)
        budget = 330.0 if name == "P95" else None
        what = f"speculative final {name}, {talkers} talker(s)"
        rows.append(Row(what, whole, bare, "ms", budget, note, budget_is_ratio=False))
        if name == "P95":
            what = f"our own share of it, {talkers} talker(s)"
            rows.append(Row(what, whole - bare, None, "ms", 60, budget_is_ratio=False))
        whole, bare = (percentile([x.committed for x in many], fraction) for many in (ours, core))
        rows.append(Row(f"committed final {name}, {talkers} talker(s)", whole, bare, "ms"))
    return rows


def run(quick: bool) -> list[Row]:
    """1 and 4 talkers, 100 utterances each (quick: 2)."""
    from bench.voice_house import house_of, one_firm

    rows: list[Row] = []
    with one_firm() as firm:
        for talkers in (1, 4):
            each = 2 if quick else -(-100 // talkers)
            core = measure(talkers, each)
            with house_of(firm, slots=talkers) as running:
                ours = asyncio.run(_all(running, talkers, each))
            rows += _rows(talkers, ours, core)
    return rows


if __name__ == "__main__":
    main(run(quick="--quick" in sys.argv))
