"""How often something may be done in a stretch of time. Counts are rows, keyed hashes: exact, and nobody's address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.utils import timezone

from intake.errors import TooManyTries
from intake.models import ContactCount
from tenants.crypto import blind_index
from tenants.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR: Final = 3_600
DAY: Final = 86_400
#: Counts are kept so long after their stretch ended.
KEPT: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in `seconds`, for each of what it is spent on."""

    name: str
    most: int
    seconds: int


CODE_INTAKE: Final = (Limit("code.intake", 5, HOUR), Limit("code.intake", 12, DAY))
CODE_ADDRESS: Final = (Limit("code.address", 5, HOUR), Limit("code.address", 10, DAY))
CODE_DEVICE: Final = (Limit("code.device", 15, HOUR),)
CODE_FIRM: Final = (Limit("code.firm", 300, HOUR),)
LATER_INTAKE: Final = (Limit("later.intake", 10, HOUR),)
RESUME_DEVICE: Final = (Limit("resume.device", 15, 900),)
RESUME_FIRM: Final = (Limit("resume.firm", 1_000, HOUR),)

_COUNT: Final = """
INSERT INTO intake_contactcount (id, key_hash, begins_at, count) VALUES (%s, %s, %s, 1)
ON CONFLICT (key_hash, begins_at) DO UPDATE SET count = intake_contactcount.count + 1 RETURNING count
"""


def spend(limits: Iterable[tuple[Limit, bytes]]) -> int:
    """Count one more of each; seconds until all allow another, 0 when they allow this one."""
    now = timezone.now()
    waits = [_spend(limit, about, now) for limit, about in limits]
    return max(waits, default=0)


def allow(*spent: tuple[tuple[Limit, ...], bytes]) -> None:
    """`spend`, for each limit of each group. Raises TooManyTries."""
    wait = spend((limit, about) for limits, about in spent for limit in limits)
    if wait:
        raise TooManyTries(retry_after=wait)


def tidy() -> int:
    """Forget counts that no limit looks at any more. Returns how many."""
    return ContactCount.objects.filter(begins_at__lt=timezone.now() - KEPT).delete()[0]


def _spend(limit: Limit, about: bytes, now: datetime) -> int:
    began = int(now.timestamp()) // limit.seconds * limit.seconds
    key = blind_index(f"{limit.name}:{limit.seconds}:{about.hex()}", purpose="contact.limit")
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [new_id(), key, datetime.fromtimestamp(began, UTC)])
        count: int = cursor.fetchone()[0]
    return 0 if count <= limit.most else max(1, began + limit.seconds - int(now.timestamp()))
