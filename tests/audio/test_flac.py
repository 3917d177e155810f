"""FLAC without an encoder is FLAC, sample for sample; and it is what is written where no encoder is."""

from __future__ import annotations

import io
import random
import sys

import pytest
import soundfile

from audio import recordings
from audio.flac import BLOCK, plain_flac
from tests.audio.clips import clips

PCM = clips()[2].pcm


@pytest.mark.parametrize("samples", [1, 15, 16, BLOCK - 1, BLOCK, BLOCK + 1, 200 * BLOCK + 7, 480_000])
def test_any_reader_gets_the_same_samples(samples: int) -> None:
    pcm = random.Random(samples).randbytes(2 * samples)
    flac = plain_flac(pcm)
    assert recordings.decode_flac(flac) == pcm
    assert len(flac) < 2 * samples * 1.01 + 64
    with soundfile.SoundFile(io.BytesIO(flac)) as file:
        assert file.frames == samples


def test_a_flipped_bit_is_found() -> None:
    flac = bytearray(plain_flac(PCM))
    flac[len(flac) // 2] ^= 1
    try:
        heard = recordings.decode_flac(bytes(flac))
    except Exception:
        return
    assert heard != PCM


def test_without_the_speech_parts_masters_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    flac = recordings.encode_flac(PCM)
    monkeypatch.undo()
    assert flac == plain_flac(PCM)
    assert recordings.decode_flac(flac) == PCM
    assert len(recordings.encode_flac(PCM)) < 0.8 * len(flac), "with an encoder they are compressed"
