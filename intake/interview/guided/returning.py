"""Somebody comes back after days: a welcome, where we are, and the open question. What is over stays as it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.interview.events import NotNow
from intake.interview.guided import caring, verifying
from intake.interview.stages import BEFORE_GATE, OPEN_STAGES, Stage

if TYPE_CHECKING:
    from intake.interview.events import Resumed
    from intake.interview.guided.step import Step
    from intake.interview.guided.talk import Talk

_NEVER: Final = frozenset({Stage.NOTICE, Stage.CONSENT, Stage.SENT})


def may_come_back(talk: Talk) -> bool:
    """Whether there is something to come back to. The same at every stop: it tells no reason."""
    return talk.stage not in _NEVER


def resumed(step: Step, event: Resumed) -> None:
    """The proof was given before this event: the stage is the one that was left."""
    stage = step.talk.stage
    if not may_come_back(step.talk):
        raise NotNow(stage, event)
    if step.talk.contact == verifying.SENT:
        step.change(contact="")  # that code is long over
    if stage is Stage.SAFETY_PAUSE:
        caring.still_paused(step)
    elif stage in OPEN_STAGES:
        step.say("resumed")
        if stage is not Stage.REVIEW:
            step.say("resumed.first" if stage in BEFORE_GATE else f"resumed.{stage.value}")
        step.ask_again()
