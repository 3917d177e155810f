"""How many safety alerts are open, counted firm by firm and told as one number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Min, Q
from django.utils import timezone

from intake.metrics import OLDEST, OPEN, UNACKNOWLEDGED, WAITING
from intake.models import Page, Paging, SafetyAlert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Look:
    """What one firm has. By level: open alerts, the age of the oldest, those that everybody was told of in vain."""

    swept: int = 0
    open: Mapping[str, int] = field(default_factory=dict)
    oldest: Mapping[str, float] = field(default_factory=dict)
    unacknowledged: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0


def look(*, swept: int = 0) -> Look:
    """Count in the current firm. Two queries."""
    now = timezone.now()
    unheard = Q(paging__outcome=Paging.Outcome.UNACKNOWLEDGED)
    found = list(
        SafetyAlert.objects.filter(acknowledged_at__isnull=True)
        .order_by()
        .values("level")
        .annotate(count=Count("id"), first=Min("at"), unheard=Count("id", filter=unheard))
    )
    return Look(
        swept=swept,
        open={row["level"]: row["count"] for row in found},
        oldest={row["level"]: max(0.0, (now - row["first"]).total_seconds()) for row in found},
        unacknowledged={row["level"]: row["unheard"] for row in found},
        waiting=Page.objects.filter(status=Page.Status.WAITING).count(),
    )


def total(looks: Iterable[Look]) -> dict[str, dict[tuple[str, ...], float]]:
    """The gauges of all firms together; a level that nobody has is told as 0."""
    levels = [str(level) for level in SafetyAlert.Level.values]
    count, unheard, oldest, waiting = Counter[str](), Counter[str](), dict.fromkeys(levels, 0.0), 0
    for one in looks:
        count.update(one.open)
        unheard.update(one.unacknowledged)
        waiting += one.waiting
        for level, age in one.oldest.items():
            oldest[level] = max(oldest[level], age)
    return {
        OPEN: {(level,): float(count[level]) for level in levels},
        OLDEST: {(level,): oldest[level] for level in levels},
        UNACKNOWLEDGED: {(level,): float(unheard[level]) for level in levels},
        WAITING: {(): float(waiting)},
    }
