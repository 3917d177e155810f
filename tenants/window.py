"""Which schemas this code can serve: the oldest migration of each app that it accepts, as data.

During a wave firms differ, so code runs against schemas of its own release and of the one before.
`window.json` names, for each app of a firm's schema, the oldest migration this code works with. A
schema that has them all is served, whatever newer (additive) migrations it has besides; one that lacks
any is answered with 503 and Retry-After. Each process holds its own window against the applied
migrations stored with the firm, so old and new code may run side by side.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

WINDOW_FILE = Path(__file__).with_name("window.json")


@cache
def oldest_accepted() -> frozenset[str]:
    """The migrations a schema must have to be served, as "app.name"."""
    window: dict[str, str] = json.loads(WINDOW_FILE.read_text())
    return frozenset(f"{app}.{name}" for app, name in window.items())


def missing(applied: Collection[str]) -> list[str]:
    """What a schema lacks to be served; empty when it is inside the window."""
    return sorted(oldest_accepted().difference(applied))


def serves(applied: Collection[str]) -> bool:
    """Whether this code may serve a schema with these migrations."""
    return oldest_accepted().issubset(applied)
