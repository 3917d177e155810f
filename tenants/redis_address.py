"""Where a Redis role is: one server, or three with Sentinels that know who leads.

    redis://[USER:PASSWORD@]HOST[:PORT][/DB]
    redis+sentinel://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT],…/SERVICE[/DB]

With `rediss` instead of `redis`, over TLS. The Sentinels have the servers' password, and no user.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

SENTINEL_PORT: Final = 26379
_SENTINEL_SCHEMES: Final = ("redis+sentinel", "rediss+sentinel")
_SCHEMES: Final = ("redis", "rediss", "unix", *_SENTINEL_SCHEMES)
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\[\]:,@/]+)(?::([0-9]{1,5}))?")


class BadAddress(ValueError):
    """The address of a role means nothing. Says why, without its password."""


@dataclass(frozen=True, slots=True)
class Address:
    """One role's.

    Args:
        url: as it was written; what a plain client opens.
        sentinels: whom to ask who leads; empty for a plain address.
        service: the name that the Sentinels know the role by.
        db: the database, behind Sentinels.
        username, password: of the servers, behind Sentinels; None for none.
        tls: over TLS, behind Sentinels.
    """

    url: str
    sentinels: tuple[tuple[str, int], ...] = ()
    service: str = ""
    db: int = 0
    username: str | None = None
    password: str | None = None
    tls: bool = False

    @property
    def place(self) -> str:
        """What may be shown and logged: hosts and ports."""
        if self.sentinels:
            return f"{self.service} by {', '.join(f'{host}:{port}' for host, port in self.sentinels)}"
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path


def parse(url: str) -> Address:
    """What a URL means. Raises BadAddress."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise BadAddress(f"'{parts.scheme}' is none of {', '.join(f'{scheme}://' for scheme in _SCHEMES)}.")
    if parts.scheme not in _SENTINEL_SCHEMES:
        return Address(url)
    where = parts.netloc.rpartition("@")[2]
    service, _, db = parts.path.removeprefix("/").partition("/")
    if not re.fullmatch(r"[\w.-]+", service):
        raise BadAddress(f"{where} is followed by no name of a service: write redis+sentinel://HOSTS/SERVICE/DB.")
    if not re.fullmatch(r"[0-9]*", db) or parts.query:
        raise BadAddress(f"after /{service} only the number of a database may follow.")
    return Address(
        url,
        sentinels=tuple(_host(each) for each in where.split(",")),
        service=service,
        db=int(db or 0),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme.startswith("rediss"),
    )


def _host(text: str) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    port = int(found[2] or SENTINEL_PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise BadAddress(f"'{text}' is no HOST or HOST:PORT.")
    return found[1].strip("[]"), port
