"""Events of the interview as they are kept, and back: a replay gives the same state, byte for byte.

A turn's words are kept once, in the turn. An event names it by its number.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from intake.classify.ensemble import Vote
from intake.interview import events
from intake.interview.engine import advance
from intake.interview.guided.talk import Talk
from intake.interviews import guided_named
from intake.models import InterviewEvent, Turn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from intake.interview.events import Event
    from intake.models import Intake

_CONTEXT: Final = frozenset(field.name for field in fields(events.Event))
_KINDS: Final[Mapping[str, type[Event]]] = {
    kind.__name__.lower(): kind
    for kind in (
        events.Started, events.Consented, events.Withdrew, events.Said, events.Chose, events.WentBack,
        events.Switched, events.Confirmed, events.Opened, events.Finished, events.Sent, events.ConflictMatched,
        events.ConflictDecided, events.DetailWanted, events.StaffActed, events.Proposed, events.CodeSent,
        events.CodeChecked, events.Resumed,
    )
}  # fmt: skip


def record_of(intake: Intake, sequence: int, event: Event) -> InterviewEvent:
    """The row for `event`, not saved yet."""
    data = {key: value for key, value in asdict(event).items() if key not in _CONTEXT and key != "text"}
    row = InterviewEvent(
        intake=intake,
        sequence=sequence,
        kind=type(event).__name__.lower(),
        at=event.at,
        zone=event.zone,
        locale=event.locale,
        playbook=event.playbook,
    )
    row.data = data
    return row


def event_of(row: InterviewEvent, texts: Mapping[int, str]) -> Event:
    """The event that `row` keeps; `texts` has the turns' words by number."""
    if row.data is None:
        raise KeyError(row.sequence)
    data: dict[str, Any] = dict(row.data)
    kind = _KINDS[row.kind]
    if kind in {events.Said, events.Proposed}:
        data["text"] = texts[data["turn"]]
    if kind is events.Proposed:
        data["facts"] = tuple(events.Proposal(**fact) for fact in data["facts"])
    if kind is events.Said:
        data["votes"] = tuple(Vote(**{**vote, "codes": tuple(vote["codes"])}) for vote in data.get("votes", ()))
    for name in ("value", "verify", "keys", "states"):
        if isinstance(data.get(name), list):
            data[name] = tuple(data[name])
    return kind(at=row.at, zone=row.zone, locale=row.locale, playbook=row.playbook, **data)


def replay(intake_id: UUID) -> Talk:
    """The state that an intake's recorded events lead to. KeyError: a turn's or an event's words were erased."""
    turns = Turn.objects.filter(intake_id=intake_id, role=Turn.Role.CLIENT)
    texts = {turn.number: turn.text for turn in turns if turn.text is not None}
    talk = Talk()
    for row in InterviewEvent.objects.filter(intake_id=intake_id).order_by("sequence"):
        event = event_of(row, texts)
        talk, _decision = advance(guided_named(event.playbook), talk, event)
    return talk
