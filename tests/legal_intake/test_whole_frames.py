"""Whole frames in one pass: the same messages as the library's own parser finds, however they arrive."""

from __future__ import annotations

import itertools
import struct

from autobahn.websocket.protocol import WebSocketProtocol
from hypothesis import given, settings
from hypothesis import strategies as st

from legal_intake.server import BoundedSocket, BoundedSocketFactory
from legal_intake.whole_frames import split, unmask

FINAL_BINARY, FINAL_TEXT, PART_BINARY, LAST_PART, PING = 0x82, 0x81, 0x02, 0x80, 0x89


def frame(first: int, payload: bytes, mask: bytes) -> bytes:
    """One masked frame as RFC 6455, 5.2 has it."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    return bytes([first]) + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


masks = st.binary(min_size=4, max_size=4)
payloads = st.one_of(st.binary(max_size=140), st.binary(min_size=600, max_size=1500))
messages = st.lists(st.tuples(st.sampled_from(["binary", "text", "parts", "ping"]), payloads, masks), max_size=6)


def wire(kind: str, payload: bytes, mask: bytes) -> bytes:
    """A message, as a browser might send it."""
    if kind == "binary":
        return frame(FINAL_BINARY, payload, mask)
    if kind == "text":
        return frame(FINAL_TEXT, payload.hex().encode(), mask)
    if kind == "parts":
        half = len(payload) // 2
        return frame(PART_BINARY, payload[:half], mask) + frame(LAST_PART, payload[half:], mask)
    return frame(PING, payload[:125], mask)


class Heard(BoundedSocket):
    """An open socket without a network, that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.factory = BoundedSocketFactory(None)
        self._connectionMade()
        self.state = WebSocketProtocol.STATE_OPEN
        self.websocket_version = 13
        self.inside_message = False
        self.current_frame = None
        self.data = b""
        self.heard: list[tuple[bytes, bool]] = []

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.heard.append((payload, isBinary))

    def onPing(self, payload: bytes) -> None:
        return


@given(payload=st.binary(max_size=300), mask=masks)
def test_unmasking_is_the_exclusive_or_of_the_standard(payload: bytes, mask: bytes) -> None:
    assert unmask(payload, mask) == bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


@settings(max_examples=300)
@given(said=messages, cuts=st.lists(st.integers(0, 9000), max_size=6))
def test_any_messages_in_any_pieces_are_heard_as_they_were_sent(
    said: list[tuple[str, bytes, bytes]], cuts: list[int]
) -> None:
    whole = b"".join(wire(*one) for one in said)
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    socket = Heard()
    for start, end in itertools.pairwise(edges):
        socket.dataReceived(whole[start:end])
    expected = [
        (payload.hex().encode(), False) if kind == "text" else (payload, True)
        for kind, payload, _ in said
        if kind != "ping"
    ]
    assert socket.heard == expected


@given(payload=st.binary(min_size=126, max_size=2000), mask=masks)
def test_what_is_not_the_usual_case_is_left_alone(payload: bytes, mask: bytes) -> None:
    usual = frame(FINAL_BINARY, payload, mask)
    assert split(usual) == ([payload], b"")
    too_long_a_form = b"\x82\xfe" + struct.pack("!H", 100) + mask + payload[:100]
    unmasked = bytes([FINAL_BINARY, 126]) + usual[2:]
    with_extension_bit = bytes([FINAL_BINARY | 0x40]) + usual[1:]
    for other in (usual[:-1], too_long_a_form, unmasked, with_extension_bit, frame(FINAL_TEXT, payload, mask)):
        assert split(other) == ([], other)
        assert split(usual + other) == ([payload], other)
