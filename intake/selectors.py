"""Reads of a conversation, for the client's page, its socket and the admin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import F

from intake.interview.engine import allowed
from intake.interview.playbook import PLAYBOOKS
from intake.interview.stages import STOPPED_LOOK, Stage
from intake.interview.state import State
from intake.interview.wordings import NOTICE_VERSION, notice, words
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


def state_of(intake: Intake) -> State:
    """The engine's state."""
    return State.from_json(intake.state)


def intake_by_secret(secret: str) -> Intake | None:
    """The intake whose cookie holds `secret`."""
    return Intake.objects.filter(secret_hash=hash_secret(secret.encode("utf-8", "replace"))).first()


def can_speak(intake: Intake) -> bool:
    """Whether the microphone may be used where the conversation stands."""
    return allowed(state_of(intake)).speak


def keeps_audio(intake_id: UUID) -> bool:
    """Whether the client agrees, now, that recordings are kept."""
    state: dict[str, Any] = Intake.objects.values_list("state", flat=True).get(pk=intake_id)
    return "keep_audio" in State.from_json(state).consents


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
    """All that a page needs to show the conversation. Three queries, one more at review and after."""
    return snapshot_of(Intake.objects.get(pk=intake_id))


def snapshot_of(intake: Intake) -> dict[str, Any]:
    """`snapshot` of a row that is loaded."""
    state = state_of(intake)
    turns = turns_after(intake.id, 0)
    may = allowed(state)
    return {
        "id": str(intake.id),
        "reference": intake.reference,
        "stage": client_stage(state.stage),
        "question": question_of(intake),
        "consents": {kind: kind in state.consents for kind in ("service", "keep_audio")},
        "turns": [turn.as_dict() for turn in turns],
        "last_turn": intake.last_turn,
        "can": {"type": may.type, "speak": may.speak, "done": may.done, "send": may.send, "correct": may.correct},
        "review": _review(intake, state, turns) if state.stage in {Stage.REVIEW, Stage.SENT} else None,
        "notice": {"version": NOTICE_VERSION, "paragraphs": list(notice(intake.locale))},
    }


def client_stage(stage: Stage) -> str:
    """The stage as a client is told it: every stop is `stopped`, so that the name tells no reason."""
    return Stage.STOPPED.value if stage in STOPPED_LOOK else stage.value


def question_of(intake: Intake) -> dict[str, str] | None:
    """The question that is open, with its text in the intake's locale."""
    question = PLAYBOOKS[intake.playbook].at_stage(Stage(intake.stage))
    if question is None:
        return None
    return {"key": question.key, "text": words(question.wording, intake.locale), "kind": question.kind}


def _review(intake: Intake, state: State, turns: list[TurnView]) -> dict[str, Any]:
    """Name, other side and story as they stand after corrections."""
    values = {fact.key: fact.value for fact in Fact.objects.filter(intake=intake, superseded_by__isnull=True)}
    story = set(state.answers.get("story", ()))
    return {
        "name": values.get("name"),
        "other_side": values.get("other_side"),
        "story": [{"number": turn.number, "text": turn.text or ""} for turn in turns if turn.number in story],
    }
