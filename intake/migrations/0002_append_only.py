"""Triggers that keep what was recorded. The functions live in the firm's own schema, name none, and
read no table, so that a copy of the schema's SQL under another name works the same."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

FUNCTIONS = """
CREATE FUNCTION intake_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
-- The arguments name the columns that may change: ciphertexts, for a key rotation or an erasure.
CREATE FUNCTION intake_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
"""
DROP_FUNCTIONS = "DROP FUNCTION intake_append_only(); DROP FUNCTION intake_refuse_change();"

#: Table -> the triggers on its UPDATE: (name, condition, columns that may change).
UPDATES = {
    "intake_turn": [("append_only", "", "'text_ct'")],
    "intake_fact": [("append_only", "", "'value_ct'")],
    "intake_party": [("append_only", "", "'name_ct'")],
    "intake_consent": [("append_only", "", "'-'")],
    "intake_conflictcheck": [
        ("undecided", "WHEN (OLD.decision = '')", "'decision', 'reason_ct', 'decided_by_id', 'decided_at'"),
        ("decided", "WHEN (OLD.decision <> '')", "'reason_ct'"),
    ],
    "intake_auditevent": [],
}


def _create(table: str) -> str:
    refused_rows = "UPDATE OR DELETE" if table == "intake_auditevent" else "DELETE"
    statements = [
        f"CREATE TRIGGER {table}_keep BEFORE {refused_rows} ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION intake_refuse_change()",
        f"CREATE TRIGGER {table}_keep_all BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION intake_refuse_change()",
    ]
    statements += [
        f"CREATE TRIGGER {table}_{name} BEFORE UPDATE ON {table} FOR EACH ROW {condition} "
        f"EXECUTE FUNCTION intake_append_only({columns})"
        for name, condition, columns in UPDATES[table]
    ]
    return ";\n".join(statements)


def _drop(table: str) -> str:
    names = ["keep", "keep_all", *(name for name, _, _ in UPDATES[table])]
    return ";\n".join(f"DROP TRIGGER {table}_{name} ON {table}" for name in names)


class Migration(migrations.Migration):
    """Append-only tables."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("intake", "0001_initial")]

    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        *(migrations.RunSQL(_create(table), _drop(table)) for table in UPDATES),
    ]
