"""The search: which of the firm's parties may be this one, and whether that stops anybody.

Candidates share a keyed hash with the question; they are opened and compared. What the party is to the
firm decides what a match means, and how frequent the name is whether it may stop anyone by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from django.db import connection, transaction

from intake.conflicts.blocking import asked
from intake.conflicts.comparing import Comparison, Name, compare
from intake.conflicts.entries import hashed, name_in, opened_record
from intake.conflicts.tables import thresholds
from intake.models import ConflictEntry, ConflictRules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from uuid import UUID


Side = Literal["client", "other_side", "related", "unknown"]
Role = ConflictEntry.Role
#: Roles that stop a new party of each side; any other match is a note. One whose side nobody said meets both.
STOPPING: Final[Mapping[Side, frozenset[str]]] = {
    "client": frozenset((Role.ADVERSE.value,)),
    "other_side": frozenset((Role.CLIENT.value, Role.FORMER_CLIENT.value, Role.PROSPECT.value)),
    "related": frozenset(),
    "unknown": frozenset((Role.ADVERSE.value, Role.CLIENT.value, Role.FORMER_CLIENT.value, Role.PROSPECT.value)),
}
# One whose party was corrected since is no longer named so.
_CANDIDATES: Final = """
    SELECT e.id, e.role, e.party_id, p.intake_id, e.record_ct
    FROM intake_conflictentry e LEFT JOIN intake_party p ON p.id = e.party_id
    WHERE e.keys && %s::bigint[]
      AND (e.party_id IS NULL OR NOT EXISTS (SELECT FROM intake_party s WHERE s.supersedes_id = e.party_id))
    LIMIT %s
"""
#: Candidates that are opened for one question at most.
MAX_CANDIDATES: Final = 2_000
#: Matches that are told at most, the surest first.
MAX_MATCHES: Final = 50
#: A score from which an institution that the firm marked is the party itself.
_INSTITUTION: Final = 0.95
_WHY_COMMON: Final = "too common a name to stop anyone: a birth year or a city is needed"
_WHY_INSTITUTION: Final = "an institution that the firm has marked"
_WHY_MANY: Final = "many parties of the firm are named with this word"
_WHY_SIDE: Final = "on the same side"


@dataclass(frozen=True, slots=True)
class Match:
    """One of the firm's parties that may be this one. `is_hit`: a person has to look."""

    entry: UUID
    party: UUID | None
    intake: UUID | None
    name: str
    role: str
    score: float
    reasons: tuple[str, ...]
    is_hit: bool
    needs_detail: bool = False

    @property
    def target(self) -> UUID:
        """The party's id, or the entry's where it was imported."""
        return self.party or self.entry

    def as_dict(self) -> dict[str, Any]:
        """For a program."""
        return {
            "name": self.name, "role": self.role, "score": self.score, "reasons": list(self.reasons),
            "hit": self.is_hit,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The matches, hits first, the surest first. `needs_detail`: a birth year or a city would tell."""

    matches: tuple[Match, ...] = ()

    @property
    def hits(self) -> tuple[Match, ...]:
        return tuple(match for match in self.matches if match.is_hit)

    @property
    def needs_detail(self) -> bool:
        return any(match.needs_detail for match in self.matches)

    def as_dict(self) -> dict[str, Any]:
        """For a program (schemas/conflicts.try.v1.json)."""
        best = (self.hits or self.matches)[:1]
        return {
            "hit": bool(self.hits),
            "score": best[0].score if best else 0.0,
            "reasons": list(best[0].reasons) if best else ["nobody of this name"],
            "needs_detail": self.needs_detail and not self.hits,
            "matches": [match.as_dict() for match in self.matches],
        }


def search(name: Name, side: Side = "unknown", *, without: UUID | None = None) -> Found:
    """The current firm's parties that may be `name`, without those of the intake `without`."""
    rules, million = rules_of_firm(), size_of_index() / 1e6  # asked for whoever is found: it takes as long
    compared = [
        (row, record, found)
        for row, record in _candidates(name, without)
        if (found := compare(name, name_in(record))).score >= rules["note"]
    ]
    if not compared:
        return Found()
    # A word that many of the firm's parties are named with makes no affiliates.
    akin = sum(found.is_akin for _, _, found in compared)
    if akin > rules["affiliates"]:
        compared = [
            (row, record, _as_note(found, rules) if found.is_akin else found) for row, record, found in compared
        ]
    is_institution = any(row[1] == Role.INSTITUTION and found.score >= _INSTITUTION for row, _, found in compared)
    matches = [_judged(row, record, found, side, rules, million, is_institution) for row, record, found in compared]
    return Found(tuple(sorted(matches, key=lambda match: (not match.is_hit, -match.score))[:MAX_MATCHES]))


def rules_of_firm() -> Mapping[str, float]:
    """The thresholds, the firm's own before the project's."""
    own = ConflictRules.objects.values_list("thresholds", flat=True).first() or {}
    return {**thresholds(), **{key: float(value) for key, value in own.items() if key in thresholds()}}


def is_common(name: Name, rules: Mapping[str, float], million: float) -> bool:
    """Whether more people of this very name are to be expected among the firm's parties than a name alone may have."""
    same = compare(name, name)
    return not same.is_family and same.per_million * million > rules["namesakes"]


def size_of_index() -> int:
    """About how many parties the firm has, by the statistics of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [ConflictEntry._meta.db_table]
        )
        (rows,) = cursor.fetchone() or (-1,)
    # Not analysed yet: few were added.
    return int(rows) if rows >= 0 else ConflictEntry.objects.count()


def _candidates(name: Name, without: UUID | None) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    keys = hashed(asked(name))
    with transaction.atomic(), connection.cursor() as cursor:
        # The planner takes these keys for frequent ones and would read the table.
        cursor.execute("SELECT set_config('enable_seqscan', 'off', true)")
        cursor.execute(_CANDIDATES, [keys, MAX_CANDIDATES])
        rows = cursor.fetchall()
        cursor.execute("SELECT set_config('enable_seqscan', 'on', true)")
    for row in rows:
        if without is None or row[3] != without:
            record = opened_record(row[0], row[4])
            if record:
                yield row, record


def _judged(
    row: tuple[Any, ...], record: dict[str, Any], found: Comparison, side: Side, rules: Mapping[str, float],
    million: float, is_institution: bool,
) -> Match:  # fmt: skip
    role, reasons, needs_detail = row[1], found.reasons, False
    is_hit = found.score >= rules["hit"] and role in STOPPING[side]
    if found.score >= rules["hit"] and not is_hit:
        reasons = (*reasons, _WHY_INSTITUTION if role == Role.INSTITUTION else _WHY_SIDE)
    if is_hit and is_institution and role in {Role.ADVERSE, Role.PROSPECT}:
        is_hit, reasons = False, (*reasons, _WHY_INSTITUTION)
    if is_hit and _is_too_common(found, rules, million):
        is_hit, needs_detail = False, found.detail in {"unknown", "city"} and not found.is_family
        reasons = (*(r for r in reasons if not r.startswith("a common name")), _WHY_COMMON)
    return Match(row[0], row[2], row[3], record["name"], role, found.score, reasons, is_hit, needs_detail)


def _as_note(found: Comparison, rules: Mapping[str, float]) -> Comparison:
    score = min(found.score, max(rules["note"], rules["hit"] - 0.01))
    return replace(found, hit=False, score=score, reasons=(*found.reasons, _WHY_MANY))


def _is_too_common(found: Comparison, rules: Mapping[str, float], million: float) -> bool:
    """Whether so many unrelated people of this name are to be expected among the firm's parties that it says little."""
    told_by = "unknown" if found.is_family else found.detail
    allowed = {"year": "namesakes_with_year", "city": "namesakes_with_city"}.get(told_by, "namesakes")
    return found.per_million * million > rules[allowed]
