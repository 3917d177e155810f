"""A schema as PostgreSQL's catalogue describes it, without its name: two that are alike compare equal."""

from __future__ import annotations

from django.db import connection

from tenants.context import public_scope

QUERIES = {
    "columns": """
        SELECT c.relname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p') AND a.attnum > 0
          AND NOT a.attisdropped
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, convalidated,
               pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = %(schema)s::regnamespace AND NOT tgisinternal
    """,
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
    """,
    "sequences": """
        SELECT sequencename, data_type::text, start_value, increment_by, min_value, max_value, cycle, last_value
        FROM pg_sequences WHERE schemaname = %(schema)s
    """,
    "migrations": "SELECT id, app, name FROM {schema}.django_migrations",
    "content types": "SELECT id, app_label, model FROM {schema}.django_content_type",
    "permissions": "SELECT id, name, content_type_id, codename FROM {schema}.auth_permission",
}


def describe(schema: str) -> dict[str, list[str]]:
    """Each kind of thing in the schema, as sorted texts."""
    described = {}
    with public_scope(), connection.cursor() as cursor:
        for kind, query in QUERIES.items():
            cursor.execute(query.replace("{schema}", schema).replace("%(schema)s", f"'{schema}'"))
            described[kind] = sorted(repr(row).replace(schema, "SCHEMA") for row in cursor.fetchall())
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {schema}.{table}")
            described[f"rows of {table}"] = [str(cursor.fetchone())]
    return described
