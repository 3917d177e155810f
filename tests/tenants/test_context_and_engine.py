"""The scope, and the engine that follows it: fails closed, and never takes public's table."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.db.utils import ProgrammingError

from tenants.accounts.models import User
from tenants.context import (
    PUBLIC,
    FirmRef,
    current_firm,
    current_scope,
    firm_scope,
    public_scope,
    scope_or_none,
)
from tenants.errors import FirmNotSet, InvalidSchemaName
from tests.support.firms import elsewhere


def schema_now() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def without_scope(fn: Any) -> Any:
    return contextvars.Context().run(fn)


def test_scopes_nest_and_restore(firm: FirmRef, other_firm: FirmRef) -> None:
    with firm_scope(other_firm):
        assert current_firm() is other_firm
        with public_scope():
            assert current_scope() is PUBLIC
            with pytest.raises(FirmNotSet):
                current_firm()
        assert current_firm() is other_firm
    assert current_firm() is firm
    with pytest.raises(ZeroDivisionError), public_scope():
        _ = 1 / 0
    assert current_firm() is firm


def test_nothing_runs_without_a_scope() -> None:
    assert without_scope(scope_or_none) is None
    for fn in (current_scope, current_firm, User.objects.count, schema_now):
        with pytest.raises(FirmNotSet):
            without_scope(fn)


@pytest.mark.parametrize("schema", ["public", "t_", "t_A", 't_"; DROP', "t_a,public", "t_a b", "x_a", "t_" + "a" * 61])
def test_schema_names_that_could_mean_something_else(schema: str) -> None:
    with pytest.raises(InvalidSchemaName):
        FirmRef(uuid4(), schema)


def test_path_is_the_firms_schema_alone(firm: FirmRef) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == (firm.schema,)
    with public_scope():
        assert schema_now() == "public"


def test_a_missing_table_is_an_error_and_not_publics(live_firms: tuple[FirmRef, FirmRef]) -> None:
    ours, theirs = live_firms
    with public_scope():
        User.objects.create_user(email="operator@example.org")
    try:
        with firm_scope(ours):
            assert User.objects.count() == 0
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE accounts_user CASCADE")
            with pytest.raises(ProgrammingError, match="does not exist"):
                User.objects.count()
        with firm_scope(theirs):
            assert User.objects.count() == 0
    finally:
        with public_scope():
            # Raw: an operator has no rows in the firms' tables that Django would look through.
            User.objects.filter(email="operator@example.org")._raw_delete("default")


def test_path_follows_after_a_savepoint_rollback(firm: FirmRef, other_firm: FirmRef) -> None:
    with transaction.atomic():
        assert schema_now() == firm.schema
        with pytest.raises(RuntimeError), transaction.atomic(), firm_scope(other_firm):
            assert schema_now() == other_firm.schema
            raise RuntimeError  # the rollback undoes the SET behind our back
        assert schema_now() == firm.schema
        with firm_scope(other_firm):
            assert schema_now() == other_firm.schema


def test_path_follows_after_an_error_in_another_scope(firm: FirmRef, other_firm: FirmRef) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), firm_scope(other_firm), connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column")
    assert schema_now() == firm.schema


def test_a_cursor_kept_across_scopes_follows_them(firm: FirmRef, other_firm: FirmRef) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        with firm_scope(other_firm):
            assert schema_now() == other_firm.schema
            cursor.execute("SELECT current_schema()")
            assert cursor.fetchone() == (other_firm.schema,)
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == (firm.schema,)
        cursor.executemany("SELECT %s", [[1]])


def test_a_cursor_carried_out_of_every_scope_runs_nothing() -> None:
    with connection.cursor() as cursor:
        for run in (cursor.execute, cursor.executemany, cursor.callproc):
            with pytest.raises(FirmNotSet):
                without_scope(lambda run=run: run("SELECT 1", []))


def test_set_local_behind_our_back_is_noticed(firm: FirmRef) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = public")
    assert schema_now() == firm.schema


def test_pool_hands_over_a_connection_of_another_firm(live_firms: tuple[FirmRef, FirmRef]) -> None:
    assert connection.settings_dict["OPTIONS"]["pool"], "this test is about the pool"
    pids, wrong = set(), 0

    def look(ref: FirmRef) -> bool:
        with firm_scope(ref), connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), current_schema()")
            pid, schema = cursor.fetchone()
        pids.add(pid)
        return bool(schema == ref.schema)

    for turn in range(40):
        wrong += not elsewhere(lambda turn=turn: look(live_firms[turn % 2]))  # type: ignore[misc]
    assert wrong == 0
    assert len(pids) < 20, "connections were not reused, so nothing was shown"


def test_set_costs_no_query_that_tests_would_count(firm: FirmRef, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        schema_now()
        with public_scope():
            schema_now()


def test_threads_carry_the_scope_only_when_given_it(firm: FirmRef) -> None:
    seen = []
    plain = threading.Thread(target=lambda: seen.append(scope_or_none()))
    copied = threading.Thread(target=contextvars.copy_context().run, args=(lambda: seen.append(scope_or_none()),))
    for thread in (plain, copied):
        thread.start()
        thread.join()
    assert seen == [None, firm]


async def test_async_orm_reads_the_tasks_firm(live_firms: tuple[FirmRef, FirmRef]) -> None:
    for number, ref in enumerate(live_firms):
        with firm_scope(ref):
            await User.objects.acreate(email=f"{number}@example.org")

    async def read(ref: FirmRef) -> str:
        with firm_scope(ref):
            await asyncio.sleep(0)
            user = await User.objects.afirst()
            return user.email if user else ""

    found = await asyncio.gather(*(read(live_firms[number % 2]) for number in range(20)))
    assert found == ["0@example.org", "1@example.org"] * 10


def test_content_types_are_cached_per_schema(live_firms: tuple[FirmRef, FirmRef]) -> None:
    ours, theirs = live_firms
    with firm_scope(ours):
        before = ContentType.objects.get_for_model(User)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM auth_permission WHERE codename LIKE '%_session'")
            cursor.execute("UPDATE django_content_type SET id = id + 1000 WHERE app_label = 'sessions'")
    from django.contrib.sessions.models import Session

    with firm_scope(ours):
        moved = ContentType.objects.get_for_model(Session).pk
    with firm_scope(theirs):
        assert ContentType.objects.get_for_model(Session).pk == moved - 1000
        assert ContentType.objects.get_for_model(User).pk == before.pk


def test_the_test_guard_sees_a_write_to_another_firm(live_firms: tuple[FirmRef, FirmRef]) -> None:
    from tests.support.guard import held_by, writes_in_transaction, writes_since

    _, theirs = live_firms
    with transaction.atomic():
        before, written = held_by(theirs), writes_in_transaction(theirs)
        assert writes_since(written, theirs) == []
        with pytest.raises(RuntimeError), transaction.atomic():
            with firm_scope(theirs):
                User.objects.create_user(email="intruder@example.org")
            after = held_by(theirs)
            assert {key for key in after if after[key] != before.get(key)} == {"rows of accounts_user"}
            raise RuntimeError
        assert held_by(theirs) == before
        assert writes_since(written, theirs) == ["accounts_user"], "rolled back, and still seen"


async def test_run_db_carries_the_firm_and_returns_connections(live_firms: tuple[FirmRef, FirmRef]) -> None:
    from tenants.aio import run_db

    async def read(ref: FirmRef) -> str:
        with firm_scope(ref):
            return await run_db(schema_now)

    found = await asyncio.gather(*(read(live_firms[number % 2]) for number in range(30)))
    assert found == [live_firms[number % 2].schema for number in range(30)]


async def test_run_db_uses_at_most_eight_threads(firm: FirmRef) -> None:
    from tenants.aio import run_db

    threads: set[int] = set()
    busy = most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        threads.add(threading.get_ident())
        threading.Event().wait(0.01)
        with lock:
            busy -= 1

    await asyncio.gather(*(run_db(work) for _ in range(40)))
    assert most == 8
    assert len(threads) == 8
