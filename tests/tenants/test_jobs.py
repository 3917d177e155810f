"""Jobs: stamped, run inside their firm, dead-lettered or put back; never run in no firm."""

from __future__ import annotations

import functools
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import dramatiq
import pytest
import structlog
from django.db import connection, connections
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Middleware, SkipMessage

from tenants import directory, jobs
from tenants.context import FirmRef, firm_scope, public_scope, scope_or_none
from tenants.models import Firm, SchemaState


class Bench:
    """A stub broker with our middleware, a worker, and actors that note where they ran."""

    def __init__(self) -> None:
        self.broker = StubBroker(middleware=jobs._middleware())
        self.broker.emit_after("process_boot")
        self.ran: list[Any] = []
        actor = functools.partial(dramatiq.actor, broker=self.broker)

        @actor
        def firm_job(fail: bool = False) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_schema()")
                self.ran.append(cursor.fetchone()[0])
            if fail:
                raise ZeroDivisionError

        @actor(scope="public")
        def public_job() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_schema()")
                self.ran.append(cursor.fetchone()[0])

        @actor
        def chained() -> None:
            firm_job.send()

        self.firm_job, self.public_job, self.chained = firm_job, public_job, chained
        self.worker = Worker(self.broker, worker_timeout=20, worker_threads=2)
        self.worker.start()

    def join(self) -> None:
        self.broker.join("default", fail_fast=False, timeout=10_000)
        self.worker.join()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.worker.stop()
    made.broker.close()


def test_a_job_runs_in_the_firm_it_was_sent_from(bench: Bench, firm: FirmRef, other_firm: FirmRef) -> None:
    for ref in (firm, other_firm) * 5:
        with firm_scope(ref):
            bench.firm_job.send()
    bench.public_job.send()
    bench.join()
    assert sorted(bench.ran) == sorted([firm.schema, other_firm.schema] * 5 + ["public"])
    assert scope_or_none() is firm


def test_a_job_sent_by_a_job_and_a_retry_keep_the_firm(bench: Bench, other_firm: FirmRef) -> None:
    with firm_scope(other_firm):
        bench.chained.send()
        bench.firm_job.send_with_options(args=(True,), max_retries=1, min_backoff=1, max_backoff=2)
    bench.join()
    assert bench.ran == [other_firm.schema] * 3
    assert len(bench.broker.dead_letters) == 1


def test_a_firms_job_cannot_be_sent_outside_firms(bench: Bench) -> None:
    with public_scope(), pytest.raises(jobs.JobWithoutFirm):
        bench.firm_job.send()


def test_a_scope_that_means_nothing_is_refused() -> None:
    broker = StubBroker(middleware=jobs._middleware())
    with pytest.raises(jobs.JobWithoutFirm):
        dramatiq.actor(broker=broker, scope="everyone")(lambda: None)


@pytest.mark.parametrize("stamp", ["5d1f3f0e-7b1c-4f6e-9a34-0c9d3b1c2a77", "not an id", None, 7])
def test_a_never_known_firms_job_is_dead_lettered(bench: Bench, stamp: Any) -> None:
    before = jobs.dead_lettered._value.get()
    bench.broker.enqueue(bench.firm_job.message_with_options(firm=stamp))
    bench.join()
    assert bench.ran == []
    assert len(bench.broker.dead_letters) == 1
    assert jobs.dead_lettered._value.get() == before + 1


def test_a_deleted_firms_job_is_dead_lettered(bench: Bench, live_firms: tuple[FirmRef, FirmRef]) -> None:
    ref, _ = live_firms
    with firm_scope(ref):
        message = bench.firm_job.message_with_options(firm=str(ref.id))
    with public_scope():
        Firm.objects.filter(pk=ref.id).delete()
    directory.forget()
    bench.broker.enqueue(message)
    bench.join()
    assert (bench.ran, len(bench.broker.dead_letters)) == ([], 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "suspended"}, "firm_suspended"),
        ({"status": "provisioning"}, "firm_not_ready"),
        ({"status": "deleting"}, "firm_not_ready"),
        ({"applied": []}, "firm_behind"),
    ],
)
def test_a_waiting_firms_job_is_put_back_without_a_retry_and_runs_later(
    bench: Bench, live_firms: tuple[FirmRef, FirmRef], monkeypatch: Any, change: dict[str, Any], reason: str
) -> None:
    ref, _ = live_firms
    monkeypatch.setattr(jobs, "FIRST_WAIT_MS", 50)
    monkeypatch.setattr(jobs, "LONGEST_WAIT_MS", 50)
    with public_scope():
        applied = SchemaState.objects.get(pk=ref.id).applied

    def put(values: dict[str, Any]) -> None:
        with public_scope():
            table = SchemaState if "applied" in values else Firm
            table.objects.filter(pk=ref.id).update(**values)
        directory.forget()

    before = jobs.put_back.labels(reason)._value.get()
    put(change)
    with firm_scope(ref):
        bench.firm_job.send()
    deadline = time.monotonic() + 5
    while jobs.put_back.labels(reason)._value.get() < before + jobs.MAX_RETRIES + 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert bench.ran == []
    put({"status": "ready"} if "status" in change else {"applied": applied})
    bench.join()
    assert bench.ran == [ref.schema]
    assert not bench.broker.dead_letters
    assert jobs.put_back.labels(reason)._value.get() >= before + jobs.MAX_RETRIES + 2, "more often than retries allow"


def test_waits_grow(bench: Bench, firm: FirmRef, monkeypatch: Any) -> None:
    delays = []
    monkeypatch.setattr(bench.broker, "enqueue", lambda message, delay: delays.append(delay))
    for waits in (0, 1, 5, 50):
        message = dramatiq.broker.MessageProxy(bench.firm_job.message_with_options(firm_waits=waits))
        with pytest.raises(SkipMessage):
            jobs._put_back(bench.broker, message, "test")
    assert delays == [5_000, 10_000, 160_000, 300_000]


def test_a_failing_lookup_puts_back_and_never_runs_the_actor(bench: Bench, firm: FirmRef, monkeypatch: Any) -> None:
    def fail(_id: Any) -> None:
        raise RuntimeError("dramatiq would swallow this and run the actor")

    monkeypatch.setattr(jobs, "FIRST_WAIT_MS", 20)
    before = jobs.put_back.labels("lookup_RuntimeError")._value.get()
    with monkeypatch.context() as broken:
        broken.setattr(directory, "resolve_firm", fail)
        bench.firm_job.send()
        while jobs.put_back.labels("lookup_RuntimeError")._value.get() == before:
            time.sleep(0.005)
        assert bench.ran == []
    bench.join()
    assert bench.ran == [firm.schema]


def test_the_scope_is_left_after_a_failure_and_after_a_skip(bench: Bench, firm: FirmRef, other_firm: FirmRef) -> None:
    class Looks(Middleware):
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def before_process_message(self, broker: Any, message: Any) -> None:
            if message.options.get("skip"):
                raise SkipMessage

    outside: list[Any] = []

    class Before(Middleware):
        """In front of the firm's middleware: sees what is left behind after it has left."""

        def after_process_message(
            self, broker: Any, message: Any, *, result: Any = None, exception: Any = None
        ) -> None:
            outside.append((scope_or_none(), connections["default"].connection))

        def after_skip_message(self, broker: Any, message: Any) -> None:
            outside.append((scope_or_none(), connections["default"].connection))

    bench.broker.middleware.insert(0, Before())
    bench.broker.add_middleware(Looks())
    with firm_scope(other_firm):
        bench.firm_job.send_with_options(args=(True,), max_retries=0)
        bench.firm_job.send_with_options(skip=True)
        bench.firm_job.send()
    bench.join()
    assert outside == [(None, None)] * 3


def test_ours_is_first_in_the_list() -> None:
    assert isinstance(jobs.broker.middleware[0], jobs.FirmMiddleware)
    assert isinstance(jobs._middleware()[0], jobs.FirmMiddleware)


def test_the_same_over_redis(firm: FirmRef, other_firm: FirmRef) -> None:
    broker = jobs.make_broker()
    ran: list[str] = []

    @dramatiq.actor(broker=broker, queue_name="test_jobs")
    def firm_job() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            ran.append(cursor.fetchone()[0])

    worker = Worker(broker, queues={"test_jobs"}, worker_timeout=20, worker_threads=2)
    worker.start()
    try:
        with firm_scope(other_firm):
            firm_job.send()
        firm_job.send()
        broker.join("test_jobs", timeout=10_000)
        worker.join()
    finally:
        worker.stop()
        broker.close()
    assert sorted(ran) == sorted([firm.schema, other_firm.schema])


class Traced:
    """What a job found bound, and the lines that were logged, through the shipped formatter."""

    def __init__(self, bench: Bench) -> None:
        from legal_intake import logs

        self.seen: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []

        @dramatiq.actor(broker=bench.broker)
        def traced(words: str, fail: bool = False, deeper: bool = False) -> None:
            self.seen.append(structlog.contextvars.get_contextvars())
            if deeper:
                traced.send(words)
            if fail:
                raise ValueError(words)

        self.job, formatter = traced, logs.formatter()
        logging.captureWarnings(False)
        self.handler = logging.Handler()
        self.handler.emit = lambda record: self.lines.append(  # type: ignore[method-assign]
            json.loads(formatter.format(record))
        )


@pytest.fixture
def traced(bench: Bench) -> Iterator[Traced]:
    made = Traced(bench)
    root = logging.getLogger()
    root.addHandler(made.handler)
    yield made
    root.removeHandler(made.handler)
    structlog.contextvars.clear_contextvars()


def test_a_job_names_the_request_that_sent_it_also_when_a_job_sends_it(bench: Bench, traced: Traced) -> None:
    structlog.contextvars.bind_contextvars(request_id="a1b2c3d4e5f60718")
    traced.job.send("hush", deeper=True)
    structlog.contextvars.clear_contextvars()
    traced.job.send("hush")
    bench.join()
    assert [seen.get("request_id") for seen in traced.seen].count("a1b2c3d4e5f60718") == 2
    assert len({seen["job_id"] for seen in traced.seen}) == 3
    lines = [line for line in traced.lines if line["event"] == "job"]
    assert [line.get("request_id") for line in lines].count("a1b2c3d4e5f60718") == 2
    assert {line["outcome"] for line in lines} == {"done"}
    assert all(line["actor"] == "traced" and line["firm"] for line in lines)


def test_a_retry_keeps_its_request_and_nothing_stays_bound(bench: Bench, traced: Traced) -> None:
    structlog.contextvars.bind_contextvars(request_id="a1b2c3d4e5f60718")
    traced.job.send_with_options(args=("hush", True), max_retries=1, min_backoff=1, max_backoff=2)
    structlog.contextvars.clear_contextvars()
    bench.join()
    traced.job.send("hush")
    bench.join()
    found = [seen.get("request_id") for seen in traced.seen]
    assert found == ["a1b2c3d4e5f60718", "a1b2c3d4e5f60718", None]


def test_a_failing_jobs_lines_have_no_word_of_a_client(bench: Bench, traced: Traced) -> None:
    traced.job.send_with_options(args=("my landlord Bartholomew threw me out", True), max_retries=0)
    bench.join()
    said = json.dumps(traced.lines)
    assert "Bartholomew" not in said
    assert '"outcome": "failed"' in said
    assert '"error": "ValueError"' in said
