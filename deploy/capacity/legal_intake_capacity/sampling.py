"""Intervals: every coefficient drawn from its range, many times, with a seed."""

from __future__ import annotations

import math
import random
from dataclasses import fields
from typing import TYPE_CHECKING

from legal_intake_capacity.model import Sizes, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from legal_intake_capacity.coefficients import Coefficient

SAMPLES = 1000
SEED = 1
#: A range that spans more than this is a matter of magnitudes: it is drawn from on a logarithmic scale.
_WIDE = 2.0


def points(known: Mapping[str, Coefficient]) -> dict[str, float]:
    """Each coefficient's value."""
    return {name: one.value for name, one in known.items()}


def draw(one: Coefficient, rng: random.Random) -> float:
    """A value of its range, most likely near its value (triangular)."""
    if one.low == one.high:
        return one.value
    if one.low > 0 and one.high / one.low > _WIDE:
        return math.exp(rng.triangular(math.log(one.low), math.log(one.high), math.log(one.value)))
    return rng.triangular(one.low, one.high, one.value)


def drawn(known: Mapping[str, Coefficient], samples: int = SAMPLES, seed: int = SEED) -> list[dict[str, float]]:
    """`samples` sets of values. Another coefficient, more or less certain, leaves the draws of the rest alone."""
    columns = {}
    for name, one in known.items():
        rng = random.Random(f"{seed} {name}")  # noqa: S311 - no secret
        columns[name] = [draw(one, rng) for _ in range(samples)]
    return [{name: column[number] for name, column in columns.items()} for number in range(samples)]


class Spread:
    """What many draws gave for one number of users."""

    def __init__(self, users: float, sets: Sequence[Mapping[str, float]]) -> None:
        self.users = users
        self.all = [size(users, values) for values in sets]

    def at(self, name: str, share: float) -> float:
        """The value of a field of Sizes or of its Load that `share` of the draws do not exceed."""
        return quantile([value_of(one, name) for one in self.all], share)


def value_of(sizes: Sizes, name: str) -> float:
    """A field of Sizes or of its Load."""
    owner = sizes if name in {field.name for field in fields(sizes)} else sizes.load
    return float(getattr(owner, name))


def quantile(values: Sequence[float], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def swings(users: float, known: Mapping[str, Coefficient], name: str) -> list[tuple[str, float, float]]:
    """Coefficients by how far they alone move a result: (name, result at low, result at high), most first."""
    base = points(known)
    found = []
    for key, one in known.items():
        if one.low != one.high:
            low, high = (value_of(size(users, {**base, key: end}), name) for end in (one.low, one.high))
            found.append((key, low, high))
    return sorted(found, key=lambda row: (-abs(row[2] - row[1]), row[0]))
