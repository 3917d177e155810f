"""What a client does: start, consent, say, correct, finish, send."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import available_timezones

from django.db import transaction
from django.utils import timezone

from intake import audit, interviews
from intake.conflicts.probing import origin_hashes
from intake.contact import ways
from intake.errors import ConsentRequired, NoSuchTurn, StageClosed
from intake.interview.engine import Allowed, allowed
from intake.interview.events import (
    Chose,
    Confirmed,
    Consented,
    Finished,
    Said,
    Sent,
    Started,
    Switched,
    WentBack,
    Withdrew,
)
from intake.interview.guided import choosing
from intake.interview.stages import Stage
from intake.interview.wordings import DEFAULT_LOCALE, LOCALES
from intake.models import Consent, Intake, Turn
from intake.references import new_reference
from intake.selectors import TurnView, client_stage, label_of, turns_after, view
from intake.services import paging
from intake.services.conflict_rules import current_rules
from intake.services.consenting import checked_wording, consent_row
from intake.services.phrasing import NOTHING, Prepared, prepared
from intake.services.proposing import propose_later
from intake.services.steps import Step, open_step
from intake.text import clean_turn
from tenants.tokens import hash_secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from intake.interview.events import ConsentKind

SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class TurnSource:
    """The utterance that a spoken turn was heard in, and its place on the session's audio clock."""

    utterance_id: UUID
    audio_start_ms: int
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class TurnResult:
    """The turns that a client's turn led to, itself first. `snapshot_changed`: more than turns changed
    (stage, question, what is possible), so that a page reads the snapshot again."""

    turns: list[TurnView]
    snapshot_changed: bool


@transaction.atomic
def start_intake(
    *,
    consents: Mapping[ConsentKind, bool],
    wording: str | None = None,
    locale: str = DEFAULT_LOCALE,
    zone: str = "UTC",
    playbook: str | None = None,
    address: str = "",
    agent: str = "",
) -> tuple[Intake, str]:
    """Begin a conversation. Returns the intake and its secret, of which only the hash is stored.

    `consents`: what was asked for and answered, so that a kind that is left out can be asked for when it matters.
    `wording`: the version of the words that were shown; without it the newest.
    `zone`: the client's time zone (IANA); one that is not known counts as UTC. `playbook`: of the first form, for
    one that shall be as those of before. `address`, `agent`: where it is begun; only keyed hashes of them are kept.
    Raises ConsentRequired without consent to `service`, NoSuchWording.
    """
    if not consents.get("service"):
        raise ConsentRequired
    secret = secrets.token_urlsafe(SECRET_BYTES)
    device_hash, address_hash = origin_hashes(address, agent)
    intake = Intake(
        secret_hash=hash_secret(secret.encode()),
        playbook=playbook or interviews.opening().name,
        locale=language_for(locale),
        zone=zone if zone in _zones() else "UTC",
        device_hash=device_hash,
        address_hash=address_hash,
    )
    intake.save(force_insert=True)
    step = Step(intake)
    country, taken = paging.duty_settings().country, tuple(current_rules().states)
    step.advance(Started(country=country, verify=ways.to_verify(), states=taken, **step.context))
    # The service last: once it is agreed to, the first question is out.
    asked = sorted(consents, key=lambda kind: (kind == "service", kind))
    shown = {kind: checked_wording(kind, wording) for kind in asked}
    Consent.objects.bulk_create(
        consent_row(intake, kind, granted=consents[kind], channel="web", place="start", wording=shown[kind])
        for kind in asked
    )
    for kind in asked:
        step.advance((Consented if consents[kind] else Withdrew)(kind=kind, **step.context))
    data = {"consents": dict(consents), "wording": shown["service"]}
    step.close(action="intake.started", actor=audit.CLIENT, data=data)
    return intake, secret


def add_turn(
    *,
    intake_id: UUID,
    text: str,
    modality: Literal["typed", "voice"],
    client_ref: UUID,
    supersedes: int | None = None,
    about: str | None = None,
    source: TurnSource | None = None,
) -> TurnResult:
    """Take what the client said, and answer. Sending the same `client_ref` again changes nothing and
    returns what the first time returned. `about`: key of the question that this answers anew.

    A firm's language model may be waited for before, never inside, the transaction: of typed words only (a listener
    holds locks, and somebody who corrects waits for nothing).

    Raises NoIntake, StageClosed, TextEmpty, TextTooLong, NoSuchTurn.
    """
    said: dict[str, Any] = {"modality": modality, "client_ref": client_ref, "supersedes": supersedes, "about": about}
    if modality != "typed" or supersedes is not None:
        return _add_turn(intake_id, clean_turn(text), NOTHING, source=source, **said)
    with prepared(intake_id=intake_id, text=text, client_ref=client_ref, about=about) as words:
        return _add_turn(intake_id, clean_turn(text), words, source=source, **said)


@transaction.atomic
def _add_turn(
    intake_id: UUID,
    text: str,
    words: Prepared,
    *,
    modality: str,
    client_ref: UUID,
    supersedes: int | None,
    about: str | None,
    source: TurnSource | None,
) -> TurnResult:
    step = open_step(intake_id)
    before = Turn.objects.filter(intake=step.intake, client_ref=client_ref).first()
    if before is not None:
        return TurnResult(_with_replies(before), snapshot_changed=False)
    step.prepared = words.at(step.intake.last_event)
    corrected = _turn_to_correct(step.intake, supersedes) if supersedes is not None else None
    before_it = _look(step)
    step.said = _new_turn(step, text, modality, client_ref, corrected, source, about)
    step.advance(
        Said(
            turn=step.said.number,
            text=text,
            supersedes=corrected.number if corrected else None,
            about=corrected.question if corrected else about,
            votes=step.prepared.votes,
            **step.context,
        )
    )
    step.used(step.said, step.prepared.for_said)
    data: dict[str, Any] = {"number": step.said.number, "modality": modality}
    if corrected is not None:
        data["supersedes"] = corrected.number
    action = "turn.corrected" if corrected else "turn.added"
    step.close(action=action, actor=audit.CLIENT, data=data, target=step.said)
    propose_later(step)
    changed = corrected is not None or _look(step) != before_it
    return TurnResult(_shown(step, corrected), snapshot_changed=changed)


@transaction.atomic
def choose(*, intake_id: UUID, question: str, code: str, client_ref: UUID) -> TurnResult:
    """Take a button that the client pressed under `question`. The turn says what stood on it.

    Raises NoIntake, StageClosed (also for a button that is not there).
    """
    step = open_step(intake_id)
    before = Turn.objects.filter(intake=step.intake, client_ref=client_ref).first()
    if before is not None:
        return TurnResult(_with_replies(before), snapshot_changed=False)
    label = label_of(step.intake, code)
    if label is None or (question != step.asking and code != choosing.GO_ON):
        raise StageClosed(stage=client_stage(step.state.stage))
    step.said = _new_turn(step, label, "typed", client_ref, None, None)
    step.advance(Chose(turn=step.said.number, question=question, code=code, **step.context))
    step.close(action="turn.chosen", actor=audit.CLIENT, data={"number": step.said.number}, target=step.said)
    return TurnResult(_shown(step, None), snapshot_changed=True)


@transaction.atomic
def go_back(*, intake_id: UUID) -> Intake:
    """The client wants the question before this one again. Raises NoIntake, StageClosed."""
    step = open_step(intake_id)
    step.advance(WentBack(**step.context))
    step.close(action="intake.went_back", actor=audit.CLIENT, data={})
    return step.intake


@transaction.atomic
def switch_language(*, intake_id: UUID, locale: str) -> Intake:
    """Address the client in another of our languages from now on. Raises NoIntake, StageClosed."""
    step = open_step(intake_id)
    if step.intake.locale != locale:
        step.advance(Switched(to=locale, **step.context))
        step.close(action="intake.language", actor=audit.CLIENT, data={"locale": locale})
    return step.intake


@transaction.atomic
def confirm_fact(*, intake_id: UUID, key: str) -> Intake:
    """The client says at the review that this is right. Twice is once. Raises NoIntake, StageClosed."""
    step = open_step(intake_id)
    step.advance(Confirmed(key=key, **step.context))
    step.close(action="fact.confirmed", actor=audit.CLIENT, data={"key": key})
    return step.intake


def correct(
    *, intake_id: UUID, number: int, text: str, client_ref: UUID, modality: Literal["typed", "voice"] = "typed"
) -> TurnResult:
    """Replace what turn `number` said. Both stay; facts and names follow the correction."""
    return add_turn(intake_id=intake_id, text=text, modality=modality, client_ref=client_ref, supersedes=number)


@transaction.atomic
def finish_story(*, intake_id: UUID) -> Intake:
    """The client pressed Done. Pressing twice is once. Raises StageClosed before there is a story."""
    step = open_step(intake_id)
    if step.intake.stage not in {Stage.REVIEW, Stage.QUESTIONS}:
        step.advance(Finished(**step.context))
        step.close(action="intake.finished", actor=audit.CLIENT, data={})
    return step.intake


@transaction.atomic
def send_intake(*, intake_id: UUID) -> Intake:
    """The client pressed Send: the firm has it, under a reference. Pressing twice is once.

    Raises StageClosed before the review.
    """
    step = open_step(intake_id)
    if step.intake.stage == Stage.SENT:
        return step.intake
    if step.intake.stage != Stage.REVIEW:
        raise StageClosed(stage=step.intake.stage)
    step.intake.reference = new_reference()
    step.intake.sent_at = timezone.now()
    step.advance(Sent(reference=step.intake.reference, **step.context))
    step.close(action="intake.sent", actor=audit.CLIENT, data={"reference": step.intake.reference})
    return step.intake


def language_for(locale: str) -> str:
    """The one of our languages that `locale` ("es-MX") asks for, or English."""
    spoken = locale.partition("-")[0].lower()
    return spoken if spoken in LOCALES else DEFAULT_LOCALE


@cache
def _zones() -> frozenset[str]:
    """Reading the names walks a folder."""
    return frozenset(available_timezones())


def _new_turn(
    step: Step,
    text: str,
    modality: str,
    client_ref: UUID,
    corrected: Turn | None,
    source: TurnSource | None,
    about: str | None = None,
) -> Turn:
    question = corrected.question if corrected else about or step.asking
    turn = Turn(
        intake=step.intake,
        number=step.next_number(),
        role=Turn.Role.CLIENT,
        modality=modality,
        question=question,
        supersedes=corrected,
        client_ref=client_ref,
        utterance_id=source.utterance_id if source else None,
        audio_start_ms=source.audio_start_ms if source else None,
        audio_end_ms=source.audio_end_ms if source else None,
        at=step.at,
    )
    turn.text = text
    turn.save(force_insert=True)
    return turn


def _look(step: Step) -> tuple[str, str, Allowed]:
    """What a page shows beside the turns: the stage, the open question and what may be done."""
    return step.intake.stage, step.asking, allowed(step.state)


def _turn_to_correct(intake: Intake, number: int) -> Turn:
    """The client's turn `number`, or what has replaced it since. Raises NoSuchTurn."""
    turn = Turn.objects.filter(intake=intake, number=number, role=Turn.Role.CLIENT).first()
    while turn is not None:
        superseding = Turn.objects.filter(intake=intake, supersedes=turn).first()
        if superseding is None:
            return turn
        turn = superseding
    raise NoSuchTurn


def _shown(step: Step, corrected: Turn | None) -> list[TurnView]:
    """The turns of this step, without asking the database again."""
    shown = [view(step.said, corrected.number if corrected else None, None)] if step.said else []
    return [*shown, view(step.reply, None, None)] if step.reply else shown


def _with_replies(turn: Turn) -> list[TurnView]:
    """A turn and the answers to it, up to the client's next one."""
    shown = turns_after(turn.intake_id, turn.number - 1)
    following = [index for index, one in enumerate(shown) if index and one.role == Turn.Role.CLIENT]
    return shown[: following[0]] if following else shown
