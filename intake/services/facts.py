"""Facts and parties, as the engine finds them: added, never overwritten; what they replace is pointed at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from intake import conflicts
from intake.conflicts import entries
from intake.models import JSON_KINDS, Fact, Party, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.interview.events import Finding
    from intake.models import Intake
    from tenants.accounts.models import User

#: A playbook's party -> the side it is kept on.
_SIDES: Final = {"adverse": Party.Role.OTHER_SIDE}


@dataclass
class Keeper:
    """Keeps what one event found. `said`: the turn it was found in; `user`: who wrote it down instead."""

    intake: Intake
    said: Turn | None
    user: User | None = None

    def keep(self, findings: Sequence[Finding]) -> list[str]:
        """Write facts and parties; their keys. One query for the facts before, one for each kind that is added."""
        findings = self._last_of_each(findings)
        keys = {found.key for found in findings}
        current = Fact.objects.filter(intake=self.intake, key__in=keys, superseded_by__isnull=True)
        before: dict[str, Fact] = {}
        for fact in current.order_by("id"):
            if fact.state != Fact.State.CONTRADICTED or fact.key not in before:
                before[fact.key] = fact
        turns = self._turns(findings)
        # A name that is only confirmed is the same party as before.
        named = [one for one in findings if one.party and one.value and one.state != "confirmed"]
        if named:
            self._keep_parties(named, before, turns)
        Fact.objects.bulk_create([self._fact(found, before.get(found.key), turns) for found in findings])
        return [found.key for found in findings]

    def _last_of_each(self, findings: Sequence[Finding]) -> list[Finding]:
        """Of several about one question in one step the last counts; a contradiction stands beside."""
        last = {found.key: found for found in findings if found.state != "contradicted"}
        return [*last.values(), *(found for found in findings if found.state == "contradicted")]

    def _turns(self, findings: Sequence[Finding]) -> dict[int, Turn]:
        """Turns by number. Most findings are in the turn that was just said."""
        known = {self.said.number: self.said} if self.said else {}
        missing = {found.turn for found in findings if found.turn} - known.keys()
        if missing:
            known |= {turn.number: turn for turn in Turn.objects.filter(intake=self.intake, number__in=missing)}
        return known

    def _fact(self, found: Finding, before: Fact | None, turns: dict[int, Turn]) -> Fact:
        turn = turns.get(found.turn)
        fact = Fact(
            intake=self.intake,
            key=found.key,
            kind=found.kind,
            state=found.state,
            turn=turn,
            written_by=self.user if turn is None else None,
            span_start=found.start,
            span_end=found.end or len((turn.text or "") if turn else ""),
            audio_start_ms=turn.audio_start_ms if turn else None,
            audio_end_ms=turn.audio_end_ms if turn else None,
            supersedes=before if found.state != "contradicted" else None,
        )
        if found.state == "confirmed" and before is not None:
            # The words that it stands on stay the same.
            fact.turn_id, fact.span_start, fact.span_end = before.turn_id, before.span_start, before.span_end
            fact.audio_start_ms, fact.audio_end_ms = before.audio_start_ms, before.audio_end_ms
        fact.value = as_text(found.value, found.kind)
        return fact

    def _keep_parties(self, named: list[Finding], before: dict[str, Fact], turns: dict[int, Turn]) -> None:
        current = conflicts.current_parties(self.intake)
        for found in named:
            role = _SIDES.get(str(found.party), str(found.party))
            earlier = before.get(found.key)
            turn = turns.get(found.turn) or (earlier.turn if earlier else None)
            if turn is None:
                continue  # staff wrote down a name that nobody said
            party = Party(
                intake=self.intake,
                role=role,
                name_hash=conflicts.name_hash(str(found.value)),
                turn=turn,
                # Named in the turn that gave the earlier answer to this very question.
                supersedes=next(
                    (one for one in current if one.role == role and earlier and one.turn_id == earlier.turn_id), None
                ),
            )
            party.name = str(found.value)
            party.save(force_insert=True)
            entries.index_party(party)  # whoever is named in an intake is found by the next one


def as_text(value: Any, kind: str) -> str | None:
    """A value as a fact stores it: words as they are, what has parts as JSON."""
    if value is None or (isinstance(value, str) and kind not in JSON_KINDS):
        return value
    return json.dumps(value, ensure_ascii=False)
