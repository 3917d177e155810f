"""What must not change in the other firm, read in a form that compares."""

from __future__ import annotations

from typing import Any

from django.db import connection

from tenants import storage
from tenants.context import FirmRef, public_scope
from tenants.redis import broker_redis, cache_redis, journal_redis

Held = dict[str, Any]


def held_by(ref: FirmRef) -> Held:
    """Rows, files, wrapped keys and Redis entries of a firm, as far as this connection sees them."""
    held: Held = {}
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(_rows_query(cursor, ref))
        held.update((f"rows of {table}", digest) for table, digest in cursor.fetchall())
    folder = storage.firm_folder(ref)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            about = path.stat()
            held[f"file {path.relative_to(folder)}"] = (about.st_size, about.st_mtime_ns)
    for role, client in (("broker", broker_redis()), ("journal", journal_redis()), ("cache", cache_redis())):
        for key in client.keys(f"*{ref.schema}*"):
            held[f"{role} key {key!r}"] = client.dump(key)
    return held


def writes_in_transaction(ref: FirmRef) -> dict[str, int]:
    """Rows written to each of a firm's tables by this connection, as far as not yet reported.

    Rolled back savepoints are counted too. An earlier transaction of the connection may still be
    in it, so compare two readings within one transaction (`writes_since`).
    """
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables WHERE schemaname = %s",
            [ref.schema],
        )
        return dict(cursor.fetchall())


def writes_since(before: dict[str, int], ref: FirmRef) -> list[str]:
    """Tables of a firm that were written to since an earlier reading in this transaction."""
    now = writes_in_transaction(ref)
    return sorted(table for table, count in now.items() if count > before.get(table, 0))


def _rows_query(cursor: Any, ref: FirmRef) -> str:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [ref.schema])
    digest = "count(*) || ':' || coalesce(bit_xor(hashtextextended(t::text, 0)), 0)"
    parts = [f"SELECT '{table}', {digest} FROM {ref.schema}.{table} t" for (table,) in cursor.fetchall()]
    for table, column in (
        ("tenants_firm", "id"),
        ("tenants_firmkey", "firm_id"),
        ("tenants_domain", "tenant_id"),
        ("tenants_schemastate", "firm_id"),
    ):
        parts.append(f"SELECT 'public.{table}', {digest} FROM public.{table} t WHERE {column} = '{ref.id}'")
    return " UNION ALL ".join(parts)
