"""The interview's engine: `advance(playbook, state, event) -> (state, Decision)`.

Pure: no clock, no network, no database, no model. Replaying the same events gives the same
states and decisions. The stages are enforced here, whatever an assistant would like to say.

Which interview it is, its playbook says: `first-form@1`, with which conversations began once, or the
guided one, whose questions stand in playbooks of `intake.playbooks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from intake.interview import first_form
from intake.interview.events import Allowed
from intake.interview.guided import engine as guided
from intake.interview.playbook import Playbook as FirstForm
from intake.interview.state import State

if TYPE_CHECKING:
    from intake.interview.events import Decision, Event
    from intake.interview.guided.talk import Talk
    from intake.playbooks.model import Playbook

__all__ = ["Allowed", "advance", "allowed"]


@overload
def advance(playbook: FirstForm, state: State, event: Event) -> tuple[State, Decision]: ...
@overload
def advance(playbook: Playbook, state: Talk, event: Event) -> tuple[Talk, Decision]: ...
def advance(playbook: Any, state: Any, event: Event) -> tuple[Any, Decision]:
    """One step of the conversation. Raises NotNow when `event` is not possible at this stage."""
    if isinstance(playbook, FirstForm):
        return first_form.advance(playbook, state, event)
    return guided.advance(playbook, state, event)


def allowed(state: State | Talk) -> Allowed:
    """What the client may do now."""
    return first_form.allowed(state) if isinstance(state, State) else guided.allowed(state)
