"""Every write of the voice: atomic, audited, and heard of by the session's socket once committed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils import timezone

from audio import journal
from audio.captions import publish_wake
from audio.errors import LeaseLost, NotAgreed, no_speech
from audio.frames import SAMPLE_RATE
from audio.metrics import UTTERANCES
from audio.models import Recording, Utterance, VoiceSession
from audio.recordings import write_master
from audio.selectors import item_id
from intake import audit
from intake.agreed import HEARING
from intake.errors import IntakeError
from intake.selectors import consents_of, may_be_heard, speech_refusal
from intake.services import TurnSource, add_turn
from tenants.ids import new_id
from tenants.storage import FirmStorage
from tenants.tokens import hash_secret, issue_ticket

if TYPE_CHECKING:
    from uuid import UUID

    from audio.utterances import Final as Heard
    from intake.models import Intake

TICKET_SECONDS: Final = 30
RESUME_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Opened:
    """A new voice session and the secrets that only its client gets."""

    session_id: UUID
    resume_token: str
    ticket: str


@transaction.atomic
def open_session(*, intake: Intake) -> Opened:
    """Make a voice session for this conversation. Raises SpeakingClosed, LanguageNotHeard, NotAgreed, JournalFull."""
    if refusal := speech_refusal(intake):
        raise no_speech(refusal)
    journal.check_room()
    resume_token = secrets.token_urlsafe(RESUME_TOKEN_BYTES)
    session = VoiceSession(intake=intake, resume_hash=hash_secret(resume_token.encode()))
    session.save(force_insert=True)
    audit.record(
        action="voice.opened",
        chain=intake.id,
        target_type="voice_session",
        target_id=session.id,
        actor=audit.CLIENT,
        data={},
    )
    journal.create_session(session.id)
    return Opened(session.id, resume_token, ticket_for(session_id=session.id, intake_id=intake.id))


def ticket_for(*, session_id: UUID, intake_id: UUID) -> str:
    """A single-use ticket for one socket of this session, good for 30 s."""
    return issue_ticket({"session": str(session_id), "intake": str(intake_id)}, ttl=TICKET_SECONDS)


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of an utterance. `created` is False when somebody had committed it before."""

    utterance_id: UUID
    status: str
    created: bool


def commit_utterance(*, session_id: UUID, epoch: int, heard: Heard, recogniser: str) -> Committed:
    """Write an utterance, its words, its recording, the client's turn and the reply: all, once, or nothing.

    Exactly one per `(session, start_sample)`, whoever commits it and however often. The recording is
    written before, and removed when the transaction fails.

    Args:
        session_id: of the current firm.
        epoch: the lease under which it was heard; a lower one than has committed here is refused.
        heard: what the listener gave.
        recogniser: name and version.

    Raises:
        LeaseLost: a newer listener has committed here, or has gone past this utterance.
        NotAgreed: the client took back that what they say is turned into words; nothing was written.
    """
    name = f"recordings/{session_id}/{new_id()}"
    written = [False]
    try:
        with transaction.atomic():
            done = _commit(session_id, epoch, heard, recogniser, name, written)
    except BaseException:
        if written[0]:
            FirmStorage().delete(name)
        raise
    if done.created:
        UTTERANCES.labels(done.status).inc()
    return done


def _commit(session_id: UUID, epoch: int, heard: Heard, recogniser: str, name: str, written: list[bool]) -> Committed:
    session = _lock(session_id, epoch)
    known = Utterance.objects.filter(session=session, start_sample=heard.start_sample).first()
    if known is not None:
        return Committed(known.id, known.status, created=False)
    if heard.start_sample < session.committed_sample:
        raise LeaseLost("this audio was committed as another utterance")
    agreed = _agreed(session)
    utterance = _utterance(session, epoch, heard, recogniser)
    if heard.text:
        _say(session, utterance, heard.text)
    else:
        utterance.status = Utterance.Status.EMPTY
    utterance.save(force_insert=True)
    session.epoch = epoch
    session.committed_sample = heard.end_sample
    session.state = heard.next_state
    session.committed_at = timezone.now()
    session.save(update_fields=["epoch", "committed_sample", "state_ct", "committed_at"])
    if heard.text and "keep_audio" in agreed:
        written[0] = True
        _record(utterance, heard.pcm, name)
    if heard.text:
        _audit("utterance.committed", session, utterance)
    transaction.on_commit(lambda: publish_wake(session_id))
    return Committed(utterance.id, utterance.status, created=True)


def give_up(*, session_id: UUID, epoch: int, start: int, pcm: bytes, reason: str) -> None:
    """Say that a stretch of audio could not be turned into words, and go on after it.

    Its audio is kept as a recording when the client agreed to that; the client hears `failed`.

    Raises:
        LeaseLost: a newer listener has committed here.
        NotAgreed: the client took back that what they say is turned into words.
    """
    name = f"recordings/{session_id}/{new_id()}"
    try:
        with transaction.atomic():
            session = _lock(session_id, epoch)
            end = start + len(pcm) // 2
            if end <= session.committed_sample:
                return
            agreed = _agreed(session)
            utterance = Utterance(
                id=item_id(session_id, start),
                session=session,
                start_sample=start,
                end_sample=end,
                audio_start_ms=_milliseconds(start),
                audio_end_ms=_milliseconds(end),
                status=Utterance.Status.FAILED,
                error=reason,
                recogniser="",
                epoch=epoch,
            )
            utterance.save(force_insert=True)
            session.epoch, session.committed_sample = epoch, end
            session.save(update_fields=["epoch", "committed_sample"])
            if pcm and "keep_audio" in agreed:
                _record(utterance, pcm, name)
            _audit("utterance.failed", session, utterance)
            transaction.on_commit(lambda: publish_wake(session_id))
    except BaseException:
        FirmStorage().delete(name)
        raise
    UTTERANCES.labels(Utterance.Status.FAILED.value).inc()


def _lock(session_id: UUID, epoch: int) -> VoiceSession:
    """The session's row, locked. Intakes are locked after it, never before."""
    session = VoiceSession.objects.select_for_update().get(pk=session_id)
    if session.epoch > epoch:
        raise LeaseLost("a newer listener has committed here")
    return session


def check_agreed(session: VoiceSession) -> None:
    """Raises NotAgreed where the client does not agree, or no longer, to be heard. A commit asks again."""
    if not may_be_heard(session.intake_id):
        raise NotAgreed


def _agreed(session: VoiceSession) -> frozenset[str]:
    """What the client agrees to, with the intake locked: a withdrawal comes before this commit or after it, and what
    it deletes then is there. Raises NotAgreed."""
    agreed = consents_of(session.intake_id, lock=True)
    if not agreed >= HEARING:
        raise NotAgreed
    return agreed


def _utterance(session: VoiceSession, epoch: int, heard: Heard, recogniser: str) -> Utterance:
    words = list(heard.words)
    utterance = Utterance(
        id=item_id(session.id, heard.start_sample),
        session=session,
        start_sample=heard.start_sample,
        end_sample=heard.end_sample,
        audio_start_ms=words[0]["start_ms"] if words else _milliseconds(heard.start_sample),
        audio_end_ms=words[-1]["end_ms"] if words else _milliseconds(heard.end_sample),
        recogniser=recogniser,
        epoch=epoch,
    )
    utterance.text, utterance.words = heard.text or None, words or None
    utterance.start_state = heard.start_state
    return utterance


def _say(session: VoiceSession, utterance: Utterance, text: str) -> None:
    """Make the utterance the client's turn. A stage that takes none keeps the utterance, marked so."""
    source = TurnSource(utterance.id, utterance.audio_start_ms, utterance.audio_end_ms)
    try:
        with transaction.atomic():
            result = add_turn(
                intake_id=session.intake_id,
                text=text,
                modality="voice",
                client_ref=utterance.id,
                source=source,
            )
    except IntakeError as error:  # most of all StageClosed
        utterance.status, utterance.error = Utterance.Status.FAILED, error.code
    else:
        utterance.turn_number = result.turns[0].number


def _record(utterance: Utterance, pcm: bytes, name: str) -> None:
    recording = Recording(utterance=utterance, name=name, sample_pos=utterance.start_sample, samples=len(pcm) // 2)
    recording.size, recording.sha256 = write_master(name, pcm, recording_id=recording.id)
    recording.save(force_insert=True)


def _audit(action: str, session: VoiceSession, utterance: Utterance) -> None:
    data: dict[str, Any] = {"start_sample": utterance.start_sample, "end_sample": utterance.end_sample}
    if utterance.error:
        data["error"] = utterance.error
    audit.record(
        action=action,
        chain=session.intake_id,
        target_type="utterance",
        target_id=utterance.id,
        actor=audit.SYSTEM,
        data=data,
    )


def _milliseconds(sample: int) -> int:
    return sample * 1000 // SAMPLE_RATE
