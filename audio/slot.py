"""What a voice slot does with one session: listen while the person speaks, commit, go on, leave.

The wall's clock decides only when the job ends, never what is heard: that follows from the journal
alone, so whoever listens next, or again after a crash, hears the same.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from audio import captions, services
from audio.errors import LeaseLost, RecogniserStateError
from audio.frames import BYTES_PER_SAMPLE, SAMPLE_RATE
from audio.giving_up import give_up
from audio.journal import MARK_END, JournalReader, starting_point
from audio.leaving import LEAVING
from audio.listening import Listener
from audio.metrics import RECOGNISED_AUDIO, RECOGNISING
from audio.recognisers.choice import chosen
from audio.selectors import item_id
from audio.utterances import Final as Heard
from audio.utterances import Partial, Skipped, Speculative, SpeechStarted

if TYPE_CHECKING:
    from uuid import UUID

    from audio.journal import Record
    from audio.lease import Lease
    from audio.models import VoiceSession
    from audio.utterances import Event

logger = logging.getLogger(__name__)

QUIET_SECONDS: Final = 3.0
LONGEST_SECONDS: Final = 60.0
BLOCK_MS: Final = 200
#: Leases that may end by accident before the audio at hand is taken for what kills the recogniser.
MAX_ATTEMPTS: Final = 8


class Slot:
    """One job's listening to one session, under a lease that is held."""

    def __init__(self, session: VoiceSession, lease: Lease) -> None:
        self._id: UUID = session.id
        self._lease = lease
        self._start = starting_point(session.id, session.committed_sample)
        self._reader = JournalReader(session.id, self._start)
        self._recogniser = chosen()
        self._listener = self._listen_from(self._start, session.state)
        self._item: UUID | None = None
        self._began = self._heard = time.monotonic()
        self._done = False

    def run(self) -> None:
        """Listen until nobody has spoken for 3 s, to the first commit after 60 s, or until this process is to end.

        Raises:
            LeaseLost: another may listen now; nothing more was committed.
            RecogniserUnavailable: the models service is away or full; what was not committed is heard later.
            redis.RedisError: the journal is away.
        """
        try:
            while True:
                if self._done or LEAVING.is_set():
                    return
                self._lease.check()
                records = self._reader.read(BLOCK_MS)
                self._take_all(records)
                if not self._done and time.monotonic() - self._heard >= QUIET_SECONDS:
                    # What is left here goes on when more comes: leaving it is no accident.
                    self._lease.park_at = self._reader.last_id
                    return
        finally:
            self._listener.close()

    def _listen_from(self, position: int, state: str | None) -> Listener:
        return Listener(position, state, recogniser=self._recogniser)

    def _take_all(self, records: list[Record]) -> None:
        for record in records:
            self._take(record)
            if self._done:
                break

    def _take(self, record: Record) -> None:
        if record.flags & MARK_END and not record.pcm:
            self._end_here()
            return
        began = time.perf_counter()
        events = self._listener.feed(record.pcm, record.sample_pos)
        RECOGNISING.inc(time.perf_counter() - began)
        RECOGNISED_AUDIO.inc(len(record.pcm) / (BYTES_PER_SAMPLE * SAMPLE_RATE))
        for event in events:
            self._after(event)
            if self._done:
                return
        if self._listener.is_speaking:
            self._heard = time.monotonic()

    def _end_here(self) -> None:
        """The stream says that the utterance ends, and what follows does not join it."""
        for event in self._listener.commit():
            self._after(event)
        position, state = self._listener.received_pos, self._listener.state
        self._listener.close()
        self._listener = self._listen_from(position, state)
        self._trim(position)
        captions.publish_wake(self._id)

    def _after(self, event: Event) -> None:
        match event:
            case SpeechStarted():
                self._item = item_id(self._id, event.start_sample)
                self._publish("input_audio_buffer.speech_started", audio_start_ms=_milliseconds(event.sample))
            case Partial():
                self._caption(event.text, event.revision, speculative=False)
            case Speculative():
                self._caption(event.text, event.revision, speculative=True)
            case Heard():
                self._commit(event)
            case Skipped():
                self._trim(event.end_sample)

    def _caption(self, text: str, revision: int, *, speculative: bool) -> None:
        kind = "conversation.item.input_audio_transcription.partial"
        # `sample` stays inside: the socket reckons from it how old the caption is.
        sample = self._listener.received_pos
        self._publish(kind, revision=revision, text=text, speculative=speculative, sample=sample)

    def _commit(self, heard: Heard) -> None:
        self._publish("input_audio_buffer.speech_stopped", audio_end_ms=_milliseconds(heard.end_sample))
        self._lease.check()
        name = self._recogniser.name
        services.commit_utterance(session_id=self._id, epoch=self._lease.epoch, heard=heard, recogniser=name)
        self._item = None
        self._trim(self._listener.committed_pos)
        self._done = self._done or time.monotonic() - self._began >= LONGEST_SECONDS

    def _trim(self, committed: int) -> None:
        if self._reader.trim(self._lease.epoch, committed) < 0:
            raise LeaseLost("the journal says that another listener has this session")

    def _publish(self, kind: str, **fields: Any) -> None:
        self._lease.check()
        captions.publish_caption(self._id, {"type": kind, "item_id": str(self._item), **fields})


def listen_to(session: VoiceSession, lease: Lease) -> None:
    """The whole job under a held lease. Raises LeaseLost, RecogniserUnavailable, redis.RedisError."""
    if lease.attempts > MAX_ATTEMPTS:
        give_up(session, lease, "asr_unavailable")
        return
    try:
        slot = Slot(session, lease)
    except RecogniserStateError:
        logger.exception("recogniser_state_unreadable")
        give_up(session, lease, "recogniser_state")
        return
    slot.run()


def _milliseconds(sample: int) -> int:
    return sample * 1000 // SAMPLE_RATE
