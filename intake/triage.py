"""How urgent a conversation is, and what the firm's limitation table says of it: reads, for staff alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone

from intake.interview.events import Event
from intake.interview.guided import frame
from intake.interview.guided.reading import today_of
from intake.interviews import guided_named
from intake.limits.reckoning import Period, Status, Unit, reckon
from intake.models import Fact, Intake, LimitationPeriod
from intake.playbooks.evaluating import red_flags, relevant, score
from intake.urgency.judging import Urgency, judge

if TYPE_CHECKING:
    from datetime import date

    from intake.interview.guided.talk import Talk


def urgency_of(intake: Intake, talk: Talk, *, today: date | None = None, limits: Status | None = None) -> Urgency:
    """Points, reasons and level as of `today`, the client's day."""
    playbook = guided_named(intake.playbook)
    return judge(
        answers=relevant(playbook, talk.answers),
        seen=talk.seen,
        scored=score(playbook, talk.answers).points,
        flags=red_flags(playbook, talk.answers),
        limits=limits or limits_of(intake, talk, today=today),
        today=today or today_for(intake),
    )


def limits_of(intake: Intake, talk: Talk, *, today: date | None = None) -> Status:
    """What the firm's confirmed rows say. No query before the conflict check is passed, nor without state and area."""
    if not talk.gate_passed:
        return Status(missing="gate")
    area = talk.known.get(frame.AREA)
    state = next((known.value for key, known in talk.known.items() if key == "state" and known.value), "")
    code = str(area.value) if area is not None and area.value else ""
    rows = confirmed_rows(str(state)) if code and state else []
    playbook = guided_named(intake.playbook)
    answers: dict[str, list[Any]] = {key: [value] for key, value in relevant(playbook, talk.answers).items()}
    contradicted = [key for key, known in talk.known.items() if known.state == "contradicted"]
    if rows and contradicted:
        said = Fact.objects.filter(intake=intake, key__in=contradicted, state=Fact.State.CONTRADICTED)
        for fact in said:
            answers.setdefault(fact.key, []).append(fact.typed)
    return reckon(rows, state=str(state), area=code, answers=answers, today=today or today_for(intake))


def confirmed_rows(state: str) -> list[Period]:
    """Rows of the firm's table that count, for one state."""
    rows = LimitationPeriod.objects.filter(
        state=state, confirmed_at__isnull=False, retired_at__isnull=True, example=False
    )
    return [
        Period(
            str(row.id),
            row.state,
            row.area,
            row.claim,
            row.amount,
            cast("Unit", row.unit),
            row.cite,
            row.begins,
            row.note,
        )
        for row in rows
    ]


def today_for(intake: Intake, at: datetime | None = None) -> date:
    """The client's day."""
    return today_of(Event(at=at or timezone.now().astimezone(UTC), zone=intake.zone))
