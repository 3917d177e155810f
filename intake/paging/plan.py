"""Whom to tell at a step, and how a round goes on. Pure: no clock, no database.

A round tells those on duty one after another, in the list's order, and everybody on the list at its end. Nobody on
duty: everybody at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

#: People that the list may have.
MOST_PEOPLE: Final = 20


@dataclass(frozen=True, slots=True)
class Duty:
    """One person's place on the list and hours. `days`: those on which the hours begin, 1 is Monday."""

    user: UUID
    position: int = 1
    zone: str = "UTC"
    days: str = "1234567"
    begins: time = time(0)
    ends: time = time(0)


@dataclass(frozen=True, slots=True)
class Told:
    """Whom one step tells. `is_last`: everybody, and the round ends with it."""

    users: tuple[UUID, ...]
    is_last: bool


def is_on_duty(duty: Duty, at: datetime) -> bool:
    """Whether `at` lies in the person's hours, as their own clock has it."""
    local = at.astimezone(zone_of(duty.zone))
    now, today, before = local.time(), str(local.isoweekday()), str((local - timedelta(days=1)).isoweekday())
    if duty.begins == duty.ends:
        return today in duty.days
    if duty.begins < duty.ends:
        return today in duty.days and duty.begins <= now < duty.ends
    return (today in duty.days and now >= duty.begins) or (before in duty.days and now < duty.ends)


def told_at(duties: Sequence[Duty], step: int, at: datetime) -> Told:
    """Whom to tell at `step` of a round, the first being 0."""
    ordered = sorted(duties, key=lambda duty: (duty.position, str(duty.user)))
    ready = [duty for duty in ordered if is_on_duty(duty, at)]
    if step < len(ready):
        return Told((ready[step].user,), is_last=False)
    return Told(tuple(duty.user for duty in ordered), is_last=True)


def zone_of(name: str) -> Any:
    """The time zone, or UTC where there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
