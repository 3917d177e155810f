"""Fingerprints in SQL and in Python agree; one pass reads every schema."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import fingerprint_sql, fingerprints, provisioning
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.errors import InvalidSchemaName
from tenants.ids import new_id


def test_sql_and_python_compute_the_same(firm: FirmRef, other_firm: FirmRef) -> None:
    expected = fingerprints.fingerprint(fingerprints.expected_in_firm())
    assert fingerprints.read_fingerprints([firm.schema, other_firm.schema]) == {
        firm.schema: expected,
        other_firm.schema: expected,
    }
    assert fingerprints.read_applied(firm.schema) == fingerprints.expected_in_firm()


def test_a_missing_row_and_a_foreign_row_change_it(firm: FirmRef) -> None:
    (before,) = fingerprints.read_fingerprints([firm.schema]).values()
    with firm_scope(firm), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'intake' AND name = '0001_initial'")
        (less,) = fingerprints.read_fingerprints([firm.schema]).values()
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('intake', '9999_next', now())")
        (more,) = fingerprints.read_fingerprints([firm.schema]).values()
    assert len({before, less, more}) == 3
    assert fingerprints.fingerprint(fingerprints.read_applied(firm.schema)) == more


def test_public_holds_the_shared_apps_alone() -> None:
    applied = fingerprints.read_applied("public")
    assert applied == fingerprints.expected_in_public()
    assert not [name for name in applied if name.startswith(("intake.", "audio."))]
    assert not [name for name in fingerprints.expected_in_firm() if name.startswith("tenants.")]


def test_schemas_without_migrations_are_left_out(firm: FirmRef) -> None:
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA t_empty")
    assert set(fingerprints.read_fingerprints([firm.schema, "t_empty", "t_absent"])) == {firm.schema}
    assert fingerprints.read_applied("t_absent") == frozenset()


def test_one_query_for_a_chunk_of_schemas(monkeypatch: pytest.MonkeyPatch, firm: FirmRef) -> None:
    refs = [FirmRef(new_id(), f"t_chunk{i}") for i in range(7)]
    for ref in refs:
        provisioning.create_schema_by_replay(ref)
    monkeypatch.setattr(fingerprint_sql, "SCHEMAS_A_QUERY", 4)
    with CaptureQueriesContext(connection) as queries:
        found = fingerprints.read_fingerprints([firm.schema, *(ref.schema for ref in refs)])
    unions = [query for query in queries.captured_queries if "string_agg" in query["sql"]]
    assert len(unions) == 2
    assert len(found) == 8
    assert len(set(found.values())) == 1


@pytest.mark.parametrize("name", ["pg_catalog", 't_x"; DROP SCHEMA public; --', "T_X", ""])
def test_no_other_name_reaches_sql(name: Any) -> None:
    with pytest.raises(InvalidSchemaName):
        fingerprint_sql.fingerprints_sql([name])
