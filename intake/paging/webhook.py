"""Posting a signed message to a firm's own address, without letting the firm reach into our network.

The host is looked up once, each of its addresses is checked, and the connection goes to the very address that was
checked: a name that changes between the two looks gains nothing. Redirects are not followed, a proxy is not used, the
answer's body is not read, and one clock bounds it all.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

CONNECT_SECONDS: Final = 5.0
#: From the first packet to the status line; a server that drips is cut off.
WHOLE_SECONDS: Final = 10.0
SIGNATURE: Final = "X-Legal-Intake-Signature"
MAX_URL: Final = 500
_PORTS: Final = {"https": 443, "http": 80}
#: Addresses that stand for another one: a translator in our network may lead them to a private one.
_TRANSLATED: Final = tuple(ipaddress.ip_network(name) for name in ("64:ff9b::/96", "2002::/16", "2001::/32"))
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """The message was not sent. `code` says why, in a word that may be logged and shown."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address, taken apart."""

    scheme: str
    host: str
    port: int
    path: str


def parsed(url: str) -> Target:
    """An address that may be one. Raises Refused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("bad_address") from None
    if parts.scheme not in _PORTS or not parts.hostname or len(url) > MAX_URL:
        raise Refused("bad_address")
    if parts.username or parts.password or parts.fragment or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise Refused("bad_address")
    try:
        host = parts.hostname.encode("idna").decode("ascii") if not _is_literal(parts.hostname) else parts.hostname
    except UnicodeError:
        raise Refused("bad_address") from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise Refused("bad_address")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def networks(names: Sequence[str]) -> tuple[_Network, ...]:
    """The operator's list of networks that webhooks may reach although they are private. Raises ValueError."""
    return tuple(ipaddress.ip_network(name.strip()) for name in names if name.strip())


def reachable(target: Target, allowed: Sequence[_Network]) -> _Address:
    """The address to connect to. Raises Refused: unknown host, private and not allowed, or not https.

    Of a host with several addresses every one must be good: which is used is not ours to choose.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("unknown_host") from None
    addresses = list(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in found))
    if not addresses:
        raise Refused("unknown_host")
    inside = [_inside(address, allowed) for address in addresses]
    if not all(ours or _is_public(address) for address, ours in zip(addresses, inside, strict=True)):
        raise Refused("private_address")
    if target.scheme != "https" and not all(inside):
        raise Refused("not_https")
    return addresses[0]


def signature(secret: str, stamp: int, body: bytes) -> str:
    """`t=...,v1=...`: HMAC-SHA256 over the time, a dot and the body. The time keeps an old message from being new."""
    made = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={made}"


def post(url: str, body: bytes, *, secret: str, stamp: int, allowed: Sequence[_Network] = ()) -> None:
    """Send once. Raises Refused; any 2xx is an answer."""
    target = parsed(url)
    address = reachable(target, allowed)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "legal-intake",
        SIGNATURE: signature(secret, stamp, body),
    }
    connection = _Pinned(target, address)
    clock = threading.Timer(WHOLE_SECONDS, connection.cut)
    clock.daemon = True
    clock.start()
    try:
        connection.request("POST", target.path, body=body, headers=headers)
        status = connection.getresponse().status
    except ssl.SSLError:
        raise Refused("tls") from None
    except TimeoutError:
        raise Refused("timeout") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise Refused("timeout" if connection.was_cut else "no_answer") from None
    finally:
        clock.cancel()
        connection.close()
    if connection.was_cut:  # the server's half answer had reached its status line
        raise Refused("timeout")
    if not 200 <= status < 300:
        raise Refused(f"status_{status}")


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, under its host's name: the certificate must be the host's."""

    def __init__(self, target: Target, address: _Address) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self.default_port = _PORTS[target.scheme]
        self._address, self._secure, self.was_cut = str(address), target.scheme == "https", False

    def connect(self) -> None:
        sock: Any = socket.create_connection((self._address, self.port), CONNECT_SECONDS)
        if self._secure:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self.host)
        self.sock = sock

    def cut(self) -> None:
        """End it from another thread: whatever waits there gets an error."""
        self.was_cut = True
        sock: Any = self.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it had ended


def _inside(address: _Address, allowed: Sequence[_Network]) -> bool:
    return any(address.version == network.version and address in network for network in allowed)


def _is_public(address: _Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    if _inside(address, _TRANSLATED):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
