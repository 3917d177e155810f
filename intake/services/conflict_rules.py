"""The firm's own rules of the conflict check, and the institutions that it marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from intake import audit
from intake.conflicts.comparing import Name
from intake.conflicts.entries import name_in, new_entry
from intake.models import ConflictEntry, ConflictRules
from intake.names import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.accounts.models import User

#: Institutions that a firm may mark by hand; a longer list is imported.
MOST_INSTITUTIONS: Final = 5_000
_INSTITUTION: Final = ConflictEntry.Role.INSTITUTION


def current_rules() -> ConflictRules:
    """The firm's row, unsaved where it has none."""
    return ConflictRules.objects.first() or ConflictRules()


def institutions() -> list[str]:
    """The names that the firm marked, in order."""
    return sorted(name_in(entry.record or {}).name for entry in _marked() if entry.record)


def _marked() -> list[ConflictEntry]:
    return list(ConflictEntry.objects.filter(role=_INSTITUTION, party=None))


@transaction.atomic
def set_rules(
    *, thresholds: dict[str, float], hold_everyone: bool, stop_common: bool, alert_hours: int, names: Sequence[str],
    states: Sequence[str], user: User,
) -> ConflictRules:  # fmt: skip
    """Replace the rules and the list of institutions. What did not change is not written down."""
    ConflictRules.objects.get_or_create(pk=1)
    rules = ConflictRules.objects.select_for_update().get(pk=1)
    wanted: dict[str, Any] = {
        "thresholds": thresholds, "hold_everyone": hold_everyone, "stop_common": stop_common,
        "alert_hours": alert_hours, "states": list(states),
    }  # fmt: skip
    changed = {key: value for key, value in wanted.items() if getattr(rules, key) != value}
    for key, value in changed.items():
        setattr(rules, key, value)
    rules.save()
    added, removed = _mark(names)
    if changed or added or removed:
        audit.record(
            action="conflict_rules.changed", chain=None, target_type="conflict_rules", target_id="1",
            actor=audit.staff(user.pk),
            data={**changed, "institutions_added": added, "institutions_removed": removed},
        )  # fmt: skip
    return rules


def _mark(names: Sequence[str]) -> tuple[int, int]:
    """Mark these institutions and no others; how many were added and removed."""
    wanted = {normalise(name): name for name in reversed(names) if normalise(name)}
    marked = {normalise(name_in(entry.record or {}).name): entry for entry in _marked()}
    gone = [entry.pk for key, entry in marked.items() if key not in wanted]
    fresh = [new_entry(Name(name, "organisation"), _INSTITUTION) for key, name in wanted.items() if key not in marked]
    ConflictEntry.objects.filter(pk__in=gone).delete()
    ConflictEntry.objects.bulk_create(fresh)
    return len(fresh), len(gone)
