"""Kills and cuts by a seed, while somebody speaks."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter

from audio.voice_client import ClientError, VoiceClient
from tests.audio.house import House

SLOT, CUT, JOURNAL, SERVER = "slot", "cut", "journal", "server"


class Trouble:
    """Breaks things at seeded moments until stopped; counts what it did.

    Args:
        house: whose slots and journal are killed and brought back.
        voices: whose sockets are cut.
        seed: the same seed, the same order.
        weights: of the kinds.
        pause: the mean seconds between two.
    """

    def __init__(
        self, house: House, voices: list[VoiceClient], seed: int, weights: dict[str, int], pause: float
    ) -> None:
        self.done: Counter[str] = Counter()
        self._house, self._voices = house, voices
        self._random = random.Random(seed)
        self._weights, self._pause = weights, pause

    async def run(self, count: int) -> None:
        """Do it `count` times."""
        kinds, weights = list(self._weights), list(self._weights.values())
        for _ in range(count):
            await asyncio.sleep(self._random.uniform(0.2, 2 * self._pause - 0.2))
            kind = self._random.choices(kinds, weights)[0]
            await self._do(kind)
            self.done[kind] += 1

    async def _do(self, kind: str) -> None:
        if kind == CUT:
            voice = self._random.choice(self._voices)
            await asyncio.sleep(self._random.uniform(0, 0.04))
            with contextlib.suppress(ClientError, TimeoutError):
                await voice.cut_in_mid_frame()
        elif kind == SLOT:
            names = [name for name in self._house.children if name.startswith("slot")]
            await asyncio.to_thread(self._house.restart_slot, self._random.choice(names))
        elif kind == JOURNAL:
            await asyncio.to_thread(self._house.kill_journal)
            await asyncio.sleep(self._random.uniform(0.1, 0.5))
            await asyncio.to_thread(self._house.revive_journal)
        elif kind == SERVER:
            await asyncio.to_thread(self._house.restart_server, politely=False)
