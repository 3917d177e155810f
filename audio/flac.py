"""FLAC without an encoder: the samples as they are, in FLAC's frames. For processes without the speech parts.

The scheduler keeps audio that nobody could recognise; it is rare, at most 30 s, and no reason to carry an audio
library. Any FLAC reader gives the same samples back; the file is about twice as large as an encoder's.
"""

from __future__ import annotations

import array
import hashlib
import struct
import sys
from typing import Final

from audio.frames import SAMPLE_RATE

BLOCK: Final = 4096
_CODE_4096: Final = 0xC0
_CODE_16_BITS_FOLLOW: Final = 0x70
_CODE_16_KHZ: Final = 0x05
_MONO_16_BITS: Final = 0x08
_VERBATIM: Final = b"\x02"
_SYNC: Final = b"\xff\xf8"


def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    rows = []
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = (value << 1) ^ polynomial if value & top else value << 1
        rows.append(value & mask)
    return tuple(rows)


_CRC8: Final = _table(0x07, 8)
_CRC16: Final = _table(0x8005, 16)


def plain_flac(pcm: bytes) -> bytes:
    """16-bit little-endian mono at 16 kHz as a FLAC that is not compressed."""
    samples = array.array("h", pcm)
    if sys.byteorder == "little":
        samples.byteswap()  # FLAC's samples are big-endian
    turned = samples.tobytes()
    frames = (_frame(number, turned[offset : offset + 2 * BLOCK]) for number, offset in _blocks(len(turned)))
    return b"".join((b"fLaC", _stream_info(pcm), *frames))


def _blocks(size: int) -> enumerate[int]:
    return enumerate(range(0, size, 2 * BLOCK))


def _stream_info(pcm: bytes) -> bytes:
    # 20 bits of rate, 3 of channels - 1, 5 of bits - 1, 36 of samples
    packed = SAMPLE_RATE << 44 | 15 << 36 | len(pcm) // 2
    digest = hashlib.md5(pcm, usedforsecurity=False).digest()
    return b"\x80\x00\x00\x22" + struct.pack(">HH6xQ", BLOCK, BLOCK, packed) + digest


def _frame(number: int, samples: bytes) -> bytes:
    count = len(samples) // 2
    whole = count == BLOCK
    head = _SYNC + bytes(((_CODE_4096 if whole else _CODE_16_BITS_FOLLOW) | _CODE_16_KHZ, _MONO_16_BITS))
    head += chr(number).encode()  # FLAC writes its frame numbers as UTF-8
    if not whole:
        head += struct.pack(">H", count - 1)
    crc = 0
    for byte in head:
        crc = _CRC8[crc ^ byte]
    frame = head + bytes((crc,)) + _VERBATIM + samples
    crc = 0
    for byte in frame:
        crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ byte]
    return frame + struct.pack(">H", crc)
