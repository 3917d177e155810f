"""Where a role is, out of a URL; and what the clients are told of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis.asyncio.sentinel
import redis.sentinel
from django.core.exceptions import ImproperlyConfigured

from legal_intake.settings.env import redis_url
from tenants.redis import NotReplicated, cache_redis, close_async_clients, layer_host, make_client
from tenants.redis_address import BadAddress, parse

THREE = "redis+sentinel://:p%40ss@a-0.a:26379,a-1.a,[::1]:7001/journal/2"


def test_three_sentinels() -> None:
    found = parse(THREE)
    assert found.sentinels == (("a-0.a", 26379), ("a-1.a", 26379), ("::1", 7001))
    assert (found.service, found.db, found.username, found.password, found.tls) == ("journal", 2, None, "p@ss", False)
    assert "p@ss" not in found.place
    assert "p%40ss" not in found.place
    assert found.place.startswith("journal by a-0.a:26379")


def test_tls_and_a_user() -> None:
    found = parse("rediss+sentinel://app:x@one:1/cache")
    assert (found.tls, found.username, found.db, found.sentinels) == (True, "app", 0, (("one", 1),))


@pytest.mark.parametrize("url", ["redis://127.0.0.1:6380/1", "rediss://u:p@h/0", "unix:///run/redis.sock"])
def test_a_plain_address_stays_what_it_is(url: str) -> None:
    assert parse(url).sentinels == ()
    assert parse(url).url == url
    assert layer_host(url) == {"address": url}


def test_a_plain_place_has_no_password() -> None:
    assert parse("redis://:secret@h/0").place == "h:6379"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://h", "'http' is none of redis://"),
        ("broker:6379", "is none of redis://"),
        ("redis+sentinel://:pw@h:1,h:2", "followed by no name of a service"),
        ("redis+sentinel://:pw@h:1//0", "followed by no name of a service"),
        ("redis+sentinel://:pw@h:1/s/x", "only the number of a database"),
        ("redis+sentinel://:pw@h:1/s/0?ssl=1", "only the number of a database"),
        ("redis+sentinel://:pw@h:70000/s", "'h:70000' is no HOST"),
        ("redis+sentinel://:pw@h:1,,i/s", "'' is no HOST"),
        ("redis+sentinel://:pw@h:port/s", "'h:port' is no HOST"),
    ],
)
def test_what_means_nothing_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(BadAddress) as refused:
        parse(url)
    assert said in str(refused.value)
    assert "pw" not in str(refused.value)


def test_a_setting_that_means_nothing_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^REDIS_JOURNAL_URL: h:1 is followed by"):
        redis_url("REDIS_JOURNAL_URL", "redis+sentinel://h:1", "pw")


def test_the_password_goes_before_all_hosts() -> None:
    url = redis_url("REDIS_CACHE_URL", "redis+sentinel://a:1,b:2/s/0", "p@ss")
    assert url == "redis+sentinel://:p%40ss@a:1,b:2/s/0"
    assert parse(url).password == "p@ss"


def test_sentinels_and_servers_have_the_password_and_limits_in_time() -> None:
    pool: Any = make_client(THREE).connection_pool
    assert isinstance(pool, redis.sentinel.SentinelConnectionPool)
    assert pool.connection_kwargs["db"] == 2
    assert pool.connection_kwargs["password"] == "p@ss"
    assert pool.connection_kwargs["socket_timeout"] == 10
    for each in pool.sentinel_manager.sentinels:
        options = each.connection_pool.connection_kwargs
        assert options["password"] == "p@ss"
        assert options["socket_timeout"] <= 1


def test_the_channel_layer_asks_the_same_sentinels() -> None:
    from channels_redis.utils import create_pool

    pool = create_pool(layer_host(THREE))
    assert isinstance(pool, redis.asyncio.sentinel.SentinelConnectionPool)
    assert pool.service_name == "journal"
    assert pool.connection_kwargs["password"] == "p@ss"
    assert len(pool.sentinel_manager.sentinels) == 3


def test_nobody_answers_soon() -> None:
    """Bounded: three Sentinels that are not there cost no ten seconds."""
    client = make_client("redis+sentinel://127.0.0.1:1,127.0.0.1:2,127.0.0.1:3/journal/0")
    with pytest.raises(redis.ConnectionError):
        client.ping()


def test_too_few_replicas_is_an_outage_and_no_mistake() -> None:
    client = cache_redis()
    client.config_set("min-replicas-to-write", 1)
    try:
        with pytest.raises(NotReplicated):
            client.set("li:never", 1)
    finally:
        client.config_set("min-replicas-to-write", 0)


def test_the_loops_client_is_made_once() -> None:
    from tenants.redis import _async_client

    async def twice() -> bool:
        same = _async_client(THREE) is _async_client(THREE)
        await close_async_clients()
        return same

    assert asyncio.run(twice())
