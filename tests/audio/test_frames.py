"""The binary frame: what goes in comes out, and everything else has a name."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import errors, frames
from audio.frames import Frame

payloads = st.integers(frames.MIN_SAMPLES, 1_000).flatmap(lambda n: st.binary(min_size=2 * n, max_size=2 * n))


@given(
    seq=st.integers(0, frames.MAX_SEQ),
    sample_pos=st.integers(0, 2**62),
    flags=st.integers(0, 0xFFFF),
    pcm=payloads,
)
def test_round_trip(seq: int, sample_pos: int, flags: int, pcm: bytes) -> None:
    frame = Frame(seq, sample_pos, pcm, flags)
    assert frames.decode(frames.encode(frame)) == frame


def answer(data: bytes) -> Frame | errors.FrameError:
    try:
        return frames.decode(data)
    except errors.FrameError as error:
        return error


@given(st.binary(max_size=4_000))
def test_any_bytes_are_a_frame_or_a_named_error(data: bytes) -> None:
    found = answer(data)
    if isinstance(found, Frame):
        assert frames.encode(found) == data
    else:
        assert found.code
        assert str(found)


def test_layout_is_the_documented_one() -> None:
    data = frames.encode(Frame(7, 1 << 40, b"\x01\x02" * 640, frames.FLAG_UNMUTED))
    assert data[:16] == struct.pack("<BBHIQ", 1, 0, 2, 7, 1 << 40)
    assert len(data) == 16 + 1_280


def raw(kind: int = 1, codec: int = 0, pos: int = 0, payload: bytes = b"\0" * 1_280) -> bytes:
    return struct.pack("<BBHIQ", kind, codec, 0, 0, pos) + payload


@pytest.mark.parametrize(
    ("data", "error", "code"),
    [
        (b"", errors.FrameTooShort, "frame_too_short"),
        (raw()[:15], errors.FrameTooShort, "frame_too_short"),
        (raw(payload=b""), errors.FrameTooShort, "frame_too_short"),
        (raw(payload=b"\0" * 65_536), errors.FrameTooLarge, "frame_too_large"),
        (raw(payload=b"\0" * 1_281), errors.OddFrame, "frame_odd_bytes"),
        (raw(kind=2), errors.UnknownFrameType, "unknown_frame_type"),
        (raw(codec=1), errors.UnknownCodec, "unsupported_codec"),
        (raw(payload=b"\0" * 638), errors.FrameDuration, "frame_duration"),
        (raw(payload=b"\0" * 16_002), errors.FrameDuration, "frame_duration"),
        (raw(pos=2**64 - 1), errors.FrameDuration, "frame_duration"),
        (b'{"type":"ping","t":1}', errors.UnknownFrameType, "unknown_frame_type"),
    ],
)
def test_what_is_refused(data: bytes, error: type[errors.FrameError], code: str) -> None:
    with pytest.raises(error) as caught:
        frames.decode(data)
    assert caught.value.code == code


def test_the_bounds_themselves_are_taken() -> None:
    for samples in (frames.MIN_SAMPLES, frames.MAX_SAMPLES):
        assert frames.decode(raw(payload=b"\0\0" * samples)).samples == samples
