"""One question to the domain name system: the TXT records of a name.

Asked of the resolvers that the machine itself uses, over UDP, then over TCP when the answer did not fit.
"""

from __future__ import annotations

import secrets
import socket
import struct
from pathlib import Path
from typing import Final

RESOLVERS_FILE: Final = Path("/etc/resolv.conf")
PORT: Final = 53
TIMEOUT_SECONDS: Final = 4.0
TXT: Final = 16
INTERNET: Final = 1
NXDOMAIN: Final = 3
MAX_UDP: Final = 4096
_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")


class LookupFailed(Exception):
    """No resolver gave a usable answer."""


def txt_records(name: str, *, resolvers: list[tuple[str, int]] | None = None) -> list[str]:
    """The TXT records of a name, each joined to one text; empty when it has none.

    Raises:
        LookupFailed: no resolver answered, or what came is no answer to our question.
    """
    problem = "no resolver is configured in /etc/resolv.conf"
    for address in system_resolvers() if resolvers is None else resolvers:
        try:
            return _ask(address, name)
        except (OSError, LookupFailed, struct.error, IndexError, UnicodeError) as error:
            problem = f"the resolver {address[0]} did not answer ({type(error).__name__}: {error})"
    raise LookupFailed(problem)


def system_resolvers() -> list[tuple[str, int]]:
    """The `nameserver` lines of /etc/resolv.conf."""
    try:
        lines = RESOLVERS_FILE.read_text().splitlines()
    except OSError:
        return []
    words = (line.split() for line in lines)
    return [(parts[1].partition("%")[0], PORT) for parts in words if len(parts) > 1 and parts[0] == "nameserver"]


def _ask(address: tuple[str, int], name: str) -> list[str]:
    number = secrets.randbelow(1 << 16)
    labels = name.rstrip(".").encode("ascii").split(b".")
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0" + struct.pack("!HH", TXT, INTERNET)
    query = _HEADER.pack(number, 0x0100, 1, 0, 0, 0) + question
    answer = _over_udp(address, query)
    if _HEADER.unpack_from(answer)[1] & 0x0200:  # truncated
        answer = _over_tcp(address, query)
    return _read(answer, number, question)


def _over_udp(address: tuple[str, int], query: bytes) -> bytes:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT_SECONDS)
        sock.connect(address)  # only this resolver's datagrams are delivered
        sock.send(query)
        return sock.recv(MAX_UDP)


def _over_tcp(address: tuple[str, int], query: bytes) -> bytes:
    with socket.create_connection(address, timeout=TIMEOUT_SECONDS) as sock:
        sock.sendall(struct.pack("!H", len(query)) + query)
        with sock.makefile("rb") as stream:
            (length,) = struct.unpack("!H", stream.read(2))
            return stream.read(int(length))


def _read(answer: bytes, number: int, question: bytes) -> list[str]:
    found, flags, questions, answers, _, _ = _HEADER.unpack_from(answer)
    at = _HEADER.size + len(question)
    if found != number or questions != 1 or answer[_HEADER.size : at].lower() != question.lower():
        raise LookupFailed("the answer is to another question")
    if (code := flags & 0x000F) not in (0, NXDOMAIN):
        raise LookupFailed(f"it answered with code {code}")
    texts: list[str] = []
    for _ in range(answers):
        at = _after_name(answer, at)
        kind, _class, _ttl, length = _RECORD.unpack_from(answer, at)
        at += _RECORD.size
        if kind == TXT:
            texts.append(_joined(answer[at : at + length]))
        at += length
    return texts


def _after_name(answer: bytes, at: int) -> int:
    while length := answer[at]:
        if length & 0xC0:  # a pointer ends a name
            return at + 2
        at += length + 1
    return at + 1


def _joined(data: bytes) -> str:
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += data[at] + 1
    return b"".join(parts).decode("utf-8", "replace")
