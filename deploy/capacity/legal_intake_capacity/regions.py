"""What it costs a client that the database is a region away: each wait for it takes the way there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from legal_intake_capacity import tables
from legal_intake_capacity.model import turn_p95
from legal_intake_capacity.tables import short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from legal_intake_capacity.coefficients import Coefficient

SECOND = 1000
#: (what waits, its coefficient)
WAITS = (
    ("a listener, before the first sound of a stretch", "listen_round_trips"),
    ("a typed turn", "turn_round_trips"),
    ("words of an utterance, until they are committed and answered", "commit_round_trips"),
    ("the answer that the conflict gate follows", "gate_round_trips"),
)


def table(known: Mapping[str, Coefficient], v: Mapping[str, float]) -> str:
    """What the way adds, for the shortest, the assumed and the longest."""
    way = known["region_round_trip"]
    ways = (way.low, way.value, way.high)
    head = ["the database is away, there and back", "round trips", *(f"{short(one)} ms" for one in ways)]
    rows = [[what, short(v[name]), *(f"+ {short(v[name] * one)} ms" for one in ways)] for what, name in WAITS]
    return tables.table(head, rows)


def bounds(v: Mapping[str, float], limit: float) -> dict[str, float]:
    """The longest way, in milliseconds, with which each is still done within `limit` seconds."""
    left = limit * SECOND - v["round_trip"] - v["pickup_p95"]
    return {
        "first": (left - v["speculative_p95"]) / v["listen_round_trips"],
        "committed": (left - v["committed_p95"]) / v["commit_round_trips"],
        "typed": (limit - turn_p95(0.0, v)) * SECOND / v["turn_round_trips"],
    }


def turns_a_pod(v: Mapping[str, float]) -> float:
    """Turns a second that the connections of an api pod carry, each held for all its round trips."""
    return v["api_pool"] * SECOND / (v["turn_round_trips"] * v["region_round_trip"])
