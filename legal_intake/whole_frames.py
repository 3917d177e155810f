"""The usual case of RFC 6455, 5.2, in one pass: a read of the transport that is whole binary messages.

A microphone's message is one unfragmented, masked frame of a kilobyte or so, and nearly always comes in
one piece. The library's parser, made for any frame in any pieces, costs a quarter of all that the server
does for such a message. Everything else, errors too, stays the library's.
"""

from __future__ import annotations

import struct
from typing import Final

_FINAL_BINARY: Final = 0x82
_MASKED_LENGTH_16: Final = 0xFE
_LENGTH_16: Final = struct.Struct("!H")
_HEADER_BYTES: Final = 8
_LEAST_LENGTH_16: Final = 126
"""Shorter payloads must use the shorter form; the library refuses them otherwise."""


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the unmasked payloads of the messages that `data` begins with, and what follows them.

    Only whole, final, masked binary frames of 126 to 65,535 bytes without extension bits are taken.
    """
    payloads: list[bytes] = []
    start, size = 0, len(data)
    while size - start > _HEADER_BYTES and data[start] == _FINAL_BINARY and data[start + 1] == _MASKED_LENGTH_16:
        (length,) = _LENGTH_16.unpack_from(data, start + 2)
        end = start + _HEADER_BYTES + length
        if length < _LEAST_LENGTH_16 or end > size:
            break
        payloads.append(unmask(data[start + _HEADER_BYTES : end], data[start + 4 : start + _HEADER_BYTES]))
        start = end
    return payloads, data[start:] if start else data


def unmask(payload: bytes, mask: bytes) -> bytes:
    """`payload` with `mask`, 4 bytes, repeated over it by exclusive or. Python's integers do it in one go."""
    size = len(payload)
    key = mask * (size // 4) + mask[: size & 3]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")
