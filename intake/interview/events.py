"""What can happen to a conversation, and what the engine decides about it.

An event carries its time, zone, locale and the playbook that was in use, so that replaying recorded
events gives the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from intake.classify.ensemble import Vote
    from intake.interview.stages import Stage

#: What a client may agree to, each by itself. All but `service` are asked for when they matter.
ConsentKind = Literal["service", "transcription", "keep_audio", "ai_processing", "sms"]
#: Ways to reach a client.
Way = Literal["email", "phone"]
#: What a typed code was: `gone` when there is none to compare it with any more.
CodeResult = Literal["right", "wrong", "gone"]
#: Whose name an answer is, as a playbook says it; the first form says `other_side` for `adverse`.
PartyRole = Literal["client", "other_side", "adverse", "related", "institution"]
FactState = Literal["stated", "inferred", "unknown", "refused", "contradicted", "confirmed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """When, in which time zone (IANA), in which language and under which playbook (`key@version`)."""

    at: datetime
    locale: str = "en"
    zone: str = "UTC"
    playbook: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """The page was opened and the notice shown. `country`: whose help lines the firm gives (ISO 3166).

    `verify`: by these ways a code is asked for before the gate. `states`: from where the firm takes matters (two
    letters each); empty: from everywhere.
    """

    country: str = ""
    verify: tuple[Way, ...] = ()
    states: tuple[str, ...] = ()


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
    """The client's turn `turn`; `supersedes`: the turn that it corrects, `about`: the question that it answers anew;
    beside `supersedes`, the one that the corrected turn was said under.

    `votes`: what language models had said of its area when it came. They are not asked again.
    """

    turn: int
    text: str
    supersedes: int | None = None
    about: str | None = None
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chose(Event):
    """The client pressed a button under `question`: one of its choices, or what begins with @ (see `Command`)."""

    turn: int
    question: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WentBack(Event):
    """The client wants the question before this one again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched(Event):
    """The client chose another language; `locale` is still the one before."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(Event):
    """The client says at the review that what we have under `key` is right."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Event):
    """The playbook for the client's area was chosen; the event's `playbook` names it."""


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
class DetailWanted(Event):
    """Before the match: the names under these questions are so common that a further detail is asked, match or not."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictDecided(Event):
    """A person at the firm decided about a hit."""

    cleared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffActed(Event):
    """A person at the firm let the client go on, declined, or wrote down what an answer is (`key`, `value`)."""

    action: Literal["continue", "decline", "edit"]
    key: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent(Event):
    """A one-time code is on its way to the client, or could not be made."""

    way: Way
    sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChecked(Event):
    """What the code that the client typed was."""

    result: CodeResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """The client came back and proved who they are."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fact that a model read in a turn: `quote` are the words it stands on, from character `start`."""

    key: str
    value: Any
    quote: str
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed(Event):
    """What a model understood of turn `turn`, whose words are `text`. The model itself is never called again."""

    turn: int
    text: str
    facts: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing to say: the key of the wording and its text in the event's locale."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """A button under the question: what the client reads, and what pressing it sends."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact with its evidence: characters `start` to `end` of the text of turn `turn`.

    `value` is None when the person does not know or would rather not say. `kind` is the question's type.
    """

    key: str
    value: Any
    state: FactState
    turn: int
    start: int
    end: int
    party: PartyRole | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """Staff have to look: its kinds alone, never a word. `level`: danger_now, urgent or attention."""

    level: Literal["danger_now", "urgent", "attention"]
    kinds: tuple[str, ...]
    turn: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now.

    `check_conflict`: match the names and report back with ConflictMatched, or first with DetailWanted.
    `open_area`: find the playbook of this area (empty: of none) and report back with Opened. `locale`: address the
    client in it from now on. `send_code`: send a code by this way and report back with CodeSent. `check_code`: these
    digits were typed; report back with CodeChecked. `undone`: at a stop, what a pass would have kept: kept and undone
    at once, so that the one takes as long as the other.
    """

    stage: Stage
    say: tuple[Saying, ...] = ()
    question: str | None = None
    findings: tuple[Finding, ...] = ()
    check_conflict: bool = False
    alerts: tuple[Alert, ...] = ()
    open_area: str | None = None
    locale: str | None = None
    send_code: Way | None = None
    check_code: str = ""
    undone: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the client may do at a state."""

    type: bool = False
    speak: bool = False
    done: bool = False
    send: bool = False
    correct: bool = False
    choose: bool = False
    back: bool = False
    skip: bool = False
    go_on: bool = False


class NotNow(Exception):
    """The event is not possible at this stage. Nothing changed."""

    def __init__(self, stage: Stage, event: Event) -> None:
        super().__init__(f"{type(event).__name__} is not possible at stage {stage.value}")
        self.stage = stage
