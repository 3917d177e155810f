"""Where a model may be: an https address on the public internet, or one that the operator lists by host and port.

Names are looked up by us and the connection goes to the address that was looked at, so that a name cannot mean one
machine when it is checked and another when it is used.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Where clouds answer with a machine's own secrets. Refused even when the operator lists them.
_METADATA: Final = frozenset(
    ipaddress.ip_address(one) for one in ("169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254")
)
_MOST_LETTERS: Final = 300


class BadAddress(Exception):
    """An address that we do not call. The message is a sentence for whoever set it."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base URL in its parts. `path` without a slash at its end."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_listed_as(self) -> str:
        """How the operator lists it."""
        return f"{self.host}:{self.port}"


def base_of(url: str, listed: Collection[str]) -> Base:
    """`url` in its parts. Raises BadAddress. `listed`: the operator's hosts, each as host:port."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise BadAddress("This is no address. It looks like https://models.example.org/v1.") from None
    host = (parts.hostname or "").rstrip(".").lower()
    if len(url) > _MOST_LETTERS or not host or parts.scheme not in {"http", "https"}:
        raise BadAddress("This is no address. It looks like https://models.example.org/v1.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadAddress("The address holds no name, password, ? or #. The key has a field of its own.")
    if not host.isascii() or any(character in host for character in " \\%"):
        raise BadAddress("The host's name has letters that we do not take. Write it in its ASCII form.")
    base = Base(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/"))
    if base.scheme != "https" and base.is_listed_as not in listed:
        raise BadAddress("The address begins with https://, unless the operator lists its host as a private one.")
    literal = _literal(host)
    if literal is not None:
        check(literal, is_listed=base.is_listed_as in listed)
    return base


async def address_of(base: Base, listed: Collection[str]) -> str:
    """The address to connect to. Raises BadAddress when any address of the name is one that we do not call,
    OSError when there is none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(base.host, base.port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for _f, _t, _p, _c, sockaddr in found]
    if not addresses:
        raise OSError("no address")
    for address in addresses:
        check(address, is_listed=base.is_listed_as in listed)
    return str(addresses[0])


def check(address: Address, *, is_listed: bool) -> None:
    """Raise BadAddress for an address that we do not call."""
    for one in (address, *_inside(address)):
        if one in _METADATA or one.is_link_local or one.is_multicast or one.is_unspecified:
            raise BadAddress("This host leads to an address that is never called (link-local, metadata or none).")
        if not one.is_global and not is_listed:
            raise BadAddress("This host is on a private network. The operator can list it in ASSISTANT_PRIVATE_HOSTS.")


def _inside(address: Address) -> tuple[Address, ...]:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inside.append(ipaddress.IPv4Address(address.packed[-4:]))
    return tuple(one for one in inside if one is not None)


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
