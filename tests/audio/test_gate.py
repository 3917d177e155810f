"""The gate: no speech is lost, silence is, and a restored gate goes on as the old one would."""

from __future__ import annotations

import random
import time

import pytest

from audio.errors import GateStateError
from audio.frames import Frame
from audio.gate import HANGOVER_SAMPLES, PRE_ROLL_SAMPLES, Gate
from tests.audio.clips import clips, conversation, framed, room, seconds


def kept(gate: Gate, frames: list[Frame]) -> list[Frame]:
    return [one for frame in frames for one in gate.feed(frame).keep]


def talk(index: int = 0) -> tuple[list[Frame], int, int]:
    """3 s of room, a clip, 3 s of room; and where the voiced part begins and ends."""
    clip = clips()[index]
    pcm = room(seconds(3)) + clip.pcm + room(seconds(3), 2)
    return list(framed(pcm)), seconds(3) + clip.first_voiced, seconds(3) + clip.last_voiced


@pytest.mark.parametrize("index", range(4))
def test_speech_and_its_context_are_kept_and_silence_is_not(index: int) -> None:
    frames, first, last = talk(index)
    out = kept(Gate(), frames)
    assert out[0].sample_pos <= first - seconds(0.3)
    assert out[-1].end_pos >= last + seconds(0.6)
    assert out[0].sample_pos >= first - seconds(1)
    assert out[-1].end_pos <= last + HANGOVER_SAMPLES + seconds(0.4)
    # Nothing is missing in between, nothing twice.
    assert [frame.seq for frame in out] == list(range(out[0].seq, out[-1].seq + 1))


def test_opening_brings_the_half_second_before() -> None:
    frames, _, _ = talk()
    gate = Gate()
    for frame in frames:
        result = gate.feed(frame)
        if result.opened:
            held = result.keep[:-1]
            assert PRE_ROLL_SAMPLES <= sum(one.samples for one in held) < PRE_ROLL_SAMPLES + 640
            assert gate.held_seq is None
            return
        assert not result.keep
        assert gate.held_seq is not None
        assert frame.seq - gate.held_seq <= 13
    raise AssertionError("the gate never opened")


def test_a_click_does_not_open_it() -> None:
    click = b"\x00\x60\x00\xa0" * 80
    pcm = room(seconds(1)) + click + room(seconds(1), 3)
    assert kept(Gate(), list(framed(pcm))) == []


def test_frame_size_changes_no_sample_that_matters() -> None:
    pcm = conversation()
    for samples in (320, 640, 1_600, 8_000, 650):
        gate = Gate()
        out = kept(gate, list(framed(pcm, samples=samples)))
        assert out[0].sample_pos <= seconds(0.8)
        assert out[-1].end_pos > len(pcm) // 2 - seconds(1.2)


def test_a_jump_counts_as_silence_on_the_audio_clock() -> None:
    frames, _, last = talk()
    middle = next(f.seq for f in frames if f.sample_pos > last - seconds(1))
    gate = Gate()
    kept(gate, frames[:middle])
    assert gate.is_open
    muted = Frame(middle, frames[middle].sample_pos + HANGOVER_SAMPLES, room(640))
    result = gate.feed(muted)
    assert result.closed
    assert not result.keep
    # What was held before a mute is no context of what comes after it.
    again = gate.feed(Frame(middle + 1, muted.end_pos + seconds(60), room(640, 5)))
    assert not again.keep
    assert gate.held_seq == middle + 1


def test_a_restored_gate_goes_on_as_if_nothing_had_been() -> None:
    frames = list(framed(conversation() + room(seconds(2), 9) + conversation()))
    undisturbed = kept(Gate(), frames)
    rng = random.Random(5)
    gate, cuts = Gate(), 0
    out: list[Frame] = []
    index = 0
    while index < len(frames):
        result = gate.feed(frames[index])
        out += [f for f in result.keep if not out or f.seq > out[-1].seq]
        index += 1
        if rng.random() < 0.05:
            # The client sends again what was only held.
            index = gate.held_seq if gate.held_seq is not None else index
            gate, cuts = Gate.restore(gate.export()), cuts + 1
    assert cuts > 20
    assert out == undisturbed


def test_state_is_small_and_holds_no_audio() -> None:
    gate = Gate()
    for frame in list(framed(clips()[0].pcm))[:3]:
        gate.feed(frame)
    state = gate.export()
    assert len(state) < 800
    assert not any(f.pcm[:8] in state for f in framed(clips()[0].pcm[2_000:4_000], samples=4))


@pytest.mark.parametrize("state", [b"", b"x" * 400, b"\x09" + b"\0" * 760, None])
def test_a_broken_state_is_refused(state: bytes | None) -> None:
    if state is None:
        state = Gate().export()[:-4] + b"\0\0\0\0"
    with pytest.raises(GateStateError):
        Gate.restore(state)


def test_its_own_share_is_small() -> None:
    """Not a timing test: a bound ten times over what was measured, to catch a lost O(1)."""
    frames = list(framed(room(seconds(60))))
    gate = Gate()
    started = time.process_time()
    for frame in frames:
        gate.feed(frame)
    assert (time.process_time() - started) / len(frames) < 300e-6
