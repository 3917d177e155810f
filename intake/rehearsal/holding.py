"""Holding a rehearsal through the real services, in a transaction that is rolled back.

Nothing of it stays: no row, so nothing in the conflict index, the lists or the audit chains, and whatever the services
start once a transaction commits (wake-ups, mail, jobs) never starts. An end of the process rolls back too. The price is
the firm's gate, which is locked from this person's conflict check to the end: about a second, so one at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import uuid4

from django.db import transaction

from intake import selectors, services
from intake.conflicts import entries, probing
from intake.conflicts.comparing import Name
from intake.errors import IntakeError
from intake.models import Fact, Intake, SafetyAlert, Turn
from intake.rehearsal.answering import Mind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.rehearsal.answering import Act
    from intake.rehearsal.personas import Persona

#: More acts than any conversation needs; who is still asked then is walking in a circle.
MOST_ACTS: Final = 150
_OVER: Final = frozenset({"sent", "stopped", "declined", "conflict_hold", "person_decides"})


class Voice(Protocol):
    """Says a line aloud, and gives what was heard to the conversation. Whether anything was heard."""

    def speak(self, intake: Intake, text: str) -> bool:
        """Raises IntakeError."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One turn as it stands in the conversation."""

    role: str
    text: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """A fact as staff would see it."""

    value: Any
    state: str


@dataclass
class Rehearsal:
    """What came of one. `asked_again`: keys put again after a usable answer. `said`: keys they answered in their own
    words. `shown`: every text of ours that the client saw, in the language it was in. `alerts`: level and kinds.
    `pauses`: how often the questions were paused for safety."""

    persona: Persona
    stage: str = ""
    lines: list[Line] = field(default_factory=list)
    facts: dict[str, Understood] = field(default_factory=dict)
    acts: int = 0
    asked_again: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    pauses: int = 0
    shown: list[tuple[str, str]] = field(default_factory=list)
    alerts: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    typed_instead: int = 0
    refused: str = ""


def hold(persona: Persona, *, voice: Voice | None = None, before: Callable[[], None] | None = None) -> Rehearsal:
    """Let `persona` go through the current firm's interview, and undo it.

    `before`: is called inside the transaction, first.
    """
    found = Rehearsal(persona)
    with probing.uncounted(), transaction.atomic():
        if before is not None:
            before()
        for party in persona.index:
            entries.new_entry(Name(party["name"]), party["role"]).save(force_insert=True)
        _talk(found, voice)
        transaction.set_rollback(True)
    return found


def _talk(found: Rehearsal, voice: Voice | None) -> None:
    persona = found.persona
    intake, _secret = services.start_intake(
        consents={"service": True, "transcription": voice is not None}, locale=persona.locale, zone=persona.zone
    )
    mind, usable = Mind(persona), set[str]()
    while found.acts < MOST_ACTS:
        intake.refresh_from_db()
        if intake.stage in _OVER:
            break
        question = selectors.question_of(intake)
        _note(found, intake, question, usable)
        act = mind.next(intake.stage, question)
        found.acts += 1
        try:
            _do(found, intake, act, question, voice)
        except IntakeError as error:
            found.refused = error.code
            break
        if act.do == "back":
            usable.clear()
        paused = act.do == "say" and _paused_now(intake)
        found.pauses += paused
        if act.answers and question is not None and not (paused and question["kind"] in {"story", "text", "choice"}):
            # What was free text with danger in it may be asked again: it was about the danger.
            usable.add(question["key"])
    else:
        found.refused = "circle"
    found.said = set(mind.answered)
    _read(found, intake)


def _paused_now(intake: Intake) -> bool:
    """Whether what was said paused the questions: it was said in an open stage."""
    stage = Intake.objects.values_list("stage", flat=True).get(pk=intake.pk)
    return bool(stage == "safety_pause" != intake.stage)


def _note(found: Rehearsal, intake: Intake, question: Mapping[str, Any] | None, usable: set[str]) -> None:
    """What the page shows now; a question that had its answer is one too many."""
    if question is None:
        return
    if question["key"] in usable:
        found.asked_again.append(question["key"])
        usable.discard(question["key"])
    labels = [choice["label"] for choice in question["choices"]]
    found.shown += [(text, intake.locale) for text in (question["text"], question["help"], *labels) if text]


def _do(found: Rehearsal, intake: Intake, act: Act, question: Mapping[str, Any] | None, voice: Voice | None) -> None:
    """Raises IntakeError."""
    match act.do:
        case "say":
            if voice is not None and not selectors.speech_refusal(intake):
                if voice.speak(intake, act.what):
                    return
                found.typed_instead += 1
            services.add_turn(intake_id=intake.id, text=act.what, modality="typed", client_ref=uuid4())
        case "press":
            asked = question["key"] if question else ""
            services.choose(intake_id=intake.id, question=asked, code=act.what, client_ref=uuid4())
        case "back":
            services.go_back(intake_id=intake.id)
        case "done":
            services.finish_story(intake_id=intake.id)
        case "send":
            services.send_intake(intake_id=intake.id)


def _read(found: Rehearsal, intake: Intake) -> None:
    """What staff would find."""
    intake.refresh_from_db()
    found.stage = intake.stage
    turns = Turn.objects.filter(intake=intake).order_by("number")
    found.lines = [Line(turn.role, turn.text or "", turn.question) for turn in turns]
    for fact in Fact.objects.filter(intake=intake, superseded_by__isnull=True).order_by("id"):
        if fact.state != Fact.State.CONTRADICTED or fact.key not in found.facts:
            found.facts[fact.key] = Understood(fact.typed, fact.state)
    found.alerts = [
        (alert.level, tuple(alert.kinds)) for alert in SafetyAlert.objects.filter(intake=intake).order_by("id")
    ]
