"""The clips of tests/clips, and audio made from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from audio.frames import Frame

CLIPS = Path(__file__).parent.parent / "clips"


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: `pcm` 16-bit little-endian mono at 16 kHz."""

    name: str
    text: str
    pcm: bytes
    first_voiced: int
    last_voiced: int


@cache
def clips() -> tuple[Clip, ...]:
    """All clips, in the order of the manifest."""
    found = []
    for row in json.loads((CLIPS / "manifest.json").read_text()):
        samples, rate = soundfile.read(CLIPS / row["file"], dtype="int16")
        assert rate == 16_000
        found.append(
            Clip(
                row["file"],
                row["text"],
                samples.astype("<i2").tobytes(),
                row["first_voiced_sample"],
                row["last_voiced_sample"],
            )
        )
    return tuple(found)


@cache
def room(samples: int, seed: int = 1, level: float = 8.0) -> bytes:
    """A quiet room: faint noise, the same for the same arguments."""
    noise = np.random.default_rng(seed).normal(0.0, level, samples)
    return np.asarray(noise.round(), dtype="<i2").tobytes()


def seconds(count: float) -> int:
    """Samples in so many seconds."""
    return int(count * 16_000)


@cache
def conversation() -> bytes:
    """The four clips with 0.8 s of a quiet room before, between and after them."""
    parts = [room(seconds(0.8), 0)]
    for index, clip in enumerate(clips()):
        parts += [clip.pcm, room(seconds(0.8), index + 1)]
    return b"".join(parts)


def framed(pcm: bytes, start: int = 0, samples: int = 640, seq: int = 0) -> Iterator[Frame]:
    """Cut `pcm` into frames; the last may be shorter."""
    for offset in range(0, len(pcm), 2 * samples):
        yield Frame(seq, start + offset // 2, pcm[offset : offset + 2 * samples])
        seq += 1
