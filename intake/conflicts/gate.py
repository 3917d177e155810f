"""The conflict gate: are we free to listen to this person about that other side?

Parties are matched by keyed hashes of their names' normal forms, so the database knows which
names are equal and not what they are. A hit is a new other side that is an existing client, or a
new client that is an existing other side. A person who comes back, or the same opponent again, is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Q

from intake.models import ConflictCheck, Party
from intake.names import normalise
from tenants.crypto import blind_index

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from intake.models import Intake


@dataclass(frozen=True, slots=True)
class Outcome:
    """`matches`: ids of the parties of other intakes that stand on the wrong side, oldest first."""

    matches: tuple[UUID, ...]
    cleared_before: bool = False

    @property
    def is_hit(self) -> bool:
        """Whether a person has to look."""
        return bool(self.matches) and not self.cleared_before


def name_hash(name: str) -> bytes:
    """32 bytes, equal for two writings of the same name in this firm. Two empty names are never asked about."""
    return blind_index(normalise(name), purpose="party.name")


def lock_names(hashes: Iterable[bytes]) -> None:
    """Hold these names until the transaction ends.

    Two people who name each other at the same moment are judged one after the other, and the second
    sees the first. The keys are a firm's own hashes, so firms do not wait for each other; one order
    for everybody, so nobody waits in a circle.
    """
    keys = sorted({int.from_bytes(one[:8], "big", signed=True) for one in hashes})
    if keys:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])


def current_parties(intake: Intake) -> list[Party]:
    """The parties as they were named last, without what corrections replaced."""
    return list(Party.objects.filter(intake=intake, superseded_by__isnull=True))


def match(intake: Intake) -> Outcome:
    """Compare this intake's parties with every other intake's, open or closed. Call after `lock_names`."""
    wanted = Q()
    for party in current_parties(intake):
        if party.role not in {Party.Role.CLIENT, Party.Role.OTHER_SIDE}:
            continue  # a witness or an office stands on no side
        opposite = Party.Role.OTHER_SIDE if party.role == Party.Role.CLIENT else Party.Role.CLIENT
        wanted |= Q(role=opposite, name_hash=party.name_hash)
    if not wanted:
        return Outcome(())
    found = Party.objects.filter(wanted, superseded_by__isnull=True).exclude(intake=intake)
    matches = tuple(found.order_by("id").values_list("id", flat=True))
    return Outcome(matches, cleared_before=bool(matches) and _cleared(intake, matches))


def _cleared(intake: Intake, matches: tuple[UUID, ...]) -> bool:
    """Whether a person has cleared all of these for this intake before: a corrected spelling of the
    same name does not ask them again."""
    cleared = ConflictCheck.objects.filter(intake=intake, decision=ConflictCheck.Decision.CLEARED)
    known = {one for matched in cleared.values_list("matches", flat=True) for one in matched}
    return {str(one) for one in matches} <= known
