"""How many people with nothing to do with the firm's parties are stopped by their names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from intake.conflicts.index import search

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.conflicts.comparing import Name


def false_stops(intakes: Iterable[tuple[Name, Name]], *, with_details: bool) -> dict[str, float | int]:
    """In the current firm's scope. `with_details`: birth year and city are asked where the name is too common;
    without, names alone decide. `asked`: the share of intakes in which a further detail was needed."""
    stopped = asked = count = 0
    for client, other in intakes:
        found = [
            _search(client, "client", with_details=with_details),
            _search(other, "other_side", with_details=with_details),
        ]
        stopped += any(hit for hit, _ in found)
        asked += any(needed for _, needed in found)
        count += 1
    return {"false_stop_rate": stopped / max(1, count), "asked": asked / max(1, count), "count": count}


def _search(name: Name, side: str, *, with_details: bool) -> tuple[bool, bool]:
    bare = search(replace(name, birth_year=None, city=""), side)  # type: ignore[arg-type]
    if not with_details or bare.hits or not bare.needs_detail:
        return bool(bare.hits), bare.needs_detail
    return bool(search(name, side).hits), True  # type: ignore[arg-type]
