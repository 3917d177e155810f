"""Which host a request is for: normalised, and forwarded only by proxies we trust."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import idna
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_PORT: Final = re.compile(r"[0-9]{1,5}")
MAX_HOST: Final = 253


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request or socket wants to go, as the browser sees it."""

    host: str
    port: str
    scheme: str
    client: str

    @property
    def netloc(self) -> str:
        """`host` or `host:port`, as it stands in a Host header."""
        return f"{self.host}:{self.port}" if self.port else self.host

    @property
    def origin(self) -> str:
        """What a browser's Origin header must be for a page of this very host."""
        default = {"http": "80", "https": "443"}.get(self.scheme)
        netloc = self.host if self.port in ("", default) else f"{self.host}:{self.port}"
        return f"{self.scheme}://{netloc}"


def normalise_host(host: str) -> str:
    """Lower case, without a trailing dot, IDN as punycode. Empty for what can be no host's name."""
    host = host.strip().removesuffix(".")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return ""
    host = host.lower()
    return host if len(host) <= MAX_HOST and _HOST.fullmatch(host) else ""


def target(header: Callable[[str], str | None], peer: str, scheme: str) -> Target:
    """The target of a connection from address `peer`; `header` gives a request header or None.

    `host` is empty when the Host header is missing or cannot be a name. X-Forwarded-Host, -Proto and
    -For count only from `TRUSTED_PROXIES`.
    """
    forwarded = is_trusted(peer)
    raw = (header("x-forwarded-host") if forwarded else None) or header("host") or ""
    protocol = (header("x-forwarded-proto") if forwarded else None) or scheme
    host, port = _split(_as_text(raw))
    secure = protocol.strip().lower() in ("https", "wss")
    client = _client(header("x-forwarded-for") or "", peer) if forwarded else peer
    return Target(normalise_host(host), port, "https" if secure else "http", client)


def is_trusted(peer: str) -> bool:
    """Whether an address belongs to a proxy that may speak for others."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def _split(netloc: str) -> tuple[str, str]:
    """Host and port; an empty host for anything else than `host` or `host:port`."""
    host, colon, port = netloc.partition(":")
    if colon and not (_PORT.fullmatch(port) and 0 < int(port) < 65_536):
        return "", ""
    return host, port


def _as_text(raw: str) -> str:
    """Headers are decoded as Latin-1; a raw international name came as UTF-8."""
    try:
        return raw.encode("latin-1").decode()
    except UnicodeError:
        return raw


def _client(forwarded_for: str, peer: str) -> str:
    """The nearest address that is no proxy of ours."""
    for address in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if not is_trusted(address):
            return address
    return peer
