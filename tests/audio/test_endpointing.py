"""Silero: found without torch, checked, and right about where speech is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audio import endpointing
from audio.endpointing import Endpointer, Floats, Silero
from audio.errors import ModelMismatch, ModelUnavailable
from tests.audio.clips import clips, framed, room, seconds


def run(pcm: bytes, endpointer: Endpointer | None = None, step: int = 640) -> Endpointer:
    endpointer = endpointer or Endpointer()
    for frame in framed(pcm, samples=step):
        endpointer.feed(frame.pcm)
    return endpointer


@pytest.mark.parametrize("index", range(4))
def test_it_finds_where_speech_begins_and_ends(index: int) -> None:
    clip = clips()[index]
    found = run(room(seconds(1)) + clip.pcm + room(seconds(1), 2))
    assert found.onset is not None
    assert abs(found.onset - seconds(1) - clip.first_voiced) < seconds(0.25)
    assert abs(found.last_speech - seconds(1) - clip.last_voiced) < seconds(0.25)
    assert found.silence == found.heard - found.last_speech


@pytest.mark.parametrize("level", [0.0, 8.0, 200.0])
def test_a_room_is_no_speech(level: float) -> None:
    found = run(room(seconds(6), 4, level))
    assert found.onset is None
    assert found.silence == 0


def test_after_a_cut_it_begins_in_speech() -> None:
    found = run(room(seconds(0.5)), Endpointer(in_speech=True))
    assert found.onset == 0
    assert found.silence == found.heard > seconds(0.4)


def test_the_step_does_not_matter() -> None:
    pcm = clips()[3].pcm
    answers = {(e.onset, e.last_speech, e.heard) for e in (run(pcm, step=n) for n in (640, 511, 1_600))}
    assert len(answers) == 1


class Spy(Silero):
    """Notes what the model answered."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[float] = []

    def run(self, windows: Floats, h: Floats, c: Floats) -> tuple[Floats, Floats, Floats]:
        found = super().run(windows, h, c)
        self.answers += found[0].tolist()
        return found


def test_answers_are_those_of_the_whole_audio_at_once() -> None:
    pcm = clips()[3].pcm
    spy = Spy()
    run(pcm, Endpointer(spy))
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768
    count = samples.size // 512
    padded = np.concatenate((np.zeros(64, np.float32), samples))
    windows = np.stack([padded[512 * i : 512 * i + 576] for i in range(count)])
    zeros = np.zeros((1, 1, 128), np.float32)
    whole, _, _ = Silero().run(windows, zeros, zeros)
    assert len(spy.answers) == count
    assert np.abs(np.array(spy.answers) - whole).max() < 1e-6


def test_each_endpointer_begins_anew() -> None:
    fresh = run(clips()[0].pcm)
    run(clips()[1].pcm)
    again = run(clips()[0].pcm)
    assert (fresh.onset, fresh.last_speech) == (again.onset, again.last_speech)


def test_a_missing_or_other_model_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        endpointing.Silero(tmp_path / "absent.onnx")
    other = tmp_path / "other.onnx"
    other.write_bytes(b"PK\x03\x04 not a model")
    with pytest.raises(ModelMismatch, match="expected 9ccdacc4"):
        endpointing.Silero(other)
    monkeypatch.setattr(endpointing, "find_spec", lambda _name: None)
    with pytest.raises(ModelUnavailable, match="silero-vad"):
        endpointing.model_path()


def test_the_voice_core_needs_neither_torch_nor_silero_nor_django() -> None:
    code = (
        "import sys, audio.listening as l; l.Listener(0);"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'torch', 'silero_vad', 'django', 'tenants'}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
