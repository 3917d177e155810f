"""Redis clients, one per role and process (async: per event loop).

Roles: `broker` (jobs), `journal` (audio not yet committed, synced to disk before it is
acknowledged) and `cache` (cache, channel layer, tickets; may forget). Keys come from
`tenants.cache.redis_key`. An address (tenants.redis_address) names one server, or Sentinels: then each new
connection asks them who leads, and one that meets a server that leads no more is opened anew.
"""

from __future__ import annotations

import asyncio
import functools
import socket
from typing import Any, Final
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel
from django.conf import settings
from redis._parsers.base import BaseParser
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry

from tenants.redis_address import Address, parse
from tenants.redis_leader import (
    AsyncLeaderConnection,
    AsyncLeaderTLSConnection,
    LeaderConnection,
    LeaderTLSConnection,
)


class NotReplicated(redis.ConnectionError):
    """Too few replicas have what was written, or there are too few: nobody may be told that it is kept."""


# `min-replicas-to-write`. As an error of the connection it is tried again on a new one, which asks who leads, and is
# answered to clients as what it is: away for now.
BaseParser.EXCEPTION_CLASSES["NOREPLICAS"] = NotReplicated

# Nothing that we sent is answered, or even acknowledged, for so long: the machine is gone. Subscribers send too little
# to learn of it otherwise.
_DEAD_MILLISECONDS: Final = 10_000
_KEEPALIVE: Final = {
    getattr(socket, name): value
    for name, value in (
        ("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", _DEAD_MILLISECONDS),
    )
    if hasattr(socket, name)
}  # fmt: skip
_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 2,
    # Longer than any blocking read that we issue (XREAD and BLPOP wait 5 s at most).
    "socket_timeout": 10,
    "health_check_interval": 30,
}
_TCP: dict[str, Any] = {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
# A Sentinel answers at once or is passed over for the next.
_SENTINEL_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 0.5, "socket_timeout": 1}
# Over a dropped connection, not over an outage: redis-py's own default sleeps for seconds while a
# request or an announcement waits.
_BACKOFF = ExponentialBackoff(cap=0.2, base=0.02)
_RETRIES = 2

AsyncClients = dict[str, "redis.asyncio.Redis"]
_per_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncClients] = WeakKeyDictionary()


def broker_redis() -> redis.Redis:
    """The broker role: what Dramatiq uses."""
    return _client(settings.REDIS_BROKER_URL)


def journal_redis() -> redis.Redis:
    """The journal role."""
    return _client(settings.REDIS_JOURNAL_URL)


def cache_redis() -> redis.Redis:
    """The cache role."""
    return _client(settings.REDIS_CACHE_URL)


def async_journal_redis() -> redis.asyncio.Redis:
    """The journal role, for the running event loop."""
    return _async_client(settings.REDIS_JOURNAL_URL)


def async_cache_redis() -> redis.asyncio.Redis:
    """The cache role, for the running event loop."""
    return _async_client(settings.REDIS_CACHE_URL)


def layer_host(url: str) -> dict[str, Any]:
    """A role as channels_redis takes it among its `hosts`."""
    address, retry = parse(url), AsyncRetry(_BACKOFF, _RETRIES)
    if not address.sentinels:
        return {"address": url}
    return {
        "master_name": address.service,
        "sentinels": list(address.sentinels),
        "sentinel_kwargs": _of_sentinels(address, AsyncRetry(NoBackoff(), 0)),
        **_of_servers(address, retry),
        "connection_class": AsyncLeaderTLSConnection if address.tls else AsyncLeaderConnection,
        # Its subscription is one connection for all sockets of a process: it must not be deaf for long.
        "health_check_interval": 5,
    }


def make_client(url: str) -> redis.Redis:
    """A client of its own pool. Raises BadAddress."""
    address, retry = parse(url), Retry(_BACKOFF, _RETRIES)
    if not address.sentinels:
        return redis.Redis.from_url(url, retry=retry, **_plain(url))
    sentinel_options = _of_sentinels(address, Retry(NoBackoff(), 0))
    sentinel = redis.sentinel.Sentinel(address.sentinels, sentinel_kwargs=sentinel_options)  # type: ignore[no-untyped-call]
    kind = LeaderTLSConnection if address.tls else LeaderConnection
    options = {**_of_servers(address, retry), "connection_class": kind}
    made: redis.Redis = sentinel.master_for(address.service, **options)  # type: ignore[no-untyped-call]
    return made


@functools.cache
def _client(url: str) -> redis.Redis:
    return make_client(url)


def _async_client(url: str) -> redis.asyncio.Redis:
    clients = _per_loop.setdefault(asyncio.get_running_loop(), {})
    if url not in clients:
        clients[url] = _make_async_client(url)
    return clients[url]


def _make_async_client(url: str) -> redis.asyncio.Redis:
    address, retry = parse(url), AsyncRetry(_BACKOFF, _RETRIES)
    if not address.sentinels:
        return redis.asyncio.Redis.from_url(url, retry=retry, **_plain(url))
    sentinel_options = _of_sentinels(address, AsyncRetry(NoBackoff(), 0))
    sentinel = redis.asyncio.sentinel.Sentinel(address.sentinels, sentinel_kwargs=sentinel_options)  # type: ignore[no-untyped-call]
    kind = AsyncLeaderTLSConnection if address.tls else AsyncLeaderConnection
    made: redis.asyncio.Redis = sentinel.master_for(
        address.service, **_of_servers(address, retry), connection_class=kind
    )
    return made


def _plain(url: str) -> dict[str, Any]:
    return _OPTIONS if url.startswith("unix:") else {**_OPTIONS, **_TCP}


def _of_servers(address: Address, retry: Any) -> dict[str, Any]:
    secret = {"username": address.username, "password": address.password}
    return {**_OPTIONS, **_TCP, **secret, "db": address.db, "ssl": address.tls, "retry": retry}


def _of_sentinels(address: Address, retry: Any) -> dict[str, Any]:
    return {**_SENTINEL_OPTIONS, "password": address.password, "ssl": address.tls, "retry": retry}


async def close_async_clients() -> None:
    """Close the running loop's clients: at a server's shutdown and at a test's end."""
    for client in _per_loop.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()
        asked = getattr(client.connection_pool, "sentinel_manager", None)
        if asked is not None:
            await asked.aclose()
