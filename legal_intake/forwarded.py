"""Who really asks: forwarding headers are believed from trusted proxies alone, and go no further.

From anyone else they are removed, so that nothing behind can believe them by mistake. From a trusted
proxy the nearest address that is not a trusted proxy becomes the client, and the scheme is the one
that it forwarded. `X-Forwarded-Host` is removed always: the proxy passes the Host itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
FORWARDING = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-proto", b"x-real-ip"}
)
SECURE_SCHEMES = {"http": "https", "ws": "wss"}


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Parse networks such as ``10.0.0.0/8``. Raises ValueError for what is none."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def resolve_client(scope: dict[str, Any], trusted: Sequence[Network]) -> dict[str, Any]:
    """The scope with its true client and scheme, and without forwarding headers."""
    given = {name: value.decode("latin-1") for name, value in scope["headers"] if name in FORWARDING}
    if not given:
        return scope
    scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in FORWARDING]}
    client = scope.get("client")
    if client is None or not _within(client[0], trusted):
        return scope
    hops = [hop.strip() for hop in given.get(b"x-forwarded-for", "").split(",") if hop.strip()]
    outside = [hop for hop in hops if not _within(hop, trusted)]
    if outside:
        scope["client"] = [outside[-1], 0]
    if given.get(b"x-forwarded-proto", "") in {"https", "wss"}:
        plain = scope.get("scheme", "ws" if scope["type"] == "websocket" else "http")
        scope["scheme"] = SECURE_SCHEMES.get(plain, plain)
    return scope


def _within(address: str, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)
