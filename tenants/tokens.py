"""Signed tokens and single-use tickets. Both belong to the scope they were made in."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from typing import Any, Final

from django.core import signing

from tenants.cache import redis_key
from tenants.context import current_scope, schema_of
from tenants.errors import ExpiredToken, InvalidToken
from tenants.redis import async_cache_redis, cache_redis

TICKET_BYTES: Final = 32


def sign(payload: Any, purpose: str, ttl: int) -> str:
    """A URL-safe token for what JSON can hold, readable by anyone, valid `ttl` seconds in this firm."""
    return signing.dumps({"p": payload, "e": int(time.time()) + ttl}, salt=_salt(purpose))


def unsign(token: str, purpose: str) -> Any:
    """The payload of a token made by `sign` in this firm for this purpose.

    Raises:
        InvalidToken: another firm's, another purpose's, or altered.
        ExpiredToken: too old.
    """
    try:
        signed = signing.loads(token, salt=_salt(purpose))
    except signing.BadSignature:
        raise InvalidToken("this token is not valid here") from None
    if signed["e"] <= time.time():
        raise ExpiredToken("this token has expired")
    return signed["p"]


def hash_secret(secret: bytes) -> bytes:
    """How a random secret of 128 bits or more is stored. Not for passwords."""
    return hashlib.sha256(secret).digest()


def issue_ticket(data: dict[str, Any], ttl: int = 30) -> str:
    """A random ticket that this firm can redeem once within `ttl` seconds. No client's words in `data`."""
    ticket = secrets.token_urlsafe(TICKET_BYTES)
    cache_redis().set(_ticket_key(ticket), json.dumps(data), ex=ttl)
    return ticket


def redeem_ticket(ticket: str) -> dict[str, Any] | None:
    """The ticket's data, the first time; None when spent, expired, unknown or another firm's."""
    return _loaded(cache_redis().getdel(_ticket_key(ticket)))


async def aredeem_ticket(ticket: str) -> dict[str, Any] | None:
    """`redeem_ticket` for an event loop."""
    return _loaded(await async_cache_redis().getdel(_ticket_key(ticket)))


def _salt(purpose: str) -> str:
    return f"legal-intake:{schema_of(current_scope())}:{purpose}"


def _ticket_key(ticket: str) -> str:
    return redis_key("ticket", hash_secret(ticket.encode()).hex())


def _loaded(stored: Any) -> dict[str, Any] | None:
    if stored is None:
        return None
    data: dict[str, Any] = json.loads(stored)
    return data
