"""Listening: every utterance once, the same whoever listens again, and no sample lost."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable

import jiwer
import numpy as np
import pytest

from audio.errors import RecogniserStateError
from audio.frames import Frame
from audio.gate import Gate
from audio.listening import (
    Config,
    Event,
    Final,
    Listener,
    Partial,
    Reason,
    Skipped,
    Speculative,
    SpeechStarted,
    State,
    transcribe_master,
)
from tests.audio.clips import clips, conversation, framed, room, seconds
from tests.audio.fakes import Echo, LoudIsSpeech
from tests.audio.test_recogniser import plain

Make = Callable[..., Listener]


def cheap(start: int = 0, state: str | None = None) -> Listener:
    return Listener(start, state, recogniser=Echo(), model=LoudIsSpeech())


def listen(listener: Listener, frames: Iterable[Frame]) -> list[Event]:
    return [event for frame in frames for event in listener.feed(frame.pcm, frame.sample_pos)]


def finals(events: Iterable[Event]) -> list[Final]:
    return [event for event in events if isinstance(event, Final)]


def voice(count: float, seed: int = 1, level: float = 3_000.0) -> bytes:
    """Loud noise: speech to the cheap detector."""
    return room(seconds(count), seed, level)


def silence(count: float) -> bytes:
    return room(seconds(count), 99, 5.0)


@pytest.fixture(scope="module")
def heard() -> list[Event]:
    """The whole conversation, listened to once."""
    return listen(Listener(0), framed(conversation()))


def test_each_clip_is_one_utterance_and_is_understood(heard: list[Event]) -> None:
    found = finals(heard)
    assert [final.reason for final in found] == [Reason.SILENCE] * 4
    assert jiwer.wer([plain(clip.text) for clip in clips()], [final.text for final in found]) <= 0.5


def test_masters_give_the_same_words_and_times(heard: list[Event]) -> None:
    for final in finals(heard):
        assert len(final.pcm) == 2 * (final.end_sample - final.start_sample)
        assert final.pcm == conversation()[2 * final.start_sample : 2 * final.end_sample]
        assert transcribe_master(final.pcm, final.start_sample, final.start_state) == (final.text, final.words)
        for word in final.words:
            assert final.start_sample / 16 - 1 <= word["start_ms"] < word["end_ms"] <= final.end_sample / 16 + 1


def test_states_chain(heard: list[Event]) -> None:
    found = finals(heard)
    assert found[0].start_state is None
    for before, after in itertools.pairwise(found):
        assert after.start_state == before.next_state is not None


@pytest.mark.parametrize(("samples", "crash"), [(640, 13.1), (320, 21.7), (1_777, 30.0)])
def test_a_replay_from_the_last_commit_is_exact(heard: list[Event], samples: int, crash: float) -> None:
    """Whoever goes on, with frames of another size, and whatever its decoder did before."""
    first = Listener(0)
    before = finals(listen(first, framed(conversation()[: 2 * seconds(crash)])))
    start, state = first.committed_pos, first.state
    again = Listener(start, state)
    after = finals(listen(again, framed(conversation()[2 * start :], start, samples)))
    assert before + after == finals(heard)


def test_partials_are_spaced_numbered_and_new(heard: list[Event]) -> None:
    groups: list[list[Partial | Speculative]] = []
    for event in heard:
        if isinstance(event, SpeechStarted):
            groups.append([])
        elif isinstance(event, Partial | Speculative):
            groups[-1].append(event)
    for group in groups:
        assert [event.revision for event in group] == list(range(1, len(group) + 1))
        assert len(group) > 10
        texts = [event.text for event in group if isinstance(event, Partial)]
        assert all(a != b for a, b in itertools.pairwise(texts))


def test_at_most_one_partial_each_250_ms() -> None:
    listener, times = cheap(), []
    for frame in framed(voice(6)):
        times += [frame.end_pos for event in listener.feed(frame.pcm, frame.sample_pos) if isinstance(event, Partial)]
    assert len(times) > 15
    assert min(b - a for a, b in itertools.pairwise(times)) >= seconds(0.25)


def test_speculation_precedes_the_final_and_is_mostly_right(heard: list[Event]) -> None:
    last, right = "", 0
    for event in heard:
        if isinstance(event, Speculative):
            last = event.text
        elif isinstance(event, Final):
            right += last == event.text
    assert right >= 3


def test_speech_that_resumes_takes_the_speculation_back() -> None:
    pcm = voice(1) + silence(0.3) + voice(1, 2) + silence(1)
    kinds = [type(event) for event in listen(cheap(), framed(pcm)) if not isinstance(event, Partial)]
    assert kinds == [SpeechStarted, Speculative, Speculative, Final]


@pytest.fixture
def endless() -> bytes:
    """95 s without a pause, softer for 100 ms at 28.5 s and 57 s."""
    samples = np.frombuffer(voice(95), "<i2").copy()
    for at in (28.5, 57.0):
        samples[seconds(at) : seconds(at + 0.1)] //= 5
    return bytes(samples.tobytes())


def test_speech_without_a_pause_is_cut_at_its_quietest_and_loses_nothing(endless: bytes) -> None:
    found = finals(listen(cheap(), framed(endless + silence(1))))
    assert [final.reason for final in found] == [Reason.CUT] * 3 + [Reason.SILENCE]
    assert abs(found[0].end_sample - seconds(28.55)) <= 640
    assert abs(found[1].end_sample - seconds(57.05)) <= 640
    assert found[0].start_sample == 0
    # The next utterance is open at once, however softly it begins.
    assert [State.load(final.next_state).continues for final in found] == [True] * 3 + [False]
    for before, after in itertools.pairwise(found):
        assert after.start_sample == before.end_sample
        assert before.end_sample - before.start_sample <= seconds(30)
    assert b"".join(final.pcm for final in found)[: len(endless)] == endless


def test_cuts_replay_exactly(endless: bytes) -> None:
    pcm = endless + silence(1)
    undisturbed = finals(listen(cheap(), framed(pcm)))
    rng = random.Random(3)
    for _ in range(8):
        crash = rng.randrange(len(pcm) // 2)
        first = cheap()
        found = finals(listen(first, framed(pcm[: 2 * crash])))
        again = cheap(first.committed_pos, first.state)
        found += finals(listen(again, framed(pcm[2 * again.committed_pos :], again.committed_pos, 900)))
        assert found == undisturbed


def test_25_minutes_without_a_pause_lose_no_sample() -> None:
    pcm = voice(60, 6)
    listener, position, events = cheap(), 0, []
    for _ in range(25):
        events += listen(listener, framed(pcm, position))
        position += seconds(60)
    events += listener.commit()
    found = finals(events)
    assert found[0].start_sample == 0
    assert found[-1].end_sample == position
    assert all(a.end_sample == b.start_sample for a, b in itertools.pairwise(found))


def test_real_speech_cut_in_the_middle_still_replays() -> None:
    config = Config(longest_ms=4_000, cut_window_ms=1_000)
    pcm = clips()[2].pcm + room(seconds(1))
    found = finals(listen(Listener(0, config=config), framed(pcm)))
    assert Reason.CUT in {final.reason for final in found}
    for final in found:
        assert transcribe_master(final.pcm, final.start_sample, final.start_state) == (final.text, final.words)


def test_commit_ends_at_once_with_the_last_sample() -> None:
    clip = clips()[3].pcm
    pcm = room(seconds(0.5)) + clip[: 2 * 50_123]
    listener = Listener(0)
    listen(listener, framed(pcm))
    assert listener.is_speaking
    (final,) = finals(listener.commit())
    assert final.reason is Reason.MANUAL
    assert final.end_sample == len(pcm) // 2 == listener.received_pos == listener.committed_pos
    assert transcribe_master(final.pcm, final.start_sample, final.start_state) == (final.text, final.words)
    assert final.text
    assert listener.commit() == []


def test_a_gap_ends_speech_where_the_audio_ended() -> None:
    pcm = voice(1.01)
    listener = cheap(500)
    events = listen(listener, framed(pcm, 500))
    late = seconds(9)
    events += listen(listener, framed(voice(0.5, 2) + silence(1), late))
    first, second = finals(events)
    assert (first.reason, first.end_sample) == (Reason.GAP, 500 + len(pcm) // 2)
    assert first.pcm == pcm
    assert second.start_sample >= late
    assert Skipped(late) in events
    # The same, had the first listener died before the gap was seen.
    again = cheap(500)
    assert finals(listen(again, [*framed(pcm, 500), *framed(voice(0.5, 2) + silence(1), late)])) == [first, second]


def test_audio_that_comes_twice_is_heard_once() -> None:
    pcm = voice(2) + silence(1)
    frames = list(framed(pcm))
    twice = [frame for index, frame in enumerate(frames) for frame in frames[max(0, index - 3) : index + 1]]
    assert listen(cheap(), twice) == listen(cheap(), frames)


def test_a_long_silence_moves_the_commit_and_keeps_the_onset() -> None:
    quiet, loud = silence(21), voice(1) + silence(1)
    listener = cheap()
    events = listen(listener, framed(quiet + loud))
    skips = [event.end_sample for event in events if isinstance(event, Skipped)]
    assert len(skips) >= 4
    (final,) = finals(events)
    assert final.start_sample <= seconds(21) - seconds(0.3)
    for start in skips:
        assert finals(listen(cheap(start), framed((quiet + loud)[2 * start :], start))) == [final]


def test_nothing_to_understand_is_an_empty_final() -> None:
    """After a cut the utterance is open from its first sample, even if nobody goes on."""
    state = State(None, continues=True)
    (final,) = finals(listen(Listener(0, state.dump()), framed(room(seconds(1)))))
    assert (final.text, final.words, final.next_state) == ("", (), None)


def test_behind_the_gate_utterances_still_end_by_silence() -> None:
    """The gate keeps enough silence for the endpointer to decide, and drops the rest."""
    pcm = b"".join(room(seconds(3), index) + clip.pcm for index, clip in enumerate(clips()[:2])) + room(seconds(3))
    gate, listener, kept, events = Gate(), Listener(0), 0, []
    for frame in framed(pcm):
        for one in gate.feed(frame).keep:
            kept += one.samples
            events += listener.feed(one.pcm, one.sample_pos)
    assert [final.reason for final in finals(events)] == [Reason.SILENCE] * 2
    assert kept < 0.85 * len(pcm) / 2
    assert not listener.is_speaking


@pytest.mark.parametrize("state", ["", "{}", "[]", '{"recogniser": 1, "continues": false}', '{"recogniser": null}'])
def test_a_broken_state_is_a_clear_error(state: str) -> None:
    with pytest.raises(RecogniserStateError):
        cheap(0, state)
