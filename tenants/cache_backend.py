"""Django's cache on the cache role's own client, which knows Sentinels, gives up in time and shares its connections."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.redis import RedisCache as DjangosRedisCache
from django.core.cache.backends.redis import RedisCacheClient

from tenants.redis import cache_redis


class _Client(RedisCacheClient):
    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return cache_redis()


class RedisCache(DjangosRedisCache):
    """`LOCATION` is not read: the cache is where `REDIS_CACHE_URL` says."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__("", params)
        self._class = _Client
