"""Work that must happen every so often, whatever else happens: each app registers its own.

The scheduler's leader runs it (`legal_intake/scheduler.py`). An app registers in its own
`periodic.py`, which the scheduler imports; the functions enter the scopes that they need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """`run` every `seconds`, never twice at a time, on one process of the whole deployment; of each region, where
    `everywhere` says so."""

    name: str
    seconds: float
    run: Callable[[], object]
    everywhere: bool = False


_tasks: dict[str, PeriodicTask] = {}


def register(name: str, seconds: float, run: Callable[[], object], *, everywhere: bool = False) -> PeriodicTask:
    """Register a task. Raises ValueError for a name that is taken or an interval below 0.1 s.

    `everywhere`: what it looks after (the Redis of its own region) is different in each region that has no database.
    """
    if name in _tasks and _tasks[name].run is not run:
        message = f"a periodic task named {name!r} is registered already"
        raise ValueError(message)
    if seconds < 0.1:
        message = f"{name}: an interval of {seconds} s is a busy loop"
        raise ValueError(message)
    _tasks[name] = PeriodicTask(name, seconds, run, everywhere)
    return _tasks[name]


def registered(region: str = "") -> tuple[PeriodicTask, ...]:
    """Every task, in order of registration; of a region away from home, what each region does for itself."""
    return tuple(task for task in _tasks.values() if task.everywhere or not region)
