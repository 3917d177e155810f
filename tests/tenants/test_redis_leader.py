"""Who is asked who leads, and in which order; with Sentinels that are made up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.sentinel import MasterNotFoundError, Sentinel

from tenants.redis_leader import Asking, AsyncAsking

LEADS = {"ip": "b", "port": 2, "is_master": True, "is_sdown": False, "is_odown": False, "num-other-sentinels": 2}


class Fake:
    """A Sentinel. `state` is what it says of the journal; None: it does not answer."""

    def __init__(self, state: dict[str, Any] | None) -> None:
        self.state, self.asked = state, 0

    def sentinel_masters(self) -> dict[str, Any]:
        self.asked += 1
        if self.state is None:
            raise redis.ConnectionError
        return {"journal": self.state} if self.state else {}


class AsyncFake(Fake):
    async def sentinel_masters(self) -> dict[str, Any]:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().sentinel_masters()


def manager(*sentinels: Fake, kind: type[Any] = Sentinel) -> Any:
    made = kind([])
    made.sentinels = list(sentinels)
    return made


def test_the_one_that_answered_is_asked_first_next_time() -> None:
    dead, well, other = Fake(None), Fake(LEADS), Fake(LEADS)
    asking = Asking(manager(dead, well, other))
    assert asking("journal") == ("b", 2)
    assert asking("journal") == ("b", 2)
    assert [each.asked for each in (dead, well, other)] == [1, 2, 0]
    well.state = None
    assert asking("journal") == ("b", 2)
    assert other.asked == 1


@pytest.mark.parametrize("state", [{}, {**LEADS, "is_sdown": True}, {**LEADS, "is_master": False}])
def test_one_that_knows_no_leader_that_is_well_is_passed_over(state: dict[str, Any]) -> None:
    assert Asking(manager(Fake(state), Fake(LEADS)))("journal") == ("b", 2)
    with pytest.raises(MasterNotFoundError):
        Asking(manager(Fake(state), Fake(None)))("journal")


async def test_none_is_lost_when_many_ask_at_once() -> None:
    """redis-py's own list then has one twice, and one no more."""
    fakes = [AsyncFake(None), AsyncFake(LEADS), AsyncFake(LEADS)]
    sentinels = manager(*fakes, kind=AsyncSentinel)
    theirs = manager(*fakes, kind=AsyncSentinel)
    await asyncio.gather(*(theirs.discover_master("journal") for _ in range(2)))
    assert len(set(theirs.sentinels)) == 2, "redis-py loses none any more: these may go"
    asking: Any = AsyncAsking(sentinels)
    assert set(await asyncio.gather(*(asking("journal") for _ in range(9)))) == {("b", 2)}
    fakes[1].state, fakes[2].state, fakes[0].state = None, None, LEADS
    assert await asking("journal") == ("b", 2), "the one that was away at first is asked again"
