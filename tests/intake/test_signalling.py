"""A wake-up reaches a group that the channel layer itself subscribed; a broken Redis loses nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis
from channels.layers import get_channel_layer

from intake import signalling
from intake.models import Turn
from tenants.aio import run_db
from tenants.context import firm_scope
from tenants.groups import group_name
from tests.intake.talk import begin, say, start


async def test_a_committed_turn_wakes_its_group(live_firms: Any) -> None:
    with firm_scope(live_firms[0]):
        layer = get_channel_layer()
        intake = await run_db(start)
        channel = await layer.new_channel()
        await layer.group_add(group_name("intake", intake.id), channel)
        await asyncio.sleep(0.3)  # SUBSCRIBE is not waited for by the layer
        await run_db(say, intake, "Maria Silva")
        message = await asyncio.wait_for(layer.receive(channel), 5)
        assert message == {"type": "turn.wake", "number": 3}
        await layer.flush()


def test_nothing_is_sent_when_the_transaction_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(signalling, "_send", lambda *given: sent.append(given))
    begin("Maria Silva", "Globex")
    assert not sent, "the test's transaction has not committed"


def test_a_broken_redis_costs_the_wake_up_and_not_the_turn(
    live_firms: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def publish(self, *_given: Any) -> None:
            raise redis.ConnectionError

    monkeypatch.setattr(signalling, "cache_redis", Broken)
    with firm_scope(live_firms[0]):
        intake = start()
        say(intake, "Maria Silva")
        assert Turn.objects.filter(intake=intake).count() == 3
    assert "wake-up not sent" in caplog.text
