"""Redis clients, one per role and process (async: per event loop).

Roles: `broker` (jobs), `journal` (audio not yet committed, synced to disk before it is
acknowledged) and `cache` (cache, channel layer, tickets; may forget). Keys come from
`tenants.cache.redis_key`.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 2,
    # Longer than any blocking read that we issue (XREAD and BLPOP wait 5 s at most).
    "socket_timeout": 10,
    "health_check_interval": 30,
}
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


@functools.cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, retry=Retry(_BACKOFF, _RETRIES), **_OPTIONS)


def _async_client(url: str) -> redis.asyncio.Redis:
    clients = _per_loop.setdefault(asyncio.get_running_loop(), {})
    if url not in clients:
        retry = AsyncRetry(_BACKOFF, _RETRIES)
        clients[url] = redis.asyncio.Redis.from_url(url, retry=retry, **_OPTIONS)
    return clients[url]


async def close_async_clients() -> None:
    """Close the running loop's clients: at a server's shutdown and at a test's end."""
    for client in _per_loop.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()
