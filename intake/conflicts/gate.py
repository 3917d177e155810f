"""The conflict gate: are we free to listen to this person about that other side?

Names that are equal in their normal form are found by their keyed hash and always stop, as long as nobody has
asked for a further detail; names that are only alike are found by the firm's index. A hit is a new other side
that is a client, former client or prospect, or a new client that is an adverse party. A person who comes back,
or the same opponent again, is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.db.models import Q

from intake.conflicts.comparing import Name, compare
from intake.conflicts.index import Match, Side, is_common, rules_of_firm, search, size_of_index
from intake.models import ConflictCheck, ConflictRules, Party
from intake.names import normalise
from tenants import directory
from tenants.accounts.models import User
from tenants.context import current_firm
from tenants.crypto import blind_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from uuid import UUID

    from intake.models import Intake

_SIDES: Final[Mapping[str, Side]] = {"client": "client", "other_side": "other_side"}
_OPPOSITE: Final = {"client": "other_side", "other_side": "client"}
#: What a name on the other side has to reach to be one of the firm's own people.
_OWN: Final = 0.9
Why = ConflictCheck.Why


@dataclass(frozen=True, slots=True)
class Outcome:
    """`matches`: ids of the parties of other intakes, or of imported entries, that stand on the wrong side, oldest
    first. `found`: what the index says, notes too, for staff. `needs_detail`: a birth year or a city would tell.
    `why`: what stops the client besides the names."""

    matches: tuple[UUID, ...]
    cleared_before: bool = False
    found: tuple[Match, ...] = ()
    needs_detail: bool = False
    why: str = ""
    own: tuple[str, ...] = ()

    @property
    def is_hit(self) -> bool:
        """Whether a person has to look."""
        return bool(self.matches or self.why) and not self.cleared_before

    @property
    def findings(self) -> list[dict[str, object]]:
        """For `ConflictCheck.findings`."""
        own = [
            {"id": "", "name": name, "role": "own people", "score": 1.0, "reasons": ["works for the firm"], "hit": True}
            for name in self.own
        ]
        return [*own, *({"id": str(one.target), **one.as_dict()} for one in self.found)]


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


def common_names(names: Mapping[str, str]) -> frozenset[str]:
    """The keys of `names` whose names are so common among as many people as the firm has parties that a name alone
    would say nothing. It depends on the name and on how many parties there are, never on who they are."""
    rules, million = rules_of_firm(), size_of_index() / 1e6
    return frozenset(key for key, name in names.items() if name and is_common(Name(name), rules, million))


def match(intake: Intake, details: Mapping[UUID, Name] | None = None, *, probing: bool = False) -> Outcome:
    """Compare this intake's parties with every other party of the firm. Call after `lock_names`.

    `details`: by the party's id, the name with what was asked further; then a common name alone stops nobody, unless
    the firm wants that. `probing`: this person has tried too many names.
    """
    details = details or {}
    parties = current_parties(intake)
    rules = ConflictRules.objects.first() or ConflictRules()
    exact = _equal_names(intake, [party for party in parties if party.id not in details])
    found: list[Match] = []
    needs_detail = False
    for party in parties:
        if party.name:
            side = _SIDES.get(party.role, "related")
            result = search(details.get(party.id) or Name(party.name), side, without=intake.id)
            found += result.matches
            needs_detail = needs_detail or result.needs_detail
    matches = tuple(sorted({*exact, *(one.target for one in found if one.is_hit)}))
    own = tuple(_own_people(parties))
    why = _why(rules, probing=probing, own=bool(own), unresolved=needs_detail and not matches)
    outcome = Outcome(matches, found=tuple(found), needs_detail=needs_detail and not matches, why=why, own=own)
    cleared = _cleared(intake, matches, why)  # asked also where nothing was found: it takes as long
    return replace(outcome, cleared_before=bool(matches or why) and cleared)


def _why(rules: ConflictRules, *, probing: bool, own: bool, unresolved: bool) -> str:
    """The first that holds."""
    reasons = (
        (probing, Why.PROBING), (own, Why.OWN_PEOPLE), (unresolved and rules.stop_common, Why.COMMON_NAME),
        (rules.hold_everyone, Why.HOLD_EVERYONE),
    )  # fmt: skip
    return next((reason.value for holds, reason in reasons if holds), "")


def _own_people(parties: list[Party]) -> Iterator[str]:
    """The firm, or whoever works for it, where a client names them as the other side."""
    named = [Name(party.name) for party in parties if party.role == Party.Role.OTHER_SIDE and party.name]
    if not named:
        return
    own = [Name(directory.resolve_firm(current_firm().id).name, "organisation")]
    own += [Name(name, "person") for name in User.objects.values_list("name", flat=True) if name.strip()]
    for ours in own:
        if any(compare(theirs, ours).score >= _OWN for theirs in named):
            yield ours.name


def _equal_names(intake: Intake, parties: list[Party]) -> list[UUID]:
    wanted = Q()
    for party in parties:
        if party.role in _OPPOSITE:
            wanted |= Q(role=_OPPOSITE[party.role], name_hash=party.name_hash)
    if not wanted:
        return []
    found = Party.objects.filter(wanted, superseded_by__isnull=True).exclude(intake=intake)
    return list(found.order_by("id").values_list("id", flat=True))


def _cleared(intake: Intake, matches: tuple[UUID, ...], why: str) -> bool:
    """Whether a person has cleared all of these for this intake before: a corrected spelling of the
    same name does not ask them again."""
    cleared = list(ConflictCheck.objects.filter(intake=intake, decision=ConflictCheck.Decision.CLEARED))
    known = {one for check in cleared for one in check.matches}
    return bool(cleared) and {str(one) for one in matches} <= known and (not why or why in {c.why for c in cleared})
