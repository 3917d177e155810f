"""Which interview a conversation is: its stored playbook and version decide, and nothing else.

A firm's own playbooks come before those that ship with this project (`firm_playbooks`). `first-form@1` is the
interview of before there were any.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from intake import firm_playbooks
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
    own = firm_playbooks.in_use_of(GENERAL)
    return (own.playbook if own is not None else None) or shipped()[GENERAL]


def playbook_named(name: str) -> Playbook | FirstForm:
    """The playbook of this key and version; of the key alone where that version is gone; else the general one."""
    if name == FIRST_FORM.name:
        return FIRST_FORM
    return guided_named(name)


def guided_named(name: str) -> Playbook:
    """`playbook_named` for what is known to be guided. Asks the database about the firm's own versions only."""
    return firm_playbooks.named(name) or shipped().get(name.partition("@")[0]) or opening()


def playbook_for(area: str, held: str = "") -> Playbook:
    """The playbook for an area's LIST code: one that names the code, else its top area's, else the general one.

    The firm's own come first, on both levels; then what ships and the firm has neither adapted nor switched off.
    `held`: what the conversation is held under, which stays in its version as long as its key does.
    """
    # One that this release cannot read counts as none: what ships is asked.
    own = {key: found for key, found in firm_playbooks.published().items() if found.playbook or found.switched_off}
    firms = [found.playbook for found in own.values() if found.playbook is not None]
    others = [playbook for key, playbook in shipped().items() if key not in own]
    wanted = (area, f"{area[:2]}-00-00-00-00")
    found = next(
        (
            playbook
            for playbooks in (firms, others)
            for code in wanted
            for playbook in playbooks
            if area and code in playbook.list_codes
        ),
        None,
    )
    if found is None:
        general = own.get(GENERAL)
        found = (general.playbook if general is not None else None) or shipped()[GENERAL]
    return guided_named(held) if held.partition("@")[0] == found.key else found


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
