"""All of a firm's rows as they were at one moment, read with COPY: no `pg_dump` is needed to run.

One REPEATABLE READ transaction on a connection of its own sees the shared tables and the firm's schema
alike. Rows come in the order of their primary key and in one form whatever the session's settings, so that
equal tables have equal bytes and hashes.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

from tenants.plain_connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tenants.context import FirmRef

# One form of every value, whatever the server's defaults.
PLAIN_FORMS: Final = (
    "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL client_encoding = 'UTF8'"
)

_TABLES = """
    SELECT c.relname, array_agg(a.attname ORDER BY a.attnum) FILTER (WHERE a.attgenerated = ''),
           coalesce((SELECT array_agg(k.attname ORDER BY array_position(i.indkey::int2[], k.attnum))
                     FROM pg_index i JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey)
                     WHERE i.indrelid = c.oid AND i.indisprimary), '{}')
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r'
    GROUP BY c.oid, c.relname ORDER BY c.relname
"""
_SEQUENCES = """
    SELECT sequencename::text, coalesce(last_value, start_value), last_value IS NOT NULL
    FROM pg_sequences WHERE schemaname = %s ORDER BY 1
"""
# What a table that holds no such column is compared and restored by.
_PUBLIC = {"firm": ("tenants_firm", "id"), "domains": ("tenants_domain", "tenant_id")}


@dataclass(frozen=True, slots=True)
class Table:
    """A table and the columns that are written; generated ones make themselves."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


class Snapshot:
    """A firm at one moment. Made by `snapshot`."""

    def __init__(self, connection: psycopg.Connection[Any], ref: FirmRef) -> None:
        self.ref = ref
        self._connection = connection

    def rows(self, query: str, params: dict[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
        """The rows of a query of ours; tables without a schema are the firm's. Comes in pages."""
        with self._connection.cursor(name="legal_intake_export") as cursor:
            cursor.itersize = 1000
            cursor.execute(query.encode(), params)
            yield from cursor

    def one(self, query: sql.Composed) -> tuple[Any, ...]:
        """The one row of a query."""
        row = self._connection.execute(query).fetchone()
        return tuple(row) if row else ()

    def tables(self) -> list[Table]:
        """The firm's tables by name."""
        return read_tables(self._connection, self.ref.schema)

    def sequences(self) -> dict[str, tuple[int, bool]]:
        """Each sequence's last value, and whether it was ever used."""
        found = self._connection.execute(_SEQUENCES.encode(), [self.ref.schema])
        return {name: (value, called) for name, value, called in found}

    def copy(self, table: Table) -> Iterator[bytes]:
        """The table's rows as COPY writes them."""
        with self._connection.cursor() as cursor, cursor.copy(copy_out(self.ref.schema, table)) as blocks:
            for block in blocks:
                yield bytes(block)

    def public_rows(self, what: str) -> list[dict[str, Any]]:
        """Rows of `public` about the firm, as JSON: "firm" or "domains"."""
        table, column = _PUBLIC[what]
        query = sql.SQL("SELECT row_to_json(t) FROM public.{} t WHERE {} = %s ORDER BY id").format(
            sql.Identifier(table), sql.Identifier(column)
        )
        return [row for (row,) in self._connection.execute(query, [self.ref.id])]

    def key_rows(self) -> list[tuple[Any, ...]]:
        """The firm's keys, wrapped: id, purpose, wrapped, master key's id, created, retired."""
        return self._connection.execute(
            "SELECT id, purpose, wrapped, master_key_id, created_at, retired_at FROM public.tenants_firmkey "
            "WHERE firm_id = %s ORDER BY id",
            [self.ref.id],
        ).fetchall()

    def wave(self) -> int:
        """When the firm is migrated."""
        row = self._connection.execute(
            "SELECT wave FROM public.tenants_schemastate WHERE firm_id = %s", [self.ref.id]
        ).fetchone()
        return int(row[0]) if row else 1


@contextmanager
def snapshot(ref: FirmRef) -> Iterator[Snapshot]:
    """The firm as it is now, for the block."""
    with connect(ref.shard) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute(PLAIN_FORMS)
        connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(ref.schema)))
        yield Snapshot(connection, ref)
        connection.execute("ROLLBACK")


def read_tables(connection: Any, schema: str) -> list[Table]:
    """The tables of a schema; `connection` is anything with psycopg's `execute`."""
    found = connection.execute(_TABLES.encode(), [schema]).fetchall()
    return [Table(name, tuple(columns), tuple(key)) for name, columns, key in found]


def copy_out(schema: str, table: Table) -> sql.Composed:
    """The statement that writes a table out, in the order of its primary key."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    order = sql.SQL(", ").join(map(sql.Identifier, table.key or table.columns))
    return sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        columns, sql.Identifier(schema, table.name), order
    )


def copy_in(schema: str, table: Table) -> sql.Composed:
    """The statement that takes what `copy_out` wrote."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(schema, table.name), columns)
