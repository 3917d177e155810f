"""A name server on a loopback address: A and TXT records, as a test says, over UDP and TCP."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

A, TXT = 1, 16


def _both() -> tuple[socket.socket, socket.socket]:
    """Sockets on one port, which may be free for UDP and taken for TCP."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            udp.close()


class NameServer:
    """`addresses` and `texts` may be changed while it runs. Texts over 400 bytes are truncated over UDP."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.texts: dict[str, list[str]] = {}
        self.code = 0
        self.number_off = 0
        self.asked: list[str] = []
        self._udp, self._tcp = _both()
        self.address: tuple[str, int] = self._udp.getsockname()
        self._threads = [threading.Thread(target=f, daemon=True) for f in (self._serve_udp, self._serve_tcp)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with suppress(OSError):
            self._udp.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)
        self._udp.close()
        self._tcp.close()
        for thread in self._threads:
            thread.join(5)

    def _serve_udp(self) -> None:
        with suppress(OSError):
            while True:
                query, peer = self._udp.recvfrom(4096)
                if not query:
                    return
                answer = self._answer(query)
                if len(answer) > 512:
                    answer = self._answer(query, truncated=True)
                self._udp.sendto(answer, peer)

    def _serve_tcp(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._tcp.accept()
                with peer:
                    (length,) = struct.unpack("!H", peer.recv(2))
                    answer = self._answer(peer.recv(length))
                    peer.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, query: bytes, *, truncated: bool = False) -> bytes:
        number = struct.unpack_from("!H", query)[0]
        at, labels = 12, []
        while length := query[at]:
            labels.append(query[at + 1 : at + 1 + length].decode())
            at += length + 1
        question = query[12 : at + 5]
        kind = struct.unpack_from("!H", query, at + 1)[0]
        name = ".".join(labels).lower()
        self.asked.append(name)
        records = [] if truncated else list(self._records(name, kind))
        code = self.code or (0 if name in self.addresses or name in self.texts else 3)
        flags = 0x8180 | code | (0x0200 if truncated else 0)
        head = struct.pack("!6H", (number + self.number_off) & 0xFFFF, flags, 1, len(records), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 1, len(data)) + data for data in records)
        return head + question + body

    def _records(self, name: str, kind: int) -> Iterator[bytes]:
        if kind == A:
            for address in self.addresses.get(name, []):
                yield socket.inet_aton(address)
        if kind == TXT:
            for text in self.texts.get(name, []):
                data = text.encode()
                parts = [data[i : i + 255] for i in range(0, len(data), 255)]
                yield b"".join(bytes([len(part)]) + part for part in parts)


@contextmanager
def name_server() -> Iterator[NameServer]:
    """One that runs while the block does."""
    server = NameServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
