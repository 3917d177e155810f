"""The directory: free on a hit, one query on a miss, and never more than a second old anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import directory
from tenants.context import FirmRef, public_scope
from tenants.errors import UnknownFirm
from tenants.models import DirectoryVersion, Domain, Firm
from tests.support.firms import elsewhere


@pytest.fixture
def unwatched(monkeypatch: Any) -> None:
    """No refresh of its own accord while queries are counted or a refresh is driven by hand."""
    directory.stop_watching()
    directory.forget()
    monkeypatch.setattr(directory, "_watch", lambda: None)


@pytest.mark.usefixtures("unwatched")
def test_a_hit_costs_no_query_and_no_redis_call_a_miss_one_query(firm: FirmRef, monkeypatch: Any) -> None:
    with CaptureQueriesContext(connection) as miss:
        entry = directory.resolve_host("harbor.localhost")
    assert len(miss) == 1
    with monkeypatch.context() as no_redis, CaptureQueriesContext(connection) as hit:
        no_redis.setattr(directory, "cache_redis", None)
        no_redis.setattr("redis.client.Redis.execute_command", None)
        assert directory.resolve_host("harbor.localhost") is entry
        assert directory.resolve_firm(firm.id) is entry
    assert len(hit) == 0


@pytest.mark.usefixtures("unwatched")
def test_an_unknown_host_is_remembered_too(firm: FirmRef) -> None:
    for queries in (1, 0):
        with CaptureQueriesContext(connection) as asked, pytest.raises(UnknownFirm):
            directory.resolve_host("nobody.localhost")
        assert len(asked) == queries
    with pytest.raises(UnknownFirm):
        directory.resolve_firm(uuid4())


@pytest.mark.usefixtures("unwatched")
async def test_a_hit_stays_on_the_loop(firm: FirmRef, monkeypatch: Any) -> None:
    entry = await directory.aresolve_host("harbor.localhost")
    monkeypatch.setattr(directory, "run_db", None)
    assert await directory.aresolve_host("harbor.localhost") is entry
    assert await directory.aresolve_firm(firm.id) is entry


@pytest.mark.usefixtures("unwatched")
def test_made_up_hosts_cannot_push_out_the_firms(firm: FirmRef, monkeypatch: Any) -> None:
    entry = directory.resolve_host("harbor.localhost")
    monkeypatch.setattr(directory, "_one", lambda _narrow: directory._nobody)
    for number in range(directory.MAX_UNKNOWN + 10):
        with pytest.raises(UnknownFirm):
            directory.resolve_host(f"n{number}.localhost")
    assert len(directory._unknown.values()) == directory.MAX_UNKNOWN
    assert directory.resolve_host("harbor.localhost") is entry


@pytest.mark.usefixtures("unwatched")
def test_what_was_read_before_a_change_is_not_kept_after_it(firm: FirmRef, monkeypatch: Any) -> None:
    read, reads = directory._one, []

    def slowly(narrow: Any) -> Any:
        found = read(narrow)
        reads.append(found)
        if len(reads) == 1:
            directory.forget()  # a change arrives while the query is under way
        return found

    monkeypatch.setattr(directory, "_one", slowly)
    directory.resolve_host("harbor.localhost")
    assert len(reads) == 2
    assert directory._by_host.fresh("harbor.localhost") is reads[1]


@pytest.mark.usefixtures("unwatched")
def test_a_lookup_that_sees_the_change_first_does_not_hide_it(live_firms: tuple[FirmRef, FirmRef]) -> None:
    ref, _ = live_firms
    entry = directory.resolve_firm(ref.id)

    def suspend() -> None:
        with public_scope():
            Firm.objects.filter(pk=ref.id).update(status="suspended")

    elsewhere(suspend)
    directory._by_id.put(ref.id, entry, -1.0)  # its minute is over
    assert directory.resolve_firm(ref.id).status == "suspended"
    heard: list[FirmRef] = []
    end = directory.on_firm_changed(heard.append)
    directory._refresh()
    directory._refresh()
    end()
    assert heard == [ref], "who came in before must hear, once"


@pytest.mark.usefixtures("unwatched")
def test_a_change_during_a_refresh_is_heard_by_who_came_in_meanwhile(
    live_firms: tuple[FirmRef, FirmRef], monkeypatch: Any
) -> None:
    """Suspended, ready, suspended again: a socket that came in while it was ready must go."""
    ref, _ = live_firms

    def set_status(status: str) -> None:
        with public_scope():
            Firm.objects.filter(pk=ref.id).update(status=status)

    elsewhere(lambda: set_status("suspended"))
    directory.resolve_firm(ref.id)
    elsewhere(lambda: set_status("ready"))
    firms = directory._firms

    def while_someone_comes_in() -> Any:
        monkeypatch.setattr(directory, "_firms", firms)
        assert directory.resolve_firm(ref.id).status == "suspended", "from the cache"
        directory._by_id.put(ref.id, directory._by_id.get(ref.id, None), -1.0)  # type: ignore[arg-type]
        assert directory.resolve_firm(ref.id).status == "ready"
        elsewhere(lambda: set_status("suspended"))
        return firms()

    heard: list[FirmRef] = []
    end = directory.on_firm_changed(heard.append)
    monkeypatch.setattr(directory, "_firms", while_someone_comes_in)
    directory._refresh()
    end()
    assert heard == [ref]


def test_every_kind_of_change_raises_the_version_once_a_transaction(live_firms: tuple[FirmRef, FirmRef]) -> None:
    from tenants import keys
    from tenants.models import SchemaState

    ref, _ = live_firms

    def version() -> int:
        with public_scope():
            return DirectoryVersion.objects.get(pk=1).version

    changes = (
        lambda: Firm.objects.filter(pk=ref.id).update(name="Other"),
        lambda: Domain.objects.filter(tenant_id=ref.id).update(domain=f"other-{uuid4().hex}.localhost"),
        lambda: SchemaState.objects.filter(pk=ref.id).update(error="x"),
        lambda: keys.start_rotation(ref.id),
    )
    for change in changes:
        before = version()
        with public_scope():
            change()
        assert version() == before + 1


@contextmanager
def another_process(host: str, **environment: str) -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.tenants.watch_host", host],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("served")
        yield process.stdout
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def seconds_until(lines: Any, kind: str, began: float) -> float:
    for line in lines:
        said, at = line.split()
        if said == kind and float(at) >= began:
            return float(at) - began
    raise AssertionError("the process ended")


@pytest.mark.parametrize("way", ["announced", "not announced", "redis down"])
def test_a_suspension_reaches_another_process_within_a_second(live_firms: tuple[FirmRef, FirmRef], way: str) -> None:
    ref, _ = live_firms
    host = directory.resolve_firm(ref.id).hosts[0]
    broken = {"REDIS_CACHE_URL": "redis://127.0.0.1:9/0"} if way == "redis down" else {}

    def set_status(status: str) -> None:
        with public_scope():
            Firm.objects.filter(pk=ref.id).update(status=status)
            if way == "announced":
                directory.announce()

    with another_process(host, **broken) as lines:
        for status, answer in (("suspended", "firm_suspended"), ("ready", "served")):
            began = time.time()
            elsewhere(lambda status=status: set_status(status))  # type: ignore[misc]
            assert seconds_until(lines, answer, began) < 1.0
        began = time.time()
        elsewhere(lambda: set_status("suspended"))
        assert seconds_until(lines, "changed", began) < 1.0, "the sockets' signal"


def test_listeners_hear_of_changed_firms_only_and_a_failing_one_stops_nobody(
    live_firms: tuple[FirmRef, FirmRef],
) -> None:
    ours, theirs = live_firms
    for ref in live_firms:
        directory.resolve_firm(ref.id)
    heard: list[FirmRef] = []

    def fail(_ref: FirmRef) -> None:
        raise ZeroDivisionError

    ends = [directory.on_firm_changed(fail), directory.on_firm_changed(heard.append)]

    def suspend() -> None:
        with public_scope():
            Firm.objects.filter(pk=ours.id).update(status="suspended")

    try:
        time.sleep(0.6)  # whatever the set-up itself changed is over
        heard.clear()
        elsewhere(suspend)
        deadline = time.monotonic() + 1
        while not heard and time.monotonic() < deadline:
            time.sleep(0.01)
        assert heard == [ours]
        assert theirs not in heard
    finally:
        for end in ends:
            end()


def test_the_watcher_outlives_a_broken_database(monkeypatch: Any, firm: FirmRef) -> None:
    directory.resolve_host("harbor.localhost")
    watcher = directory._watcher
    assert watcher is not None
    with monkeypatch.context() as broken:
        broken.setattr(DirectoryVersion, "objects", None)
        time.sleep(0.7)
    assert watcher.is_alive()
