"""The conflict gate: are we free to listen to this person about that other side?

Names that are equal in their normal form are found by their keyed hash and always stop, as long as nobody has
asked for a further detail; names that are only alike are found by the firm's index. A hit is a new other side
that is a client, former client or prospect, or a new client that is an adverse party. A person who comes back,
or the same opponent again, is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.db.models import Q

from intake.conflicts.comparing import Name
from intake.conflicts.index import Match, Side, search
from intake.models import ConflictCheck, Party
from intake.names import normalise
from tenants.crypto import blind_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from intake.models import Intake

_SIDES: Final[Mapping[str, Side]] = {"client": "client", "other_side": "other_side"}
_OPPOSITE: Final = {"client": "other_side", "other_side": "client"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`matches`: ids of the parties of other intakes, or of imported entries, that stand on the wrong side, oldest
    first. `found`: what the index says, notes too, for staff. `needs_detail`: a birth year or a city would tell."""

    matches: tuple[UUID, ...]
    cleared_before: bool = False
    found: tuple[Match, ...] = ()
    needs_detail: bool = False

    @property
    def is_hit(self) -> bool:
        """Whether a person has to look."""
        return bool(self.matches) and not self.cleared_before

    @property
    def findings(self) -> list[dict[str, object]]:
        """For `ConflictCheck.findings`."""
        return [{"id": str(one.target), **one.as_dict()} for one in self.found]


def name_hash(name: str) -> bytes:
    """32 bytes, equal for two writings of the same name in this firm. Two empty names are never asked about."""
    return blind_index(normalise(name), purpose="party.name")


def lock_names(hashes: Iterable[bytes]) -> None:
    """Hold these names, and all that are like them, until the transaction ends.

    Two people who name each other at the same moment are judged one after the other, and the second sees the
    first. Likeness is no equality, so a firm has one lock for its gate; its key is the firm's own, so that firms
    do not wait for each other.
    """
    if any(hashes):
        key = int.from_bytes(blind_index("", purpose="conflict.gate")[:8], "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def current_parties(intake: Intake) -> list[Party]:
    """The parties as they were named last, without what corrections replaced."""
    return list(Party.objects.filter(intake=intake, superseded_by__isnull=True))


def match(intake: Intake, details: Mapping[str, Name] | None = None) -> Outcome:
    """Compare this intake's parties with every other party of the firm. Call after `lock_names`.

    `details`: by the party's role, the name with what was asked further; then a common name alone stops nobody.
    """
    details = details or {}
    parties = current_parties(intake)
    exact = _equal_names(intake, [party for party in parties if party.role not in details])
    found: list[Match] = []
    needs_detail = False
    for party in parties:
        if party.name:
            side = _SIDES.get(party.role, "related")
            result = search(details.get(party.role) or Name(party.name), side, without=intake.id)
            found += result.matches
            needs_detail = needs_detail or result.needs_detail
    matches = tuple(sorted({*exact, *(one.target for one in found if one.is_hit)}))
    return Outcome(
        matches,
        cleared_before=bool(matches) and _cleared(intake, matches),
        found=tuple(found),
        needs_detail=needs_detail and not matches,
    )


def _equal_names(intake: Intake, parties: list[Party]) -> list[UUID]:
    wanted = Q()
    for party in parties:
        if party.role in _OPPOSITE:
            wanted |= Q(role=_OPPOSITE[party.role], name_hash=party.name_hash)
    if not wanted:
        return []
    found = Party.objects.filter(wanted, superseded_by__isnull=True).exclude(intake=intake)
    return list(found.order_by("id").values_list("id", flat=True))


def _cleared(intake: Intake, matches: tuple[UUID, ...]) -> bool:
    """Whether a person has cleared all of these for this intake before: a corrected spelling of the
    same name does not ask them again."""
    cleared = ConflictCheck.objects.filter(intake=intake, decision=ConflictCheck.Decision.CLEARED)
    known = {one for matched in cleared.values_list("matches", flat=True) for one in matched}
    return {str(one) for one in matches} <= known
