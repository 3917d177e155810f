"""A naive table beside the model: in how many draws a cell is enough, and at which assumption it becomes true."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from legal_intake_capacity import queues
from legal_intake_capacity.model import (
    MILLI,
    P95,
    PERCENT,
    Sizes,
    cost_of_pods,
    size,
    talkers_a_core,
    turn_p95,
    voice_p95,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

#: A cell holds when it is enough in so many draws; it breaks when it is in fewer than half.
HOLDS, EVEN = 0.9, 0.5
#: From how small a part of its value a coefficient is searched for the point where a cell becomes true, and how finely.
LEAST, STEPS = 1e-3, 30


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says; `latency` in seconds."""

    users: int
    api: int
    audio: int
    cost: float
    latency: float


def read(path: Path) -> list[Row]:
    """The rows of a file."""
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [Row(**row, latency=loaded["latency"] * MILLI) for row in loaded["rows"]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row, judged: the share of draws in which each cell is enough."""

    row: Row
    api: float
    audio: float
    cost: float
    #: Its own pods for its own money, whatever load they are for.
    own_cost: float
    #: What its own pods cost, at point values.
    own_dollars: float
    speculative: float
    committed: float
    typed: float

    @property
    def everything(self) -> float:
        """Words and typed turns: no more than the weakest of them."""
        return min(self.speculative, self.committed, self.typed)


def word(share: float) -> str:
    """What a share of draws means."""
    if share >= HOLDS:
        return "holds"
    return "may hold" if share >= EVEN else "breaks"


def judge(row: Row, sets: Sequence[Mapping[str, float]], point: Mapping[str, float]) -> Verdict:
    """A row against draws of the coefficients."""
    sized = [(values, size(row.users, values)) for values in sets]

    def share(enough: Callable[[Mapping[str, float], Sizes], bool]) -> float:
        found = sum(enough(values, one) for values, one in sized) / len(sized)
        return round(found / PERCENT) * PERCENT  # judged as it is shown

    return Verdict(
        row=row,
        api=share(lambda _v, s: s.api_pods <= row.api),
        audio=share(lambda _v, s: s.audio_pods <= row.audio),
        cost=share(lambda _v, s: s.cost <= row.cost),
        own_cost=share(lambda v, s: cost_of_pods(row.api, row.audio, s, v) <= row.cost),
        own_dollars=cost_of_pods(row.api, row.audio, size(row.users, point), point),
        speculative=share(lambda v, s: _spoken("speculative", row, s, v) <= row.latency),
        committed=share(lambda v, s: _spoken("committed", row, s, v) <= row.latency),
        typed=share(lambda v, s: turn_p95(s.api_used / row.api, v) <= row.latency),
    )


def _spoken(which: str, row: Row, sizes: Sizes, v: Mapping[str, float]) -> float:
    """Seconds from the end of speech to its words, P95; without end where more speak on a core than was measured."""
    crowded = talkers_a_core(sizes.load, row.audio, v) > v["talkers_per_core"]
    return math.inf if crowded else voice_p95(which, waited(row, sizes, v), v)


def waited(row: Row, sizes: Sizes, v: Mapping[str, float]) -> float:
    """Seconds, P95, until a slot of the row's workers is free."""
    return queues.wait_within(sizes.load.slot_load, row.audio * v["audio_slots"], sizes.load.slot_held, P95)


def true_up_to(name: str, point: Mapping[str, float], enough: Callable[[Mapping[str, float]], bool]) -> float | None:
    """The largest value of a coefficient at which `enough` is true, the others as they are; None where it never is."""
    low = point[name] * LEAST
    if not enough({**point, name: low}):
        return None
    high = low + low
    while enough({**point, name: high}):  # by doubling, so that no load far beyond is ever sized
        low, high = high, high + high
    for _ in range(STEPS):
        middle = math.sqrt(low * high)
        if enough({**point, name: middle}):
            low = middle
        else:
            high = middle
    return low


def truths(row: Row, point: Mapping[str, float]) -> dict[str, float | None]:
    """For api, audio and cost: sessions a user and month up to which the cell is enough, at point values."""
    name = "sessions_per_user"
    return {
        "api": true_up_to(name, point, lambda v: size(row.users, v).api_pods <= row.api),
        "audio": true_up_to(name, point, lambda v: size(row.users, v).audio_pods <= row.audio),
        "cost": true_up_to(name, point, lambda v: size(row.users, v).cost <= row.cost),
    }


def slots_wanted(row: Row, point: Mapping[str, float]) -> int:
    """Slots that each of the row's workers would have to have."""
    one = size(row.users, point)
    return math.ceil(max(one.slots, one.load.slot_load / point["busy_share"]) / row.audio)


def prices_wanted(row: Row, point: Mapping[str, float]) -> float:
    """The share of the assumed prices of nodes at which what is needed costs what the row says; below 0: at none."""
    one = size(row.users, point)
    return (row.cost - (one.cost - one.compute_cost)) / one.compute_cost


def fullness_wanted(row: Row, point: Mapping[str, float]) -> float:
    """How full an api process may be for a typed turn to be answered in the row's time, P95."""
    service = turn_p95(0.0, point) - point["round_trip"] * MILLI
    room = row.latency - point["round_trip"] * MILLI
    return 1 - service / room
