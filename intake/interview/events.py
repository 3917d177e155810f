"""What can happen to a conversation, and what the engine decides about it.

An event carries its time and locale, so that replaying recorded events gives the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from intake.interview.playbook import PartyRole
    from intake.interview.stages import Stage

ConsentKind = Literal["service", "keep_audio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """When, and in which language the client was addressed."""

    at: datetime
    locale: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """The page was opened and the notice shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consented(Event):
    """The client agreed to `kind`."""

    kind: ConsentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrew(Event):
    """The client took back, or never gave, their agreement to `kind`."""

    kind: ConsentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Event):
    """The client's turn `turn`; `supersedes` is the turn that it corrects."""

    turn: int
    text: str
    supersedes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Event):
    """The client pressed Done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Event):
    """The client pressed Send; the firm files it under `reference`."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictMatched(Event):
    """The names were matched against the firm's parties."""

    hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictDecided(Event):
    """A person at the firm decided about a hit."""

    cleared: bool


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing to say: the key of the wording and its text in the event's locale."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact with its evidence: characters `start` to `end` of the text of turn `turn`.

    `value` is None when the person does not know or would rather not say.
    """

    key: str
    value: str | None
    state: Literal["stated", "unknown", "refused"]
    turn: int
    start: int
    end: int
    party: PartyRole | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now. `check_conflict`: match the names and report back with ConflictMatched."""

    stage: Stage
    say: tuple[Saying, ...] = ()
    question: str | None = None
    findings: tuple[Finding, ...] = ()
    check_conflict: bool = False


class NotNow(Exception):
    """The event is not possible at this stage. Nothing changed."""

    def __init__(self, stage: Stage, event: Event) -> None:
        super().__init__(f"{type(event).__name__} is not possible at stage {stage.value}")
        self.stage = stage
