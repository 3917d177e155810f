"""The template's SQL makes what migrating from zero makes."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from tenants import provisioning, template
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.ids import new_id
from tests.tenants.catalogue import describe


def replayed(name: str) -> FirmRef:
    ref = FirmRef(new_id(), name)
    provisioning.create_schema_by_replay(ref)
    return ref


def test_the_artefact_is_of_these_migrations() -> None:
    assert template.problem() == ""


def test_a_replayed_schema_equals_a_migrated_one() -> None:
    migrated = FirmRef(new_id(), "t_migrated")
    provisioning.create_schema_by_migrating(migrated)
    replay = replayed("t_replayed")
    expected, found = describe(migrated.schema), describe(replay.schema)
    differing = {
        kind: (sorted(set(expected.get(kind, [])) ^ set(found.get(kind, []))))
        for kind in expected.keys() | found.keys()
        if expected.get(kind) != found.get(kind)
    }
    assert not differing, f"{template.REBUILD}: {differing}"
    assert all(expected[kind] for kind in ("columns", "triggers", "functions", "migrations", "permissions"))


def test_the_artefact_names_no_schema_and_no_session() -> None:
    text = template.TEMPLATE_FILE.read_text()
    assert template.SCRATCH not in text
    assert "search_path" not in text
    assert not [line for line in text.splitlines() if line.startswith(("\\", "SET "))]


def test_functions_of_a_replayed_schema_work_on_their_own_schema_alone() -> None:
    """The append-only trigger fires in the replayed schema, with nothing else on the path."""
    ref = replayed("t_triggers")
    with firm_scope(ref), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND NOT tgisinternal AND p.pronamespace <> n.oid",
            [ref.schema],
        )
        assert cursor.fetchone() == (0,)
        with pytest.raises(Exception, match="refuses TRUNCATE"), transaction.atomic():
            cursor.execute("TRUNCATE intake_turn CASCADE")


def test_a_stale_artefact_is_refused_with_the_command_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    stale = template.TEMPLATE_FILE.read_text().replace("-- fingerprint: ", "-- fingerprint: 0", 1)[:-1]
    file = tmp_path / "template.sql"  # type: ignore[operator]
    file.write_text(stale)
    monkeypatch.setattr(template, "TEMPLATE_FILE", file)
    assert "make template" in template.problem()
    with pytest.raises(template.TemplateError, match="make template"):
        replayed("t_stale")


def test_an_edited_migration_is_noticed_though_its_name_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "sources_hash", lambda: "0" * 64)
    assert "was edited" in template.problem()


def test_bodies_keep_lines_that_look_like_session_commands() -> None:
    dumped = "SET a = 1;\n\\restrict x\n-- note\nCREATE FUNCTION f() AS $$\nSET b = 2;\n-- kept\n\n$$;\n\nSET c = 3;"
    assert list(template._strip(dumped)) == ["CREATE FUNCTION f() AS $$", "SET b = 2;", "-- kept", "", "$$;"]


def test_budget_of_tables() -> None:
    with public_scope(), connection.cursor() as cursor:
        replayed("t_counted")
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 't_counted'")
        (count,) = cursor.fetchone()
    assert count <= 40
