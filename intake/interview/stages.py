"""The stages of a conversation, and which may follow which. Enforced whatever any assistant says.

    notice -> consent -> name -> other_side -> topic -> basics -> conflict_gate -> story -> questions -> review -> sent
                                                                      |
                                                                      +-> conflict_hold -> (cleared) story | stopped

`safety_pause`, `stopped`, `person_decides` and `declined` can be entered from every open stage;
`resumed` is where a person who comes back proves who they are.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where a conversation stands. The value is what the database stores."""

    NOTICE = "notice"
    CONSENT = "consent"
    NAME = "name"
    OTHER_SIDE = "other_side"
    TOPIC = "topic"
    BASICS = "basics"
    CONFLICT_GATE = "conflict_gate"
    CONFLICT_HOLD = "conflict_hold"
    STORY = "story"
    QUESTIONS = "questions"
    REVIEW = "review"
    SENT = "sent"
    SAFETY_PAUSE = "safety_pause"
    STOPPED = "stopped"
    PERSON_DECIDES = "person_decides"
    DECLINED = "declined"
    RESUMED = "resumed"


#: Stages in which the client's words are taken.
OPEN_STAGES: Final = frozenset({
    Stage.NAME, Stage.OTHER_SIDE, Stage.TOPIC, Stage.BASICS, Stage.STORY, Stage.QUESTIONS, Stage.REVIEW,
})  # fmt: skip
#: Open stages before the firm knows whether it is free to listen.
BEFORE_GATE: Final = frozenset({Stage.NAME, Stage.OTHER_SIDE, Stage.TOPIC, Stage.BASICS})
#: Stages that only open after the conflict gate let the client through.
AFTER_GATE: Final = frozenset({Stage.STORY, Stage.QUESTIONS, Stage.REVIEW, Stage.SENT})
#: Stages that look alike from outside: the client learns that questions stopped, never why.
STOPPED_LOOK: Final = frozenset(
    {
        Stage.CONFLICT_GATE,
        Stage.CONFLICT_HOLD,
        Stage.STOPPED,
        Stage.PERSON_DECIDES,
        Stage.DECLINED,
    }
)

_STOPS: Final = frozenset({Stage.SAFETY_PAUSE, Stage.STOPPED, Stage.PERSON_DECIDES, Stage.DECLINED, Stage.RESUMED})
_FORWARD: Final[dict[Stage, frozenset[Stage]]] = {
    Stage.NOTICE: frozenset({Stage.CONSENT}),
    Stage.CONSENT: frozenset({Stage.NAME}),
    Stage.NAME: frozenset({Stage.OTHER_SIDE, Stage.TOPIC, Stage.BASICS, Stage.CONFLICT_GATE}),
    Stage.OTHER_SIDE: frozenset({Stage.NAME, Stage.TOPIC, Stage.BASICS, Stage.CONFLICT_GATE}),
    Stage.TOPIC: frozenset({Stage.NAME, Stage.OTHER_SIDE, Stage.BASICS, Stage.CONFLICT_GATE}),
    Stage.BASICS: frozenset({Stage.NAME, Stage.OTHER_SIDE, Stage.TOPIC, Stage.CONFLICT_GATE}),
    # A common name: one more of the first questions.
    Stage.CONFLICT_GATE: frozenset({Stage.BASICS, Stage.CONFLICT_HOLD, Stage.STORY, Stage.QUESTIONS, Stage.REVIEW}),
    Stage.CONFLICT_HOLD: frozenset({Stage.STORY, Stage.QUESTIONS, Stage.REVIEW}),
    Stage.STORY: frozenset({Stage.CONFLICT_GATE, Stage.QUESTIONS, Stage.REVIEW}),
    Stage.QUESTIONS: frozenset({Stage.CONFLICT_GATE, Stage.STORY, Stage.REVIEW}),
    Stage.REVIEW: frozenset({Stage.CONFLICT_GATE, Stage.STORY, Stage.QUESTIONS, Stage.SENT}),
    Stage.SENT: frozenset(),
    # Out of a stop the client goes back to where they were; the state remembers where that was.
    Stage.SAFETY_PAUSE: frozenset(OPEN_STAGES),
    Stage.PERSON_DECIDES: frozenset(OPEN_STAGES | {Stage.CONFLICT_GATE}),
    Stage.RESUMED: frozenset(OPEN_STAGES),
    Stage.STOPPED: frozenset(),
    Stage.DECLINED: frozenset(),
}
_CLOSED: Final = frozenset({Stage.SENT, Stage.STOPPED, Stage.DECLINED})
#: Stage -> the stages it may be followed by (staying is always allowed).
TRANSITIONS: Final[dict[Stage, frozenset[Stage]]] = {
    stage: following if stage in _CLOSED else following | _STOPS for stage, following in _FORWARD.items()
}


def may_follow(before: Stage, after: Stage) -> bool:
    """Whether a conversation may go from `before` to `after` in one step."""
    return before is after or after in TRANSITIONS[before]
