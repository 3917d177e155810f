"""Every test runs inside Harbor Law, in a transaction, with Summit Legal present and guarded.

`firm` is that scope and its `FirmRef`; `other_firm` is Summit's. A test that needs threads, async
database work, sockets or workers asks for `live_firms`: a fresh committed pair, and no transaction
around the test. Whatever a test leaves behind in Summit, or committed in Harbor, or in the
context, fails it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis
import pytest

from tests.support.servers import SuiteServers

# The same examples in every run, so that a run says something about the next; HYPOTHESIS_PROFILE=default explores.
hypothesis.settings.register_profile("steady", derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

_servers: SuiteServers | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Servers first: pytest-django reads the settings after every other plugin's configure."""
    global _servers
    only_hands_out = bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")
    if only_hands_out:
        return
    if config.option.collectonly or config.option.help:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "legal_intake.settings")
        return
    _servers = SuiteServers()
    _servers.start()
    import django

    try:
        django.setup()
    except BaseException:
        _servers.stop()
        raise


def pytest_unconfigure() -> None:
    if _servers is not None:
        _servers.stop()


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """pytest-django's own test database is not used."""


@pytest.fixture(scope="session")
def _two_firms(django_db_blocker: Any) -> Iterator[Any]:
    from tenants import provisioning
    from tests.support import firms

    with django_db_blocker.unblock():
        provisioning.migrate_public()
        yield firms.make_firm("Harbor Law", "harbor.localhost"), firms.make_firm("Summit Legal", "summit.localhost")
        from django.db import connections

        from tenants import directory

        directory.stop_watching()
        connections.close_all()


@pytest.fixture(scope="session")
def _baselines(_two_firms: Any) -> dict[Any, Any]:
    """What the pair holds when nothing has happened; canaries stand for Summit's cache and files."""
    from django.core.cache import cache

    from tenants import tokens
    from tenants.context import firm_scope
    from tenants.storage import FirmStorage
    from tests.support.guard import held_by

    harbor, summit = _two_firms
    with firm_scope(summit):
        cache.set("canary", "summit", timeout=None)
        FirmStorage().save("canary", b"summit")
        tokens.issue_ticket({"canary": True}, ttl=86_400)
    return {ref: held_by(ref) for ref in (harbor, summit)}


@pytest.fixture(autouse=True)
def firm(request: pytest.FixtureRequest, _two_firms: Any, _baselines: dict[Any, Any]) -> Iterator[Any]:
    """Harbor's scope, and the guard."""
    from django.db import connection

    from tenants.context import firm_scope, scope_or_none

    harbor, summit = _two_firms
    assert scope_or_none() is None, "a scope leaked into this test"
    in_transaction = "live_firms" not in request.fixturenames
    with firm_scope(harbor):
        with _rolled_back(summit) if in_transaction else _nothing() as touched:
            yield harbor
        leaked = scope_or_none() is not harbor
    connection.close()
    changes = _changes(_baselines, harbor, summit)
    _forget(harbor, summit)
    assert not leaked, "the test left another scope behind"
    assert not touched, f"the test wrote to the other firm: {touched}"
    assert not changes["Summit Legal"], f"the other firm changed: {changes['Summit Legal']}"
    committed = [change for change in changes["Harbor Law"] if change.startswith("rows")]
    assert not committed, f"rows were committed in Harbor (ask for live_firms): {committed}"


@pytest.fixture
def other_firm(_two_firms: Any) -> Any:
    """Summit's FirmRef."""
    return _two_firms[1]


@pytest.fixture
def live_firms(_two_firms: Any) -> Iterator[Any]:
    """Two fresh committed firms, hosts `<schema>.localhost` (dashes for underscores)."""
    from tenants.ids import new_id
    from tests.support import firms

    made = []
    try:
        for name in ("Live One", "Live Two"):
            made.append(  # noqa: PERF401 - what was made before a failure is removed
                firms.make_firm(name, f"live-{new_id().hex[-10:]}.localhost")
            )
        yield tuple(made)
    finally:
        for ref in made:
            firms.remove_firm(ref)


@pytest.fixture
def client() -> Any:
    """Django's test client on Harbor's host, over https as far as cookies are concerned."""
    from django.test import Client

    return Client(headers={"host": "harbor.localhost"})


@pytest.fixture
def public() -> Iterator[None]:
    """Public scope for the whole test."""
    from tenants.context import public_scope

    with public_scope():
        yield


@contextmanager
def _nothing() -> Iterator[list[str]]:
    yield []


@contextmanager
def _rolled_back(summit: Any) -> Iterator[list[str]]:
    from django.db import connection, transaction

    from tests.support.guard import writes_in_transaction, writes_since

    touched: list[str] = []
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]  # code under test may ask for durable transactions
    with atomic:
        before = writes_in_transaction(summit)
        try:
            yield touched
        finally:
            if not connection.needs_rollback and connection.connection is not None:
                touched.extend(writes_since(before, summit))
            transaction.set_rollback(True)


def _forget(harbor: Any, summit: Any) -> None:
    """Each test starts with an empty Redis (but for Summit's canaries), no files and no caches."""
    from tenants import directory, keys, storage
    from tenants.redis import broker_redis, cache_redis, journal_redis

    kept = summit.schema.encode()
    for client in (broker_redis(), journal_redis(), cache_redis()):
        others = [key for key in client.keys("*") if kept not in key]
        if others:
            client.delete(*others)
    storage.delete_all(harbor)
    directory.forget()
    keys.forget()


def _changes(baselines: dict[Any, Any], harbor: Any, summit: Any) -> dict[str, list[str]]:
    from django.db import connection

    from tests.support.guard import held_by

    changes = {}
    for name, ref in (("Harbor Law", harbor), ("Summit Legal", summit)):
        now, before = held_by(ref), baselines[ref]
        changes[name] = sorted(k for k in now.keys() | before.keys() if now.get(k) != before.get(k))
        baselines[ref] = now  # one failure is one failure
    connection.close()
    return changes
