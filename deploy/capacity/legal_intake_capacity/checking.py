"""The formulas beside the simulation, for docs/capacity.md and for the tests, with the tolerances that both keep to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from legal_intake_capacity import queues, simulation
from legal_intake_capacity.model import SECONDS_A_MINUTE, size

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Loads agree within this share of the formula's.
LOAD_TOLERANCE = 0.03
#: Shares that wait agree within this much, absolute (the wait is the tail of a slowly changing load: runs differ).
WAIT_TOLERANCE = 0.02
#: Users, slots fewer than the model wants, hours simulated.
CASES = ((10_000, 0, 100.0), (10_000, 2, 100.0), (100_000, 0, 12.0), (100_000, 8, 12.0))
SEED = 1


@dataclass(frozen=True, slots=True)
class Case:
    """One run: pairs are (formula, simulation)."""

    users: int
    slots: int
    hours: float
    sessions: tuple[float, float]
    streams: tuple[float, float]
    busy: tuple[float, float]
    waits: tuple[float, float]

    @property
    def agrees(self) -> bool:
        """Whether all is within the tolerances."""
        loads = (self.sessions, self.streams, self.busy)
        near = all(abs(seen - said) <= LOAD_TOLERANCE * said for said, seen in loads)
        return near and abs(self.waits[0] - self.waits[1]) <= WAIT_TOLERANCE


def run(users: int, fewer: int, hours: float, v: Mapping[str, float], seed: int = SEED) -> Case:
    """Simulate so many users' busiest hour again and again."""
    sizes = size(users, v)
    load, slots = sizes.load, int(sizes.slots) - fewer
    house = simulation.House(
        arrivals=load.arrivals,
        session=v["session_minutes"] * SECONDS_A_MINUTE,
        voice_share=v["voice_share"],
        talk_share=v["talk_share"],
        stretch=v["stretch_seconds"],
        tail=v["slot_tail"],
        slots=slots,
        limit=v["wait_limit"],
    )
    seen = simulation.live(house, hours=hours, seed=seed)
    said = queues.waits_longer(load.slot_load, slots, load.slot_held, v["wait_limit"])
    return Case(
        users=users,
        slots=slots,
        hours=hours,
        sessions=(load.sessions, seen.sessions),
        streams=(load.streams, seen.streams),
        busy=(load.slot_load, seen.busy),
        waits=(said, seen.long_share),
    )


def cases(v: Mapping[str, float]) -> list[Case]:
    """All of them."""
    return [run(users, fewer, hours, v) for users, fewer, hours in CASES]
