"""Listening: a stream of audio in, utterances out. Pure; no clock but the audio's.

    listener = Listener(start_sample, state)
    for frame in journal:
        for event in listener.feed(frame.pcm, frame.sample_pos): ...

**A replay is exact.** The listener works through stretches, one utterance (or one silence) each.
What a stretch gives depends on its first sample, the state it begins with and the audio from
there, and on nothing else: the endpointer and the recogniser begin anew, the audio is regrouped
into steps of 40 ms counted from the stretch's first sample whatever the frames were. So a
listener made with `committed_pos` and `state` of another, and fed the same audio from there,
gives the same events. The journal may be trimmed to `committed_pos`.

**A master is exact.** `Final.pcm` holds the very samples that the recogniser got, in the same
steps (40 ms each, the last may be shorter): `transcribe_master` on them, with `Final.start_state`,
gives the same text and word times.

An utterance begins up to 320 ms before the speech and ends
- `silence`: after 480 ms without speech (offered as `Speculative` after 160 ms),
- `cut`: at 30 s, at the quietest point of the last 3 s; what follows is the next utterance, not
  a sample being lost. While looking for that point the recogniser gets the audio only up to the
  quietest one so far, so nothing has to be decoded twice; a pause of 160 ms there ends it at once,
- `gap`: where the audio stops and goes on later (muted, or silence that the gate dropped),
- `manual`: the client said so (`commit`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio.endpointing import Endpointer
from audio.frames import BYTES_PER_SAMPLE, SAMPLE_RATE, STEP_SAMPLES
from audio.recognisers import Context
from audio.utterances import (
    Config,
    Event,
    Final,
    Partial,
    Reason,
    Skipped,
    Speculative,
    SpeechStarted,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio.endpointing import Silero
    from audio.recognisers import Recogniser, Session, Word

__all__ = [
    "Config",
    "Event",
    "Final",
    "Listener",
    "Partial",
    "Reason",
    "Skipped",
    "Speculative",
    "SpeechStarted",
    "State",
    "transcribe_master",
]

STEP_BYTES = STEP_SAMPLES * BYTES_PER_SAMPLE
_SAMPLES_PER_MS = SAMPLE_RATE // 1000
# The endpointer says so at most two windows, and a wait for the second, after speech began.
_ONSET_LAG_STEPS = 3


def _samples(milliseconds: int) -> int:
    return milliseconds * _SAMPLES_PER_MS


def _steps(milliseconds: int) -> int:
    return _samples(milliseconds) // STEP_SAMPLES


class Listener:
    """Listens to one voice session. Not thread-safe; one per recogniser at a time."""

    def __init__(
        self,
        start_sample: int,
        state: str | None = None,
        *,
        config: Config | None = None,
        recogniser: Recogniser | None = None,
        model: Silero | None = None,
    ) -> None:
        """Begin at `start_sample` with the state of the last commit (None: a new session).

        Raises RecogniserStateError, ModelUnavailable.
        """
        self._config = config or Config()
        self._recogniser = recogniser or _embedded()
        self._model = model
        self._state = State.load(state)
        self._pending = bytearray()
        self._received = start_sample
        self._stretch = self._begin(start_sample)

    @property
    def committed_pos(self) -> int:
        """The sample from which a replay has to begin; nothing before it is needed."""
        return self._stretch.start

    @property
    def state(self) -> str | None:
        """The state with which a replay from `committed_pos` has to begin."""
        return self._state.dump()

    @property
    def received_pos(self) -> int:
        """One past the last sample that was fed."""
        return self._received

    @property
    def is_speaking(self) -> bool:
        """Whether an utterance is open."""
        return self._stretch.session is not None

    def feed(self, pcm: bytes, sample_pos: int) -> list[Event]:
        """Take audio whose first sample is at `sample_pos`; return what happened, in order.

        Audio that was fed before is left out. A jump forward ends what was being said.
        """
        events: list[Event] = []
        if sample_pos > self._received:
            events += self._end(Reason.GAP)
            events.append(Skipped(sample_pos))
            self._pending.clear()
            self._received = sample_pos
            self._state = State(self._state.recogniser)
            self._stretch = self._begin(sample_pos)
        known = (self._received - sample_pos) * BYTES_PER_SAMPLE
        fresh = pcm[known:]
        self._pending += fresh
        self._received += len(fresh) // BYTES_PER_SAMPLE
        while len(self._pending) >= STEP_BYTES:
            step = bytes(self._pending[:STEP_BYTES])
            del self._pending[:STEP_BYTES]
            for event in self._stretch.step(step):
                self._after(event)
                events.append(event)
        return events

    def commit(self) -> list[Event]:
        """End what is being said at once. Returns a `Final`, or nothing in silence."""
        return self._end(Reason.MANUAL)

    def close(self) -> None:
        """Drop what is being said; the recogniser is free again."""
        self._stretch.close()

    def _begin(self, start: int) -> _Stretch:
        return _Stretch(start, self._state, self._config, self._recogniser, self._model)

    def _end(self, reason: Reason) -> list[Event]:
        if self._stretch.session is None:
            return []
        last, self._pending = bytes(self._pending), bytearray()
        final = self._stretch.end(reason, last)
        self._after(final)
        return [final]

    def _after(self, event: Event) -> None:
        """Start the next stretch; what the last one did not use is fed again."""
        match event:
            case Final():
                self._state = State.load(event.next_state)
                end = event.end_sample
            case Skipped():
                end = event.end_sample
            case _:
                return
        self._pending[:0] = self._stretch.unused
        self._stretch = self._begin(end)


class _Stretch:
    """From one commit to the next: silence, then one utterance."""

    def __init__(
        self,
        start: int,
        state: State,
        config: Config,
        recogniser: Recogniser,
        model: Silero | None,
    ) -> None:
        self.start = start
        self.session: Session | None = None
        self.unused = b""
        self._state = state
        self._config = config
        self._recogniser = recogniser
        self._endpointer = Endpointer(model, in_speech=state.continues)
        self._steps: list[bytes] = []
        """Before the utterance: the pre-roll. In it: all its audio."""
        self._first = start
        """Position of the first of `_steps`."""
        self._fed = 0
        """How many of `_steps` the recogniser has."""
        self._quietest: int | None = None
        self._lowest = 0
        self._text = ""
        self._sent_text = ""
        self._sent_at = start
        self._revision = 0
        self._speculated = False

    def step(self, pcm: bytes) -> Iterator[Event]:
        """Take 40 ms. A `Final` or `Skipped` is the last event of a stretch."""
        self._steps.append(pcm)
        self._endpointer.feed(pcm)
        if self.session is None:
            if self._endpointer.onset is None:
                yield from self._idle()
                return
            yield self._open(self._endpointer.onset)
        self._listen()
        yield from self._judge()

    def end(self, reason: Reason, last: bytes = b"") -> Final:
        """Finish the utterance with `last`, less than a step, as its last audio."""
        if last:
            self._steps.append(last)
        return self._final(reason, len(self._steps))

    def close(self) -> None:
        if self.session is not None:
            self.session.close()

    def _opened(self) -> Session:
        if self.session is None:
            raise RuntimeError("no utterance is open")
        return self.session

    @property
    def _now(self) -> int:
        return self._first + len(self._steps) * STEP_SAMPLES

    def _idle(self) -> Iterator[Event]:
        """Keep the pre-roll; after long silence begin anew with it."""
        spare = len(self._steps) - _steps(self._config.pre_roll_ms) - _ONSET_LAG_STEPS
        if spare > 0:
            del self._steps[:spare]
            self._first += spare * STEP_SAMPLES
        if self._now - self.start >= _samples(self._config.idle_ms):
            self.unused = b"".join(self._steps)
            yield Skipped(self._first)

    def _open(self, onset: int) -> SpeechStarted:
        """Begin the utterance: the step that speech began in, and the pre-roll before it."""
        first = self.start + onset // STEP_SAMPLES * STEP_SAMPLES
        first = max(self._first, first - _samples(self._config.pre_roll_ms))
        del self._steps[: (first - self._first) // STEP_SAMPLES]
        self._first = first
        self._sent_at = first
        self.session = self._recogniser.open(Context(self._state.recogniser))
        return SpeechStarted(self.start + onset, first)

    def _listen(self) -> None:
        """Give the recogniser what it may have by now."""
        count = len(self._steps)
        window = _steps(self._config.longest_ms) - _steps(self._config.cut_window_ms)
        if count <= window:
            self._feed_until(count)
            return
        # Somewhere from here on the utterance may be cut, in the middle of the quietest 80 ms:
        # never before the quietest so far, so the recogniser may have what lies before that.
        boundary = count - 1
        score = _energy(self._steps[-2]) + _energy(self._steps[-1])
        if self._quietest is None or score < self._lowest:
            self._quietest, self._lowest = boundary, score
            self._feed_until(boundary)

    def _feed_until(self, count: int) -> None:
        session = self._opened()
        for pcm in self._steps[self._fed : count]:
            partial = session.accept(pcm)
            if partial is not None:
                self._text = partial.text
        self._fed = max(self._fed, count)

    def _judge(self) -> Iterator[Event]:
        config = self._config
        silence = self._endpointer.silence
        searching = self._quietest is not None
        if silence >= _samples(config.speculative_ms if searching else config.commit_ms):
            yield self._final(Reason.SILENCE, len(self._steps))
        elif searching and len(self._steps) >= _steps(config.longest_ms):
            yield self._final(Reason.CUT, self._quietest or 0)
        elif silence >= _samples(config.speculative_ms):
            yield from self._speculate()
        else:
            self._speculated = self._speculated and silence > 0
            yield from self._partial()

    def _partial(self) -> Iterator[Event]:
        due = self._now - self._sent_at >= _samples(self._config.partial_ms)
        if due and self._text != self._sent_text:
            self._sent_at, self._sent_text = self._now, self._text
            self._revision += 1
            yield Partial(self._text, self._revision)

    def _speculate(self) -> Iterator[Event]:
        if self._speculated or not self._text:
            return
        self._speculated = True
        self._sent_at, self._sent_text = self._now, self._text
        self._revision += 1
        yield Speculative(self._text, self._revision)

    def _final(self, reason: Reason, count: int) -> Final:
        self._feed_until(count)
        found = self._opened().final()
        self.session = None
        pcm = b"".join(self._steps[:count])
        self.unused = b"".join(self._steps[count:])
        after = State(found.state, continues=reason is Reason.CUT)
        return Final(
            text=found.text,
            words=_on_clock(found.words, self._first),
            start_sample=self._first,
            end_sample=self._first + len(pcm) // BYTES_PER_SAMPLE,
            start_state=self._state.dump(),
            next_state=after.dump(),
            reason=reason,
            pcm=pcm,
        )


def transcribe_master(
    pcm: bytes,
    first_sample: int,
    start_state: str | None,
    *,
    recogniser: Recogniser | None = None,
) -> tuple[str, tuple[Word, ...]]:
    """Recognise a whole master: the text and words that its `Final` had.

    `pcm`: the samples of the stored FLAC, 16-bit little-endian; `first_sample`, `start_state`: as
    stored with the utterance.
    """
    engine = recogniser or _embedded()
    session = engine.open(Context(State.load(start_state).recogniser))
    for offset in range(0, len(pcm), STEP_BYTES):
        session.accept(pcm[offset : offset + STEP_BYTES])
    found = session.final()
    return found.text, _on_clock(found.words, first_sample)


def _embedded() -> Recogniser:
    """The recogniser that needs nobody else. Imported here: who names another should not load it."""
    from audio.recognisers import pocketsphinx

    return pocketsphinx.shared()


def _on_clock(words: tuple[Word, ...], first_sample: int) -> tuple[Word, ...]:
    offset = first_sample // _SAMPLES_PER_MS
    return tuple(
        {
            "word": word["word"],
            "start_ms": word["start_ms"] + offset,
            "end_ms": word["end_ms"] + offset,
        }
        for word in words
    )


def _energy(pcm: bytes) -> int:
    samples = np.frombuffer(pcm, "<i2").astype(np.int64)
    return int(samples @ samples)
