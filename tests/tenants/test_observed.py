"""What the scheduler's leader reads for everybody: queues and firms; and what was refused between firms."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tenants import crypto, firm_look, queue_look
from tenants.context import FirmRef, current_firm, current_scope, firm_scope, public_scope
from tenants.errors import CannotDecrypt, FirmNotSet
from tenants.isolation import ISOLATION, KINDS
from tenants.models import Firm, SchemaState
from tenants.observed import Observed
from tenants.redis import broker_redis


def gauges(seconds: float = 60) -> tuple[Observed, CollectorRegistry]:
    registry = CollectorRegistry()
    return Observed({"depth": ("How deep.", ("queue",))}, keep_seconds=seconds, registry=registry), registry


def told(observed: Observed) -> dict[str, dict[tuple[str, ...], float]]:
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in observed.collect()
    }


def test_what_was_put_is_told_until_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    observed, registry = gauges(seconds=30)
    assert told(observed) == {}
    observed.put({"depth": {("a",): 3, ("b",): 0}})
    assert told(observed) == {"depth": {("a",): 3, ("b",): 0}}
    assert b'depth{queue="a"} 3.0' in generate_latest(registry)
    observed.put({"depth": {("b",): 1}})
    assert told(observed) == {"depth": {("b",): 1}}
    now = time.monotonic()
    monkeypatch.setattr("tenants.observed.time.monotonic", lambda: now + 31)
    assert told(observed) == {}


def test_names_are_taken_also_while_there_is_nothing_to_tell() -> None:
    _, registry = gauges()
    assert registry._names_to_collectors.keys() == {"depth"}
    with pytest.raises(ValueError, match="no such gauges: width"):
        gauges()[0].put({"width": {(): 1}})


# -- queues


@pytest.fixture
def queue() -> Any:
    """A queue of its own in the broker, as Dramatiq writes it."""
    name = f"q{uuid4().hex}"
    yield name
    client = broker_redis()
    for key in client.scan_iter(match=f"dramatiq*{name}*"):
        client.delete(key)
    client.zrem("dramatiq:__heartbeats__", name)


def test_a_queue_is_read_from_dramatiqs_own_broker(queue: str, settings: Any) -> None:
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker

    broker = RedisBroker(url=settings.REDIS_BROKER_URL)

    @dramatiq.actor(broker=broker, queue_name=queue)
    def work() -> None:
        """Never run here."""

    for _ in range(5):
        work.send()
    work.send_with_options(delay=60_000)
    consumer = broker.consume(queue, prefetch=2)
    first, second = next(consumer), next(consumer)
    assert first is not None
    assert second is not None
    first.fail()
    consumer.nack(first)
    queue_look.look(broker_redis(), [queue, "empty"])
    found = told(queue_look.QUEUES)
    key, empty = (queue,), ("empty",)
    assert found[queue_look.READY][key] == 3
    assert found[queue_look.IN_FLIGHT][key] == 1
    assert found[queue_look.DELAYED][key] == 1
    assert found[queue_look.DEAD][key] == 1
    assert 0 < found[queue_look.OLDEST][key] < 30
    assert all(found[name][empty] == 0 for name in found)
    consumer.close()
    broker.close()


def test_the_age_is_that_of_the_next_job(queue: str) -> None:
    client = broker_redis()
    client.rpush(f"dramatiq:{queue}", "one", "two")
    client.hset(f"dramatiq:{queue}.msgs", "one", json.dumps({"message_timestamp": (time.time() - 90) * 1000}))
    queue_look.look(client, [queue])
    assert 89 < told(queue_look.QUEUES)[queue_look.OLDEST][(queue,)] < 120
    client.hdel(f"dramatiq:{queue}.msgs", "one")  # a worker has just taken it
    queue_look.look(client, [queue])
    assert told(queue_look.QUEUES)[queue_look.OLDEST][(queue,)] == 0


def test_the_scheduler_looks_at_queues_and_firms() -> None:
    from legal_intake import periodic  # noqa: F401 - it registers
    from tenants.periodic import registered

    tasks = {task.name: task for task in registered()}
    tasks["queue-look"].run()
    assert ("voice",) in told(queue_look.QUEUES)[queue_look.READY]
    tasks["firm-look"].run()
    assert ("ready",) in told(firm_look.STATES)[firm_look.FIRMS]


# -- firms


def test_firms_and_schemas_are_counted_by_state(firm: FirmRef) -> None:
    firm_look.look()
    before = told(firm_look.STATES)
    assert before[firm_look.FIRMS].keys() == {(status,) for status in Firm.Status.values}
    assert before[firm_look.SCHEMAS].keys() == {(state,) for state in SchemaState.State.values}
    with public_scope():
        SchemaState.objects.filter(pk=firm.id).update(state=SchemaState.State.QUARANTINED, served=False)
    firm_look.look()
    after = told(firm_look.STATES)
    quarantined = (SchemaState.State.QUARANTINED.value,)
    assert after[firm_look.SCHEMAS][quarantined] == before[firm_look.SCHEMAS][quarantined] + 1
    assert after[firm_look.NOT_SERVED][()] == before[firm_look.NOT_SERVED][()] + 1


# -- isolation


def refusals() -> dict[str, float]:
    return {kind: ISOLATION.labels(kind)._value.get() for kind in KINDS}


def test_what_would_have_crossed_is_counted_by_its_kind(firm: FirmRef, other_firm: FirmRef) -> None:
    before = refusals()
    place: dict[str, Any] = {"table": "t", "column": "c", "row_id": uuid4()}
    sealed = crypto.seal(b"words", **place)
    with firm_scope(other_firm), pytest.raises(CannotDecrypt):
        crypto.unseal(sealed, **place)
    with pytest.raises(CannotDecrypt):
        crypto.unseal(sealed, **{**place, "row_id": uuid4()})
    with public_scope(), pytest.raises(FirmNotSet):
        current_firm()
    grown = {kind: count - before[kind] for kind, count in refusals().items() if count != before[kind]}
    assert grown == {"foreign_key": 1, "misplaced_ciphertext": 1, "no_firm": 1}


def test_code_outside_every_scope_is_counted() -> None:
    import contextvars

    before = refusals()["no_scope"]

    def outside() -> None:
        with pytest.raises(FirmNotSet):
            current_scope()

    contextvars.Context().run(outside)
    assert refusals()["no_scope"] == before + 1


def test_every_kind_is_told_from_the_beginning() -> None:
    assert {sample.labels["kind"] for metric in ISOLATION.collect() for sample in metric.samples} == set(KINDS)
