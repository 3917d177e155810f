"""Facts that a language model reads in a client's turn: asked for after the turn, by a worker, while nobody waits.

They come back as one recorded event, `Proposed`, which the engine takes or leaves; staff and the client's review see
them as read out of other words. A replay takes the event and asks nobody.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import redis
from django.db import connection, transaction

from intake import audit, interviews
from intake.assistant import asking, prompting, reading
from intake.assistant.firm import firm_model
from intake.errors import NoIntake, StageClosed
from intake.interview.events import Event, Proposed
from intake.interview.guided.proposing import questions_open
from intake.interview.guided.reading import today_of
from intake.interview.guided.talk import Talk
from intake.interview.stages import Stage
from intake.language.tokens import words_of
from intake.models import Intake, ModelUse, Turn
from intake.services.phrasing import CONSENT, use
from intake.services.steps import open_step

if TYPE_CHECKING:
    from uuid import UUID

    from intake.assistant.chat import Reply
    from intake.interview.events import Proposal
    from intake.interview.state import State
    from intake.services.steps import Step

logger = logging.getLogger(__name__)

#: Stages at which the firm is free to listen and the review still lies ahead: the client sees there what was taken.
_STAGES: Final = frozenset({Stage.STORY, Stage.QUESTIONS})
#: Fewer words say no more than what was asked, which was read.
_FEWEST_WORDS: Final = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What a model read in one turn."""

    facts: tuple[Proposal, ...]
    model: str
    reply: Reply


def propose_later(step: Step) -> None:
    """Once this step's transaction commits, have a worker ask about its turn, where that is allowed."""
    said = step.said
    if said is None or not may_read(step.state) or len(words_of((said.text or "")[:400])) < _FEWEST_WORDS:
        return
    model = firm_model()
    if model is None or not model.proposes:
        return
    intake_id, number = step.intake.id, said.number
    transaction.on_commit(lambda: _send(intake_id, number))


def _send(intake_id: UUID, number: int) -> None:
    from intake.actors import propose_facts

    try:
        propose_facts.send(str(intake_id), number)
    except redis.RedisError as error:
        # Nothing is owed: what our own readers found is kept already.
        logger.warning("facts_not_asked_for", extra={"error": type(error).__name__})


def may_read(state: State | Talk) -> bool:
    """Whether a model may be shown what the client says at this state."""
    return isinstance(state, Talk) and state.gate_passed and state.stage in _STAGES and CONSENT in state.consents


def propose(*, intake_id: UUID, number: int) -> list[str]:
    """Ask the firm's model about turn `number` and give what it found to the engine; the keys that were kept.

    Nothing is locked while it answers. What became impossible meanwhile (consent taken back, another stage, the turn
    corrected) is dropped.
    """
    model = firm_model()
    intake = Intake.objects.filter(pk=intake_id).first()
    turn = _turn(intake, number)
    talk = interviews.talk_of(intake) if intake is not None else None
    if model is None or not model.proposes or intake is None or turn is None or talk is None or not may_read(talk):
        return []
    questions = questions_open(interviews.guided_named(intake.playbook), talk)
    text = turn.text
    if not questions or text is None:
        return []
    if not connection.in_atomic_block:
        connection.close()
    read: dict[str, tuple[Proposal, ...]] = {}

    def judge(name: str, reply: Reply) -> str:
        facts = reading.facts_of(reply.text, text)
        if facts is None:
            return "unfit"
        read[name] = facts
        return ""

    day = today_of(Event(at=turn.at, zone=intake.zone))
    found = asking.ask(
        model, "facts", prompting.to_read(questions, text=text, today=day), patience=asking.LATER, judge=judge
    )
    for name, reply in found.items():
        if read[name]:
            return _keep(intake_id, number, Found(read[name], name, reply))
    return []


@transaction.atomic
def _keep(intake_id: UUID, number: int, found: Found) -> list[str]:
    try:
        step = open_step(intake_id)
        turn = _turn(step.intake, number)
        if turn is None or turn.text is None or not may_read(step.state):
            return []
        step.said = turn
        step.advance(Proposed(turn=number, text=turn.text, facts=found.facts, **step.context))
    except (NoIntake, StageClosed):
        return []
    step.used(turn, [use(ModelUse.Task.FACTS, found.model, found.reply, list(step.facts))])
    step.close(action="facts.proposed", actor=audit.SYSTEM, data={"number": number}, target=turn)
    return step.facts


def _turn(intake: Intake | None, number: int) -> Turn | None:
    """The client's turn, unless another one has taken its place."""
    turns = Turn.objects.filter(intake=intake, number=number, role=Turn.Role.CLIENT, superseded_by__isnull=True)
    return turns.first() if intake is not None else None
