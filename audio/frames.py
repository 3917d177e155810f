"""The binary audio frame: 16 bytes of header, then PCM.

    offset  size  field
    0       1     type        0x01 audio
    1       1     codec       0x00 PCM16LE, 16 kHz, mono
    2       2     flags       see the FLAG_* constants
    4       4     seq         +1 a frame, from 0, per session (not per socket)
    8       8     sample_pos  first sample's index on the audio clock

Little-endian. `sample_pos` is the only time base for words and endpoints. A jump in it without
a jump in `seq` means that the client was muted or skipped silence; a jump in `seq` means loss.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from audio.errors import (
    FrameDuration,
    FrameTooLarge,
    FrameTooShort,
    OddFrame,
    UnknownCodec,
    UnknownFrameType,
)

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2
STEP_SAMPLES = 640
"""40 ms, the step in which all audio is listened to."""

TYPE_AUDIO = 0x01
CODEC_PCM16 = 0x00

FLAG_SPEECH = 0x0001
"""The client's own detector heard speech."""
FLAG_UNMUTED = 0x0002
"""First frame after the client was muted."""
FLAG_LAST = 0x0004
"""Last frame of what the client calls an utterance."""
FLAG_RETRANSMISSION = 0x0008

HEADER = struct.Struct("<BBHIQ")
HEADER_BYTES = HEADER.size
MAX_FRAME_BYTES = 65_536
MIN_SAMPLES = SAMPLE_RATE * 20 // 1000
MAX_SAMPLES = SAMPLE_RATE * 500 // 1000
MAX_SEQ = 2**32 - 1
# Positions are kept in signed 64-bit columns; no microphone runs for 18 million years.
MAX_SAMPLE_POS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: `pcm` is 16-bit little-endian mono at 16 kHz, its first sample at `sample_pos`."""

    seq: int
    sample_pos: int
    pcm: bytes
    flags: int = 0

    @property
    def samples(self) -> int:
        """How many samples it holds."""
        return len(self.pcm) // BYTES_PER_SAMPLE

    @property
    def end_pos(self) -> int:
        """The position one past its last sample."""
        return self.sample_pos + self.samples


def encode(frame: Frame) -> bytes:
    """Return the bytes that go over the wire."""
    head = HEADER.pack(TYPE_AUDIO, CODEC_PCM16, frame.flags, frame.seq, frame.sample_pos)
    return head + frame.pcm


def decode(data: bytes) -> Frame:
    """Read one frame.

    Raises a `FrameError` that says what is wrong: too large, too short, unknown type or codec,
    an odd number of bytes, less than 20 or more than 500 ms.
    """
    size = len(data)
    if size > MAX_FRAME_BYTES:
        raise FrameTooLarge(f"{size} bytes; the cap is {MAX_FRAME_BYTES}")
    if size <= HEADER_BYTES:
        raise FrameTooShort(f"{size} bytes; the header alone has {HEADER_BYTES}")
    kind, codec, flags, seq, sample_pos = HEADER.unpack_from(data)
    if kind != TYPE_AUDIO:
        raise UnknownFrameType(f"type 0x{kind:02x}; only 0x{TYPE_AUDIO:02x} is known")
    if codec != CODEC_PCM16:
        raise UnknownCodec(f"codec {codec}; only {CODEC_PCM16} (PCM16LE 16 kHz mono) is known")
    if size % BYTES_PER_SAMPLE:
        raise OddFrame(f"{size - HEADER_BYTES} payload bytes do not make whole samples")
    samples = (size - HEADER_BYTES) // BYTES_PER_SAMPLE
    if not MIN_SAMPLES <= samples <= MAX_SAMPLES:
        raise FrameDuration(f"{samples} samples; {MIN_SAMPLES} to {MAX_SAMPLES} are taken")
    if sample_pos > MAX_SAMPLE_POS - samples:
        raise FrameDuration(f"sample_pos {sample_pos} is beyond any clock")
    return Frame(seq, sample_pos, data[HEADER_BYTES:], flags)
