"""Reads of a conversation, for the client's page, its socket and the admin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import F

from intake import agreed, guided_views, interviews
from intake.hearing import is_heard
from intake.interview.agreeing import CONSENT_KINDS, current
from intake.interview.engine import Allowed, allowed
from intake.interview.guided.returning import may_come_back
from intake.interview.guided.talk import Talk
from intake.interview.playbook import Playbook as FirstForm
from intake.interview.stages import STOPPED_LOOK, Stage
from intake.interview.state import State
from intake.interview.wordings import LOCALES, words
from intake.interviews import state_of
from intake.models import Fact, Intake, Turn
from tenants.tokens import hash_secret

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class TurnView:
    """A turn as it is shown. `text` is None when it was erased; the row and its number stay."""

    id: UUID
    number: int
    role: str
    text: str | None
    modality: str | None
    question: str | None
    supersedes: int | None
    superseded_by: int | None
    at: datetime
    item_id: str | None

    def as_dict(self) -> dict[str, Any]:
        """What goes over HTTP and the socket."""
        return {
            "number": self.number,
            "role": self.role,
            "text": self.text or "",
            "modality": self.modality,
            "question": self.question,
            "supersedes": self.supersedes,
            "superseded_by": self.superseded_by,
            "at": self.at.isoformat(),
            "item_id": self.item_id,
        }


def intake_by_secret(secret: str) -> Intake | None:
    """The intake whose cookie holds `secret`."""
    return Intake.objects.filter(secret_hash=hash_secret(secret.encode("utf-8", "replace"))).first()


def speech_refusal(intake: Intake) -> str:
    """Why this client may not be listened to where the conversation stands; empty: they may."""
    return agreed.speech_refusal(intake, state_of(intake))


def may_be_heard(intake_id: UUID) -> bool:
    """Whether the client agrees, now, that what they say is turned into words."""
    return consents_of(intake_id) >= agreed.HEARING


def keeps_audio(intake_id: UUID) -> bool:
    """Whether the client agrees, now, that recordings are kept."""
    return "keep_audio" in consents_of(intake_id)


def consents_of(intake_id: UUID, *, lock: bool = False) -> frozenset[str]:
    """What the client agrees to now. With `lock` nothing of it changes until the transaction ends."""
    intakes = Intake.objects.select_for_update() if lock else Intake.objects.all()
    state: dict[str, Any] = intakes.values_list("state", flat=True).get(pk=intake_id)
    return State.from_json(state).consents


def turns_after(intake_id: UUID, number: int) -> list[TurnView]:
    """The turns numbered above `number`, in order. One query, whatever corrects what."""
    turns: QuerySet[Any] = Turn.objects.filter(intake_id=intake_id, number__gt=number).order_by("number")
    # Numbers only: joining the rows themselves would load and build each corrected turn again.
    corrections = {"corrects": F("supersedes__number"), "corrected_by": F("superseded_by__number")}
    return [view(turn, turn.corrects, turn.corrected_by) for turn in turns.annotate(**corrections)]


def view(turn: Turn, supersedes: int | None, superseded_by: int | None) -> TurnView:
    """A turn as it is shown, with the numbers of what it corrects and of what corrects it."""
    return TurnView(
        id=turn.id,
        number=turn.number,
        role=turn.role,
        text=turn.text,
        modality=turn.modality or None,
        question=turn.question or None,
        supersedes=supersedes,
        superseded_by=superseded_by,
        at=turn.at,
        item_id=str(turn.utterance_id) if turn.utterance_id else None,
    )


def snapshot(intake_id: UUID) -> dict[str, Any]:
    """All that a page needs to show the conversation. Three queries, however long it is."""
    return snapshot_of(Intake.objects.get(pk=intake_id))


def snapshot_of(intake: Intake) -> dict[str, Any]:
    """`snapshot` of a row that is loaded."""
    state = state_of(intake)
    turns = turns_after(intake.id, 0)
    return {
        "id": str(intake.id),
        "reference": intake.reference,
        "stage": client_stage(state.stage),
        "question": _question(intake, state),
        "consents": {kind: kind in state.consents for kind in CONSENT_KINDS},
        "agreements": agreed.agreements(intake, state),
        "microphone": agreed.microphone(intake, state),
        "turns": [turn.as_dict() for turn in turns],
        "last_turn": intake.last_turn,
        "can": {**(may := may_of(allowed(state))), "speak": may["speak"] and is_heard(intake.locale)},
        "later": isinstance(state, Talk) and may_come_back(state),
        "review": _review(intake, state, turns) if state.stage in {Stage.REVIEW, Stage.SENT} else None,
        "notice": {"version": current().version, "paragraphs": list(current().paragraphs(intake.locale))},
        "locale": intake.locale,
        "locales": list(LOCALES) if isinstance(state, Talk) else [intake.locale],
    }


def may_of(may: Allowed) -> dict[str, bool]:
    """What the client may do, by name."""
    return {name: getattr(may, name) for name in may.__slots__}


def label_of(intake: Intake, code: str) -> str | None:
    """What stands on the button `code` now; None: there is no such button."""
    state = state_of(intake)
    return guided_views.label_of(intake, state, code) if isinstance(state, Talk) else None


def client_stage(stage: Stage) -> str:
    """The stage as a client is told it: every stop is `stopped`, so that the name tells no reason."""
    return Stage.STOPPED.value if stage in STOPPED_LOOK else stage.value


def question_of(intake: Intake) -> dict[str, Any] | None:
    """The question that is open, with its text in the intake's locale and the buttons under it."""
    return _question(intake, state_of(intake))


def _question(intake: Intake, state: State | Talk) -> dict[str, Any] | None:
    if isinstance(state, Talk):
        return guided_views.question(intake, state)
    playbook = interviews.playbook_named(intake.playbook)
    question = playbook.at_stage(Stage(intake.stage)) if isinstance(playbook, FirstForm) else None
    if question is None:
        return None
    text = words(question.wording, intake.locale)
    return {"key": question.key, "text": text, "kind": question.kind, "help": None, "choices": []}


def _review(intake: Intake, state: State | Talk, turns: list[TurnView]) -> dict[str, Any]:
    """What is going to be sent, as it stands after corrections."""
    if isinstance(state, Talk):
        return guided_views.review(intake, state, {turn.number: turn.text or "" for turn in turns})
    values = {fact.key: fact.value for fact in Fact.objects.filter(intake=intake, superseded_by__isnull=True)}
    story = set(state.answers.get("story", ()))
    return {
        "name": values.get("name"),
        "other_side": values.get("other_side"),
        "story": [{"number": turn.number, "text": turn.text or ""} for turn in turns if turn.number in story],
        "sections": [],
    }
