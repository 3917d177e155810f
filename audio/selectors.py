"""Reads of the voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from django.db.models import Max, Q

from audio.errors import SessionGone
from audio.models import Utterance, VoiceSession
from intake.selectors import intake_by_secret, speech_refusal, turns_after
from tenants import keys
from tenants.tokens import hash_secret

if TYPE_CHECKING:
    from collections.abc import Collection

    from intake.selectors import TurnView
    from tenants.keys import Keyring


@dataclass(frozen=True, slots=True)
class UtteranceView:
    """An utterance as its client is told: `completed`, or `failed` with `error`."""

    id: UUID
    start_sample: int
    text: str
    words: list[dict[str, Any]]
    audio_start_ms: int
    audio_end_ms: int
    turn: int | None
    error: str
    audio_retained: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a session's conversation stands, for the sweep.

    `refusal`: why it may not be heard; empty: it may. `holder`: whose it is, by the hash of its secret.
    """

    last_turn: int
    stage: str
    refusal: str
    committed_sample: int
    holder: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a socket begins with: the conversation, and the firm's keys for where no query may run."""

    intake_id: UUID
    last_turn: int
    stage: str
    last_sample: int
    refusal: str
    ring: Keyring
    holder: bytes = b""


def item_id(session_id: UUID, start_sample: int) -> UUID:
    """The id of the utterance that begins there: the same for everybody who hears it again."""
    return uuid5(session_id, str(start_sample))


def voice_session(session_id: UUID) -> VoiceSession:
    """A session of the current firm. Raises SessionGone."""
    found = VoiceSession.objects.filter(pk=session_id).first()
    if found is None:
        raise SessionGone("no such voice session here")
    return found


def resumable(session_id: UUID, resume_token: str) -> bool:
    """Whether the token is the session's."""
    token_hash = hash_secret(resume_token.encode("utf-8", "replace"))
    return VoiceSession.objects.filter(pk=session_id, resume_hash=token_hash).exists()


@dataclass(frozen=True, slots=True)
class News:
    """What a client has not been told, in order."""

    turns: list[TurnView]
    utterances: list[UtteranceView]


def news(session_id: UUID, intake_id: UUID, *, turn: int, sample: int, replay_from: int | None = None) -> News:
    """Turns above `turn`, and utterances that begin after `sample`.

    With `replay_from`, the last turn that a returning client saw, also the utterances of later turns and
    failed ones (which a client knows by their ids). An utterance is never later than its turn.
    """
    turns = turns_after(intake_id, turn)
    wanted = Q(start_sample__gt=sample)
    if replay_from is not None:
        wanted |= Q(turn_number__gt=replay_from) | Q(status=Utterance.Status.FAILED)
    rows = Utterance.objects.filter(wanted, session_id=session_id).select_related("recording")
    return News(turns, [_view(row) for row in rows.order_by("start_sample")])


def _view(row: Utterance) -> UtteranceView:
    return UtteranceView(
        id=row.id,
        start_sample=row.start_sample,
        text=row.text or "",
        words=row.words or [],
        audio_start_ms=row.audio_start_ms,
        audio_end_ms=row.audio_end_ms,
        turn=row.turn_number,
        error=row.error,
        audio_retained=hasattr(row, "recording"),
    )


def standings(session_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Where these sessions' conversations stand, in one query."""
    rows = VoiceSession.objects.filter(pk__in=session_ids).select_related("intake")
    return {
        row.id: Standing(
            row.intake.last_turn,
            row.intake.stage,
            speech_refusal(row.intake),
            row.committed_sample,
            bytes(row.intake.secret_hash),
        )
        for row in rows
    }


def enter(session_id: UUID, intake_id: UUID, secret: str) -> Entry | None:
    """What a socket begins with, when the cookie's intake is the ticket's and owns the session."""
    # Before the conversation's last turn: whatever is committed in between is then news, the utterance with its turn.
    last = Utterance.objects.filter(session_id=session_id).aggregate(last=Max("start_sample"))["last"]
    intake = intake_by_secret(secret)
    if intake is None or intake.id != intake_id:
        return None
    if not VoiceSession.objects.filter(pk=session_id, intake=intake).exists():
        return None
    last_sample = -1 if last is None else last
    holder = bytes(intake.secret_hash)
    return Entry(intake.id, intake.last_turn, intake.stage, last_sample, speech_refusal(intake), keys.ring(), holder)


def session_of(intake_id: UUID, session_id: UUID) -> VoiceSession:
    """A session of this conversation. Raises SessionGone."""
    found = VoiceSession.objects.filter(pk=session_id, intake_id=intake_id).first()
    if found is None:
        raise SessionGone("no such voice session of this conversation")
    return found
