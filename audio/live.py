"""The audio side of one live socket: frames in, journal writes and acknowledgements out.

No frame costs more than O(1), none awaits. A frame is durable when it is in the journal, or when the
gate has dropped it and the gate's state after it is in the journal; frames that the gate still holds
back are neither, and come again after a cut.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from audio import journal
from audio.arrivals import Arrivals
from audio.errors import FrameError, FrameTooLarge
from audio.frames import BYTES_PER_SAMPLE, SAMPLE_RATE, Frame, decode
from audio.gate import Gate
from audio.journal import frame_record, mark_record, session_keys
from audio.journal_writer import JournalWriter, Write
from audio.metrics import FRAMES
from intake.agreed import NOT_AGREED

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from audio.journal import SocketState
    from audio.outbox import Outbox
    from tenants.keys import Keyring

logger = logging.getLogger(__name__)

WINDOW: Final = 100
ACK_FRAMES: Final = 10
ACK_SECONDS: Final = 0.5
MAX_WAITING_SAMPLES: Final = 10 * SAMPLE_RATE
RATE: Final = 1.25
RESUMING_RATE: Final = 4.0
BURST_SAMPLES: Final = 12 * SAMPLE_RATE
REORDER_SECONDS: Final = 1.0
MAX_EARLY: Final = 64
MAX_BAD_FRAMES: Final = 10
SILENT_SECONDS: Final = 3.0
STALL_SECONDS: Final = 1.5
WITHDRAWN: Final = "You have taken back that your voice is turned into words, so the microphone is closed."

CLOSE_POLICY: Final = 1008
CLOSE_TOO_BIG: Final = 1009
CLOSE_REPLACED: Final = 4009
CLOSE_CLOSED: Final = 4010
CLOSE_RATE: Final = 4029
CLOSE_BAD_FRAMES: Final = 4101

_accepted = FRAMES.labels("accepted")
_duplicate = FRAMES.labels("duplicate")
_refused = FRAMES.labels("refused")


class LiveAudio:
    """A writer's Port (audio.journal_writer). All methods run on the socket's loop.

    Args:
        on_speech: called when speech that opened the gate is in the journal: somebody has to listen.
    """

    def __init__(
        self,
        session_id: UUID,
        ring: Keyring,
        state: SocketState,
        outbox: Outbox,
        writer: JournalWriter,
        on_speech: Callable[[], None],
    ) -> None:
        self._sealer = journal.entry_sealer(session_id, ring)
        self.expected = state.next_seq
        self.room = asyncio.Event()
        self.room.set()
        self.has_pending = state.is_open or state.last_entry != "0-0"
        self.last_audio = time.monotonic()
        self._session_id = session_id
        self._keys = session_keys(session_id)
        self._epoch = state.epoch
        self._gate = Gate.restore(state.gate) if state.gate else Gate()
        self._position = 0
        self._outbox = outbox
        self._writer = writer
        self._on_speech = on_speech
        self._durable = state.next_seq - 1
        self._asked_state_at = state.next_seq
        self._acked = (-2, -2)
        self._acked_at = 0.0
        self._records: list[bytes] = []
        self._first_seq: int | None = None
        self._waiting = 0
        self._in_flight = 0
        self._speech_waiting = state.is_open
        self._last_seq, self._marks = _entry_parts(state.last_entry)
        self._end_pos = self._gate.judged_pos
        self._marked_at = -1
        self._early: dict[int, Frame] = {}
        self._early_since = 0.0
        self._tokens = float(BURST_SAMPLES)
        self._tokens_at = self.last_audio
        self._warned = False
        self._resume_until = 0
        self._bad = 0
        self._counted = 0
        self._untaxed = 0
        self._is_down = False
        self._stored_at = 0.0
        self._withdrawn = False
        self.arrivals = Arrivals()
        self._note = self.arrivals.note

    @property
    def ring(self) -> Keyring:
        """The firm's keys that entries are sealed with. Set it in the firm's scope."""
        return self._sealer.ring

    @ring.setter
    def ring(self, ring: Keyring) -> None:
        self._sealer = journal.entry_sealer(self._session_id, ring)

    @property
    def is_drained(self) -> bool:
        """Whether all that was accepted is in the journal or was dropped by the gate."""
        return not self._records and not self._in_flight

    # -- frames in

    def take(self, data: bytes) -> None:
        """One binary message."""
        now = time.monotonic()
        if now - self.last_audio >= STALL_SECONDS:
            # Whoever listened may have gone meanwhile.
            self._speech_waiting = self._gate.is_open
        self.last_audio = now
        if self._withdrawn:
            return
        try:
            frame = decode(data)
        except FrameError as error:
            self._refuse(error)
            return
        if frame.seq == self.expected:
            self._accept(frame)
            while self._early and (early := self._early.pop(self.expected, None)) is not None:
                self._accept(early)
        elif frame.seq < self.expected:
            _duplicate.inc()
            self._acked = (-2, -2)  # tell once more how far we are
        else:
            self._hold_early(frame)

    def resume(self, next_audio_seq: int) -> None:
        """The client has this many frames: what it sends of them may come fast."""
        self._resume_until = next_audio_seq

    def end_utterance(self) -> None:
        """Mark in the journal that the utterance ends here."""
        if self._marked_at != self._end_pos and (self._gate.is_open or self.has_pending):
            self._mark()
            self._writer.submit(self)

    def tick(self) -> None:
        """Each half second: acknowledge, give up on missing frames, notice that audio stopped."""
        now = time.monotonic()
        if self._counted:
            _accepted.inc(self._counted)
            self._counted = 0
        if (self.expected - 1, self._durable) != self._acked and now - self._acked_at >= ACK_SECONDS:
            self._ack(now)
        if self._early and now - self._early_since >= REORDER_SECONDS:
            self._early.clear()
            self._outbox.error(
                "sequence_gap", "Frames are missing; send again from next_expected_seq.",
                param="seq", next_expected_seq=self.expected,
            )  # fmt: skip
        # A client that has filled its window waits for us, however the journal keeps us waiting: that is no silence.
        quiet_since = max(self.last_audio, self._stored_at)
        if self._gate.is_open and self.is_drained and now - quiet_since >= SILENT_SECONDS:
            self.end_utterance()
        if self._asked_state_at != self.expected:
            self._submit_state()

    def flush(self) -> None:
        """The socket has gone: write what it still had."""
        if self._records:
            self._writer.submit(self)

    def _accept(self, frame: Frame) -> None:
        if frame.sample_pos < self._position:
            self._outbox.end(CLOSE_POLICY, "invalid_message", "sample_pos goes back")
            return
        if not self._may_come(frame):
            return
        self._position = frame.end_pos
        self._note((frame.sample_pos, frame.end_pos, self.last_audio))
        self.expected = frame.seq + 1
        self._counted += 1
        result = self._gate.feed(frame)
        if result.keep:
            for kept in result.keep:
                if self._first_seq is None and not self._records:
                    self._first_seq = kept.seq
                self._records.append(frame_record(kept))
                self._waiting += kept.samples
            self._last_seq, self._marks = kept.seq, 0
            self._end_pos = kept.end_pos
            self.has_pending = True
            if result.opened:
                self._speech_waiting = True
            if self._waiting + self._in_flight > MAX_WAITING_SAMPLES:
                self.room.clear()
            self._writer.submit(self)
        if result.closed and not result.opened:
            self._mark()
            self._writer.submit(self)
        elif self.expected - self._asked_state_at >= ACK_FRAMES:
            self._submit_state()

    def _submit_state(self) -> None:
        self._asked_state_at = self.expected
        self._writer.submit(self)

    def _mark(self) -> None:
        self._records.append(mark_record(self._last_seq, self._end_pos))
        self._marks += 1
        self._marked_at = self._end_pos

    def _may_come(self, frame: Frame) -> bool:
        self._untaxed += len(frame.pcm) // BYTES_PER_SAMPLE
        if frame.seq & 7:  # the bucket holds 12 s: to look at each eighth frame is enough
            return True
        now = self.last_audio
        rate = RESUMING_RATE if frame.seq < self._resume_until else RATE
        tokens = min(BURST_SAMPLES, self._tokens + (now - self._tokens_at) * rate * SAMPLE_RATE) - self._untaxed
        self._untaxed = 0
        self._tokens, self._tokens_at = tokens, now
        if tokens < 0:
            _refused.inc()
            message = "Audio comes faster than it is spoken."
            self._outbox.end(CLOSE_RATE, "rate_limited", message, kind="rate_limit_error")
            return False
        if tokens < BURST_SAMPLES / 4 and not self._warned:
            self._warned = True
            self._outbox.error(
                "rate_limited", "Audio comes faster than it is spoken; slow down.",
                kind="rate_limit_error", retry_after_ms=2000,
            )  # fmt: skip
        elif tokens > BURST_SAMPLES / 2:
            self._warned = False
        return True

    def _hold_early(self, frame: Frame) -> None:
        if not self._early:
            self._early_since = self.last_audio
        if len(self._early) < MAX_EARLY:
            self._early[frame.seq] = frame

    def _refuse(self, error: FrameError) -> None:
        _refused.inc()
        self._bad += 1
        if isinstance(error, FrameTooLarge):
            self._outbox.close(CLOSE_TOO_BIG)
        elif self._bad >= MAX_BAD_FRAMES:
            self._outbox.end(CLOSE_BAD_FRAMES, error.code, f"Too many frames that cannot be taken: {error}")
        else:
            self._outbox.error(error.code, str(error), param="frame")

    # -- the writer's side

    def collect(self) -> Write | None:
        """What is to be written now: an entry, or the gate's state alone."""
        records, self._records = self._records, []
        first, self._first_seq = self._first_seq, None
        self._in_flight, self._waiting = self._waiting, 0
        entry_id, entry = "", b""
        if records:
            # A mark alone is named after the last frame, so that names only grow.
            entry_id = f"{first + 1}-0" if first is not None else f"{self._last_seq + 1}-{self._marks}"
            entry = self._sealer.seal(b"".join(records))
        held = self._gate.held_seq
        return Write(
            self._keys, self._epoch, self._gate.export(), self.expected if held is None else held,
            self._gate.is_open, entry_id, entry,
        )  # fmt: skip

    def stored(self, write: Write) -> None:
        """It is on disk."""
        self._durable = max(self._durable, write.next_seq - 1)
        self._in_flight = 0
        self._is_down = False
        if not self.room.is_set() and self._waiting <= MAX_WAITING_SAMPLES:
            self.room.set()
        if write.entry_id and self._speech_waiting:
            self._speech_waiting = False
            self._on_speech()
        now = self._stored_at = time.monotonic()
        if self._durable - self._acked[1] >= ACK_FRAMES or now - self._acked_at >= ACK_SECONDS:
            self._ack(now)

    def refused(self) -> None:
        """A newer socket has the session."""
        self._outbox.end(CLOSE_REPLACED, "session_replaced", "Another socket has taken over this session.")

    def withdrawn(self) -> None:
        """The client took back their agreement to be heard: what is not written yet is forgotten, and nothing more is
        taken. The socket closes and says so."""
        self._records.clear()
        self._first_seq, self._waiting = None, 0
        self._early.clear()
        self.has_pending = self._speech_waiting = False
        self._withdrawn = True
        self._outbox.end(CLOSE_CLOSED, NOT_AGREED, WITHDRAWN)

    def journal_is_down(self) -> None:
        """Frames wait in memory; the client is told once."""
        if not self._is_down:
            self._is_down = True
            self._outbox.error(
                "journal_unavailable", "What you say is kept for now, and will be saved shortly.",
                kind="server_error", retry_after_ms=1000,
            )  # fmt: skip

    def _ack(self, now: float) -> None:
        self._acked, self._acked_at = (self.expected - 1, self._durable), now
        self._outbox.ack(self.expected - 1, self._durable, WINDOW)


def _entry_parts(entry_id: str) -> tuple[int, int]:
    """The frame and the count of marks that an entry's name tells."""
    first, second = entry_id.split("-")
    return int(first) - 1, int(second)
