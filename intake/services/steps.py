"""One step of a conversation: lock the intake, let the engine decide, write down what it decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from intake import audit, conflicts, signalling
from intake.errors import NoIntake, StageClosed
from intake.interview.engine import advance
from intake.interview.events import ConflictMatched, NotNow
from intake.interview.playbook import PLAYBOOKS
from intake.models import ConflictCheck, Fact, Intake, Party, Turn
from intake.selectors import client_stage, state_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from intake.interview.events import Event, Finding, Saying
    from intake.interview.playbook import PartyRole


@dataclass
class Step:
    """What happens to one locked intake in one transaction. `close` writes what was gathered."""

    intake: Intake
    said: Turn | None = None
    at: datetime = field(default_factory=timezone.now)
    sayings: list[Saying] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    checks: list[ConflictCheck] = field(default_factory=list)
    reply: Turn | None = None

    @property
    def context(self) -> dict[str, Any]:
        """The fields that every event carries."""
        return {"at": self.at, "locale": self.intake.locale}

    def advance(self, event: Event) -> None:
        """Let the engine decide about `event`, and write its findings. Raises StageClosed."""
        playbook = PLAYBOOKS[self.intake.playbook]
        try:
            state, decision = advance(playbook, state_of(self.intake), event)
        except NotNow as refused:
            raise StageClosed(stage=client_stage(refused.stage)) from None
        self.intake.state = state.as_json()
        self.intake.stage = state.stage.value
        self.sayings.extend(decision.say)
        if decision.check_conflict:
            self._to_the_gate(decision.findings)
        else:
            self._keep(decision.findings)

    def next_number(self) -> int:
        """The number of the next turn; the lock on the intake keeps it without gaps."""
        self.intake.last_turn += 1
        return self.intake.last_turn

    def close(self, *, action: str, actor: str, data: dict[str, Any], target: Turn | None = None) -> None:
        """Write the reply, the intake and the audit event; wake the sockets when that commits."""
        if self.sayings:
            question = PLAYBOOKS[self.intake.playbook].at_stage(state_of(self.intake).stage)
            self.reply = Turn(
                intake=self.intake,
                number=self.next_number(),
                role=Turn.Role.ASSISTANT,
                question=question.key if question else "",
                at=timezone.now(),
            )
            self.reply.text = "\n\n".join(saying.text for saying in self.sayings)
            self.reply.save(force_insert=True)
        self.intake.save(update_fields=["state", "stage", "last_turn", "reference", "sent_at", "updated_at"])
        audit.record(
            action=action,
            chain=self.intake.id,
            target_type="turn" if target else "intake",
            target_id=target.id if target else self.intake.id,
            actor=actor,
            data={
                **data,
                "stage": self.intake.stage,
                "last_turn": self.intake.last_turn,
                **({"said": [saying.key for saying in self.sayings]} if self.sayings else {}),
                **({"facts": self.facts} if self.facts else {}),
                **({"conflict": [str(check.result) for check in self.checks]} if self.checks else {}),
            },
        )
        signalling.turn_added(self.intake.id, self.intake.last_turn)

    def _to_the_gate(self, findings: Sequence[Finding]) -> None:
        """Take the names, match them, and tell the engine: all under the names' locks."""
        hashes = [conflicts.name_hash(found.value) for found in findings if found.party and found.value]
        hashes += [bytes(party.name_hash) for party in conflicts.current_parties(self.intake)]
        conflicts.lock_names(hashes)
        self._keep(findings)
        outcome = conflicts.match(self.intake)
        check = ConflictCheck(
            intake=self.intake,
            result=ConflictCheck.Result.HIT if outcome.is_hit else ConflictCheck.Result.CLEAR,
            matches=[str(one) for one in outcome.matches],
        )
        check.save(force_insert=True)
        self.checks.append(check)
        self.advance(ConflictMatched(hit=outcome.is_hit, **self.context))

    def _keep(self, findings: Sequence[Finding]) -> None:
        """Facts and parties are added; what they replace stays and is pointed at."""
        if not findings or self.said is None:
            return
        keys = [found.key for found in findings]
        before = {
            fact.key: fact for fact in Fact.objects.filter(intake=self.intake, key__in=keys, superseded_by__isnull=True)
        }
        parties = {party.role: party for party in conflicts.current_parties(self.intake)}
        for found in findings:
            self.facts.append(found.key)
            self._keep_fact(found, before.get(found.key))
            if found.party and found.value:
                self._keep_party(found.party, found.value, parties.get(found.party))

    def _keep_fact(self, found: Finding, before: Fact | None) -> None:
        said = self._said
        fact = Fact(
            intake=self.intake,
            key=found.key,
            state=found.state,
            turn=said,
            span_start=found.start,
            span_end=found.end,
            audio_start_ms=said.audio_start_ms,
            audio_end_ms=said.audio_end_ms,
            supersedes=before,
        )
        fact.value = found.value
        fact.save(force_insert=True)

    def _keep_party(self, role: PartyRole, name: str, before: Party | None) -> None:
        party = Party(
            intake=self.intake,
            role=role,
            name_hash=conflicts.name_hash(name),
            turn=self._said,
            supersedes=before,
        )
        party.name = name
        party.save(force_insert=True)

    @property
    def _said(self) -> Turn:
        if self.said is None:
            raise TypeError("a finding needs the turn it was found in")
        return self.said


def open_step(intake_id: UUID) -> Step:
    """Lock the intake until the transaction ends. Raises NoIntake."""
    intake = Intake.objects.select_for_update().filter(pk=intake_id).first()
    if intake is None:
        raise NoIntake
    return Step(intake)
