"""Expand first, contract later: code goes back one release without a schema being touched."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from tenants import contract, contracting, fingerprints, quick_look, releases, waves, window
from tenants.context import firm_scope, public_scope
from tenants.ids import new_id
from tenants.models import Firm, SchemaState
from tenants.plain_connection import connect
from tenants.releases import OlderCodeRuns, ReleaseTooOld
from tests.tenants.archives import refused
from tests.tenants.many import execute, make_firms, release
from tests.tenants.test_commands import run

STEP = "sessions.0003_contract"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Floors and processes are written by connections of their own: they outlive a test's transaction."""

    def clear() -> None:
        with connect() as connection:
            connection.execute("DELETE FROM public.tenants_releasefloor")
            connection.execute("DELETE FROM public.tenants_runningprocess")

    clear()
    yield
    clear()


@contextmanager
def code(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This code as it was in release 10, is in 11 (which expands and defers a step), and will be in 12."""
    data: dict[str, Any] = {"release": number, "deferred": [STEP] if number == 11 else []}
    with monkeypatch.context() as patch:
        patch.setattr(contract, "_contract", lambda: data)
        name = {11: "contracting", 12: "after_contract"}.get(number)
        if name is None:
            yield
        else:
            with release(name):
                yield


def columns(firm: Firm) -> set[str]:
    rows = execute(
        firm.schema_name,
        "SELECT attname FROM pg_attribute WHERE attrelid = '{s}.django_session'::regclass AND attnum > 0 "
        "AND NOT attisdropped",
    )
    return {name for (name,) in rows}


def works_as_release_10_does(firm: Firm) -> None:
    """What code of release 10 does with the table: its own model writes and reads."""
    from django.contrib.sessions.models import Session

    with firm_scope(firm.ref):
        Session.objects.create(session_key=new_id().hex, session_data="x", expire_date=timezone.now())
        assert Session.objects.filter(session_data="x").exists()


def state_of(firm: Firm) -> SchemaState:
    with public_scope():
        return SchemaState.objects.get(firm=firm)


def test_migrate_only_expands_and_code_goes_back_one_release(monkeypatch: pytest.MonkeyPatch) -> None:
    (firm, *_rest) = make_firms(3)
    with code(11, monkeypatch):
        assert "3 migrated" in run("firms", "migrate")
        assert {"label", "session_data"} <= columns(firm)
        assert state_of(firm).state == "ok"
        assert run("firms", "migrate").startswith("Nothing to do")
        assert run("firms", "migrate", "--check").startswith("Nothing to do")
    with code(10, monkeypatch):  # rolled back: code alone
        releases.seen(new_id(), "api")
        assert run("firms", "migrate").startswith("Nothing to do")
        works_as_release_10_does(firm)
        assert state_of(firm).state == "ahead"
        assert window.serves(state_of(firm).applied)
    with code(11, monkeypatch):  # and forward again
        assert run("firms", "migrate").startswith("Nothing to do")
        assert state_of(firm).state == "ok"


def test_contract_refuses_while_older_code_runs_then_takes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    (firm, *_rest) = make_firms(2)
    old = new_id()
    with code(10, monkeypatch):
        releases.seen(old, "api")
    with code(11, monkeypatch):
        run("firms", "migrate")
        assert "2 firms wait" in refused("firms", "contract", "--check")
        message = refused("firms", "contract")
        assert "[older_code_runs]" in message
        assert "api on" in message
        assert "session_data" in columns(firm)
    with code(10, monkeypatch):
        works_as_release_10_does(firm)
        releases.left(old)
    with code(11, monkeypatch):
        assert "2 firms contracted" in run("firms", "contract")
        assert "session_data" not in columns(firm)
        assert state_of(firm).state == "ok"
        assert run("firms", "contract").startswith("Nothing to do")
        assert run("firms", "contract", "--check").startswith("Nothing to do")
        assert run("firms", "migrate").startswith("Nothing to do")
    with code(10, monkeypatch), pytest.raises(ReleaseTooOld, match="release 11"):
        releases.seen(new_id(), "api")


def test_a_process_that_died_counts_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    make_firms(1)
    with code(10, monkeypatch):
        releases.seen(new_id(), "worker")
    with code(11, monkeypatch):
        with pytest.raises(OlderCodeRuns):
            releases.raise_floor(11)
        with connect() as connection:
            connection.execute("UPDATE public.tenants_runningprocess SET seen_at = now() - interval '61 seconds'")
        releases.raise_floor(11)


def test_the_next_release_runs_the_steps_at_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    (firm, *_rest) = make_firms(2)
    with code(10, monkeypatch):
        releases.seen(new_id(), "api")
    with code(11, monkeypatch):
        run("firms", "migrate")
    with code(12, monkeypatch):
        assert "[older_code_runs]" in refused("firms", "migrate")
        assert "session_data" in columns(firm)
        with connect() as connection:
            connection.execute("DELETE FROM public.tenants_runningprocess")
    with code(11, monkeypatch):
        releases.seen(new_id(), "api")  # the release that is being replaced may run
    with code(12, monkeypatch):
        assert "2 migrated" in run("firms", "migrate")
        assert "colour" in columns(firm)
        assert "session_data" not in columns(firm)
    with code(11, monkeypatch):  # back one release: its code never read what went
        releases.seen(new_id(), "api")
        assert run("firms", "migrate").startswith("Nothing to do")
        assert state_of(firm).state == "ahead"
    with code(10, monkeypatch), pytest.raises(ReleaseTooOld):
        releases.seen(new_id(), "api")


def test_a_firm_that_cannot_be_contracted_is_named_and_served(monkeypatch: pytest.MonkeyPatch) -> None:
    firms = make_firms(3)
    with code(11, monkeypatch):
        run("firms", "migrate")
        execute(firms[1].schema_name, "CREATE VIEW {s}.reads_it AS SELECT session_data FROM {s}.django_session")
        monkeypatch.setattr(waves, "ATTEMPTS", 1)
        _cascade_off(monkeypatch)
        message = refused("firms", "contract")
        assert message.startswith("1 firms were not contracted")
        assert state_of(firms[1]).served
        assert "session_data" in columns(firms[1])
        assert "session_data" not in columns(firms[2])
        execute(firms[1].schema_name, "DROP VIEW {s}.reads_it")
        assert "1 firms contracted, 2 were already" in run("firms", "contract")


def _cascade_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django drops columns with CASCADE, which would take the view along."""
    from django.db.backends.postgresql.schema import DatabaseSchemaEditor

    sql = DatabaseSchemaEditor.sql_delete_column.replace(" CASCADE", "")
    monkeypatch.setattr(DatabaseSchemaEditor, "sql_delete_column", sql)


def test_contract_comes_after_migrate(monkeypatch: pytest.MonkeyPatch) -> None:
    make_firms(1)
    with code(11, monkeypatch):
        assert "[wrong_state]" in refused("firms", "contract")


def test_running_lists_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    with code(10, monkeypatch):
        releases.seen(new_id(), "scheduler")
    (row,) = json.loads(run("firms", "running", "--json"))
    assert (row["role"], row["release"]) == ("scheduler", 10)
    assert "scheduler" in run("firms", "running")


def test_a_beat_ends_its_process_when_its_release_may_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: told.append((pid, number)))
    monkeypatch.setattr(releases, "BEAT_SECONDS", 0.05)
    with code(10, monkeypatch):
        beat = releases.Beat("api")
        beat.start()
        assert len(releases.as_rows()) == 1
        with connect() as connection:
            connection.execute("INSERT INTO public.tenants_releasefloor VALUES (1, 11, now())")
        beat._thread.join(5)
        assert told == [(os.getpid(), signal.SIGTERM)]
        beat.stop()
        assert releases.as_rows() == []
        with pytest.raises(ReleaseTooOld):
            releases.Beat("api").start()


def test_a_beat_without_a_database_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(connections["default"].settings_dict, "PORT", 9)
        releases.Beat("api")._once()


def test_the_data_names_only_what_is_there_and_nothing_expands_upon_it() -> None:
    known = fingerprints.known_in_firm() | fingerprints.known_in_public()
    assert contract.deferred() <= known, "contract.json names a migration that is not there"
    assert contract.release_number() >= 1
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    for app, name in graph.nodes:
        if f"{app}.{name}" in contract.deferred():
            later = {f"{a}.{n}" for a, n in graph.backwards_plan((app, name))}
            assert later <= contract.deferred(), f"{app}.{name} must come last in its release"


def test_the_quick_look_knows_contract_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    with code(11, monkeypatch):
        apps = tuple(settings.TENANT_APPS)
        known = quick_look.expected(apps)
        assert quick_look._fingerprints(apps) == {fingerprints.fingerprint(known)}, "nothing of these files is deferred"
    monkeypatch.setattr(contract, "_contract", lambda: {"release": 1, "deferred": ["intake.0003_roles"]})
    assert len(quick_look._fingerprints(apps)) == 2


def test_pending_is_nothing_in_this_release_unless_listed() -> None:
    with public_scope():
        public, firms = contracting.pending()
    assert public == []
    assert not firms or contract.deferred()
