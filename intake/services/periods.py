"""A firm's table of limitation periods: imported, confirmed by a person, retired. Never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from intake import audit
from intake.limits.table import Read, Row, WrongTable, read_table
from intake.models import LimitationPeriod
from intake.services.triage import look_again
from tenants.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from tenants.accounts.models import User


@dataclass(frozen=True, slots=True)
class Imported:
    """Rows added (they wait to be confirmed), those of them that replaced another, rows that were there already, rows
    that were left out because an example does not replace a real one; and bad ones: (line, why)."""

    added: int
    replaced: int
    known: int
    kept: int
    bad: tuple[tuple[int, str], ...]


@transaction.atomic
def import_table(data: bytes, *, by: str) -> Imported:
    """Take a CSV file into the current firm's table. `by`: an audit actor. Raises InvalidInput: it is no such file."""
    try:
        read: Read = read_table(data)
    except WrongTable as wrong:
        raise InvalidInput(str(wrong)) from None
    # One import at a time: two would both see the old rows.
    current = {
        (row.state, row.area, row.claim): row
        for row in LimitationPeriod.objects.select_for_update().filter(retired_at__isnull=True)
    }
    counts = {"added": 0, "replaced": 0, "known": 0, "kept": 0}
    now = timezone.now()
    new: list[LimitationPeriod] = []
    for _line, row in read.rows:
        before = current.get(row.key)
        if before is not None and _same(before, row):
            counts["known"] += 1
        elif before is not None and row.example and not before.example:
            counts["kept"] += 1
        else:
            if before is not None:
                counts["replaced"] += 1
                before.retired_at = now
                before.save(update_fields=["retired_at"])
            counts["added"] += 1
            new.append(_made(row, by))
    LimitationPeriod.objects.bulk_create(new)
    _record("limitations.imported", by, **counts, bad=len(read.bad))
    look_again()
    return Imported(**counts, bad=read.bad)


@transaction.atomic
def confirm(*, ids: Sequence[UUID] | None, user: User) -> int:
    """A person of the firm says that these rows, or all that wait, are right. Examples stay out. Returns how many."""
    rows = LimitationPeriod.objects.filter(confirmed_at__isnull=True, retired_at__isnull=True, example=False)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    chosen = [str(pk) for pk in rows.values_list("pk", flat=True)]
    done = rows.update(confirmed_at=timezone.now(), confirmed_by=user)
    if done:
        _record("limitations.confirmed", audit.staff(user.pk), rows=chosen)
        look_again()
    return done


@transaction.atomic
def retire(*, ids: Sequence[UUID], user: User) -> int:
    """These rows count no longer; they stay, for what was flagged by them. Returns how many."""
    rows = LimitationPeriod.objects.filter(pk__in=ids, retired_at__isnull=True)
    chosen = [str(pk) for pk in rows.values_list("pk", flat=True)]
    done = rows.update(retired_at=timezone.now())
    if done:
        _record("limitations.retired", audit.staff(user.pk), rows=chosen)
        look_again()
    return done


def _made(row: Row, by: str) -> LimitationPeriod:
    return LimitationPeriod(
        state=row.state,
        area=row.area,
        claim=row.claim,
        amount=row.amount,
        unit=row.unit,
        begins=row.begins,
        cite=row.cite,
        note=row.note,
        source=row.source,
        checked=row.checked,
        example=row.example,
        imported_by=by,
    )


def _same(before: LimitationPeriod, row: Row) -> bool:
    names = ("amount", "unit", "begins", "cite", "note", "source", "checked", "example")
    return all(getattr(before, name) == getattr(row, name) for name in names)


def _record(action: str, actor: str, **data: object) -> None:
    audit.record(action=action, chain=None, target_type="limitations", target_id="table", actor=actor, data=data)
