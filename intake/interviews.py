"""Which interview a conversation is: its stored playbook and version decide, and nothing else.

Playbooks are those that ship with this project. `first-form@1` is the interview of before there were any.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from intake.interview.events import Event
from intake.interview.guided.talk import Talk
from intake.interview.playbook import FIRST_FORM
from intake.interview.playbook import Playbook as FirstForm
from intake.interview.state import State
from intake.language.guess import LANGUAGES
from intake.playbooks.reading import shipped

if TYPE_CHECKING:
    from intake.models import Intake
    from intake.playbooks.model import Playbook

#: The playbook of whatever has none of its own; each guided interview begins under it.
GENERAL: Final = "general"


def opening() -> Playbook:
    """The playbook that a new conversation begins under."""
    return shipped()[GENERAL]


def playbook_named(name: str) -> Playbook | FirstForm:
    """The playbook of this key and version; of the key alone where that version is gone; else the general one."""
    if name == FIRST_FORM.name:
        return FIRST_FORM
    return guided_named(name)


def guided_named(name: str) -> Playbook:
    """`playbook_named` for what is known to be guided."""
    key = name.partition("@")[0]
    return shipped().get(key) or opening()


def playbook_for(area: str) -> Playbook:
    """The playbook for an area's LIST code: one that names the code, else its top area's, else the general one."""
    for wanted in (area, f"{area[:2]}-00-00-00-00"):
        for playbook in shipped().values():
            if area and wanted in playbook.list_codes:
                return playbook
    return opening()


def is_guided(intake: Intake) -> bool:
    """Whether this conversation is held by the guided interview."""
    return intake.playbook != FIRST_FORM.name


def state_of(intake: Intake) -> State | Talk:
    """The engine's state."""
    return Talk.from_json(intake.mind or {}) if is_guided(intake) else State.from_json(intake.state)


def talk_of(intake: Intake) -> Talk | None:
    """The guided interview's state; None for a conversation of the first form."""
    state = state_of(intake)
    return state if isinstance(state, Talk) else None


def warm() -> None:
    """Read and build once what the first turn of a process would wait for: about a second of one core."""
    from intake.classify import classify
    from intake.interview.guided.reading import everything
    from intake.safety import watch

    shipped()
    for language in LANGUAGES:
        classify("my landlord", language=language)
        watch("my landlord", language=language)
    everything("my landlord took 300 dollars on may 3", Event(at=datetime(2026, 1, 1, tzinfo=UTC)))
