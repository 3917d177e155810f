"""One step of a conversation: lock the intake, let the engine decide, write down what it decided."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils import timezone

from intake import audit, interviews, recording, signalling
from intake.contact import codes, ways
from intake.errors import NoIntake, StageClosed
from intake.interview.assistant import Context
from intake.interview.engine import advance
from intake.interview.events import CodeChecked, CodeSent, NotNow, Opened, StaffActed
from intake.interview.guided.talk import Talk
from intake.interview.playbook import FIRST_FORM
from intake.interview.stages import Stage
from intake.models import Intake, InterviewEvent, ModelUse, SafetyAlert, Turn
from intake.selectors import client_stage
from intake.services import gating, paging, refusing, triage
from intake.services.facts import Keeper
from intake.services.phrasing import CONSENT, NOTHING, Prepared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from intake.interview.events import Decision, Event, Finding, Saying
    from intake.interview.state import State
    from intake.models import ConflictCheck
    from tenants.accounts.models import User

#: The firm's choice -> the flags with which it declines by itself (DutySettings.decline_represented).
DECLINED_FLAGS: Final = {
    "represented": frozenset({"represented"}),
    "all": frozenset({"represented", "represented_change", "represented_second_opinion"}),
}
_SAVED = [
    "state", "mind_ct", "stage", "playbook", "locale", "last_turn", "last_event", "reference", "sent_at", "updated_at",
    "urgency", "urgency_due",
]  # fmt: skip


@dataclass
class Step:
    """What happens to one locked intake in one transaction. `close` writes what was gathered."""

    intake: Intake
    said: Turn | None = None
    user: User | None = None
    at: datetime = field(default_factory=timezone.now)
    sayings: list[Saying] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    checks: list[ConflictCheck] = field(default_factory=list)
    events: list[InterviewEvent] = field(default_factory=list)
    alerts: list[SafetyAlert] = field(default_factory=list)
    reply: Turn | None = None
    prepared: Prepared = NOTHING
    uses: list[ModelUse] = field(default_factory=list)
    declined_by_setting: bool = False

    def __post_init__(self) -> None:
        self.state: State | Talk = interviews.state_of(self.intake)
        self.began_at = self.state.stage

    @property
    def context(self) -> dict[str, Any]:
        """The fields that every event carries."""
        return {
            "at": self.at, "locale": self.intake.locale, "zone": self.intake.zone, "playbook": self.intake.playbook,
        }  # fmt: skip

    @property
    def asking(self) -> str:
        """Key of the open question; empty when none is."""
        if isinstance(self.state, Talk):
            return self.state.asking
        question = FIRST_FORM.at_stage(self.state.stage)
        return question.key if question else ""

    def advance(self, event: Event) -> None:
        """Let the engine decide about `event`, and write its findings. Raises StageClosed."""
        try:
            decision = self._decide(event)
        except NotNow as refused:
            raise StageClosed(stage=client_stage(refused.stage)) from None
        state = self.state
        self.intake.stage = state.stage.value
        if isinstance(state, Talk):
            self.intake.playbook = state.playbook or self.intake.playbook
            self.intake.last_event += 1
            self.events.append(recording.record_of(self.intake, self.intake.last_event, event))
        self._follow(decision)
        if self._declines():
            self.declined_by_setting = True
            # Told at once: that somebody will look would not be true.
            self.sayings = [saying for saying in self.sayings if saying.key != "stopped"]
            refusing.refuse(self, StaffActed(action="decline", value="the firm's setting", **self.context))

    def _declines(self) -> bool:
        """Whether the firm has said that it takes nobody like this. After the match the setting is read whatever came
        of it: it takes as long."""
        talk = self.state
        if not isinstance(talk, Talk) or not (self.checks or talk.stage is Stage.PERSON_DECIDES):
            return False
        flags = DECLINED_FLAGS.get(paging.duty_settings().decline_represented, frozenset())
        return talk.stage is Stage.PERSON_DECIDES and talk.flag in flags

    def _decide(self, event: Event) -> Decision:
        if isinstance(self.state, Talk):
            self.state, decision = advance(interviews.guided_named(event.playbook), self.state, event)
        else:
            self.state, decision = advance(FIRST_FORM, self.state, event)
        return decision

    @property
    def _answers(self) -> dict[str, Any]:
        return self.state.answers if isinstance(self.state, Talk) else {}

    def next_number(self) -> int:
        """The number of the next turn; the lock on the intake keeps it without gaps."""
        self.intake.last_turn += 1
        return self.intake.last_turn

    def close(self, *, action: str, actor: str, data: dict[str, Any], target: Turn | None = None) -> None:
        """Write the reply, the intake and the audit event; wake the sockets when that commits."""
        if self.sayings:
            self.reply = Turn(
                intake=self.intake,
                number=self.next_number(),
                role=Turn.Role.ASSISTANT,
                question=self.asking,
                at=timezone.now(),
            )
            context = Context(self.intake.locale, self.intake.stage, CONSENT in self.state.consents)
            said = self.prepared.assistant.phrase(self.sayings, context)
            self.reply.text = "\n\n".join(saying.text for saying in said)
            self.reply.save(force_insert=True)
            if list(said) != self.sayings:
                self.used(self.reply, self.prepared.for_reply)
        self._save_state()
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
                **({"declined_by": "setting"} if self.declined_by_setting else {}),
                **({"said": [saying.key for saying in self.sayings]} if self.sayings else {}),
                **({"facts": self.facts} if self.facts else {}),
                **({"conflict": [str(check.result) for check in self.checks]} if self.checks else {}),
                **({"models": [[one.task, one.model, one.prompt] for one in self.uses]} if self.uses else {}),
                **({"alerts": [[alert.level, *alert.kinds] for alert in self.alerts]} if self.alerts else {}),
            },
        )
        signalling.turn_added(self.intake.id, self.intake.last_turn)

    def used(self, turn: Turn, uses: Sequence[dict[str, Any]]) -> None:
        """Note what a model did for `turn`."""
        self.uses.extend(ModelUse(intake=self.intake, turn=turn, **fields) for fields in uses)

    def _save_state(self) -> None:
        if isinstance(self.state, Talk):
            if self.facts or self.alerts or self.state.stage is not self.began_at:
                triage.note(self.intake, self.state, self.at, at_gate=bool(self.checks))
            self.intake.mind = self.state.as_json()
            self.intake.state = self.state.in_plain()
        else:
            self.intake.state = self.state.as_json()
        if self.events:
            InterviewEvent.objects.bulk_create(self.events)
        if self.uses:
            ModelUse.objects.bulk_create(self.uses)
        if self.alerts:
            SafetyAlert.objects.bulk_create(self.alerts)
            paging.begin(self.alerts)
        self.intake.save(update_fields=_SAVED)

    def _follow(self, decision: Decision) -> None:
        """Do what the engine decided, and report back what it waits for."""
        self.sayings.extend(decision.say)
        self.alerts.extend(
            SafetyAlert(
                intake=self.intake,
                turn=self.said if self.said and self.said.number == alert.turn else None,
                level=alert.level,
                kinds=list(alert.kinds),
                at=self.at,
            )
            for alert in decision.alerts
        )
        if decision.locale:
            self.intake.locale = decision.locale
        if decision.check_conflict:
            gating.to_the_gate(self, decision.findings)
        else:
            self.keep(decision.findings)
        if decision.undone:
            self._keep_and_undo(decision.undone)
        if decision.send_code is not None:
            address = ways.address_among(self._answers, decision.send_code)
            sent = codes.issue(self.intake, decision.send_code, address, "verify")
            self.advance(CodeSent(way=decision.send_code, sent=sent, **self.context))
        if decision.check_code:
            to = ways.hashes_among(self._answers)
            result = codes.check(self.intake.id, "verify", decision.check_code, addresses=to)
            self.advance(CodeChecked(result=result, **self.context))
        if decision.open_area is not None:
            opened = interviews.playbook_for(decision.open_area, self.intake.playbook)
            self.advance(Opened(**{**self.context, "playbook": opened.name}))

    def keep(self, findings: Sequence[Finding]) -> None:
        """Write facts and parties. Once the gate was run, inside a savepoint, as what a stop undoes is."""
        if findings:
            with transaction.atomic() if self.checks else nullcontext():
                self.facts += Keeper(self.intake, self.said, self.user).keep(findings)

    def _keep_and_undo(self, findings: Sequence[Finding]) -> None:
        """The writes of a pass, for their time alone: no row, no fact and no name of it is left."""
        with transaction.atomic():
            Keeper(self.intake, self.said, self.user).keep(findings)
            transaction.set_rollback(True)


def open_step(intake_id: UUID) -> Step:
    """Lock the intake until the transaction ends. Raises NoIntake."""
    intake = Intake.objects.select_for_update().filter(pk=intake_id).first()
    if intake is None:
        raise NoIntake
    return Step(intake)
