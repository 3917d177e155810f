"""Conflicts: are we free to listen to this person about that other side?

The comparison of two names (`comparing` and what it imports) is pure. What needs the database is in `gate`
and `index`; their names are offered here and imported when one is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intake.conflicts.gate import Outcome, common_names, current_parties, lock_names, match, name_hash

__all__ = ["Outcome", "common_names", "current_parties", "lock_names", "match", "name_hash"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("intake.conflicts.gate"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
