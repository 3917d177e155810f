"""A firm's schema as an archive needs it: made at the archive's migrations, filled, brought forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connections
from psycopg import sql

from tenants import fingerprints, migrating, provisioning, template
from tenants.archive.errors import ArchiveBroken, ArchiveNewer, ArchiveOlder
from tenants.archive.snapshot import PLAIN_FORMS, Table, copy_in, copy_out, read_tables
from tenants.context import firm_scope, public_scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tenants.context import FirmRef


def check(manifest: dict[str, Any]) -> None:
    """Whether this code can make the archive's schema.

    Raises:
        ArchiveNewer: it has migrations that this release does not know.
        ArchiveOlder: its migrations are no state that this release's pass through.
    """
    applied = frozenset(manifest["migrations"])
    unknown = sorted(applied.difference(fingerprints.known_in_firm()))
    made_by = manifest.get("made_by", {}).get("version", "unknown")
    if unknown:
        raise ArchiveNewer(
            f"the archive was made by release {made_by} and has {', '.join(unknown[:3])}, which this release does not "
            "know: restore it with that release or a newer one"
        )
    gaps = migrating.gaps(applied)
    if gaps:
        raise ArchiveOlder(
            f"the archive was made by release {made_by} and lacks {', '.join(gaps[:3])} under later migrations: "
            "restore it with that release, upgrade, and export again"
        )


def create(ref: FirmRef, applied: fingerprints.Applied) -> None:
    """Make the schema with exactly these migrations, its tables empty. Call in a transaction."""
    if applied == fingerprints.expected_in_firm() and not template.problem():
        provisioning.create_schema_by_replay(ref)
    else:
        with public_scope(), connections[ref.shard].cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {ref.schema}")
        with firm_scope(ref):
            migrating.migrate_schema_to(applied)
    with public_scope(), connections[ref.shard].cursor() as cursor:
        for table in _tables(ref):
            # Row by row: append-only tables refuse TRUNCATE, and have nothing yet that DELETE would meet.
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(ref.schema, table.name)))
    settle(ref)


def tables_for(ref: FirmRef, manifest: dict[str, Any]) -> list[Table]:
    """The archive's tables, which are the schema's. Raises ArchiveOlder when they are not."""
    here = {table.name: table for table in _tables(ref)}
    there = {name: about["columns"] for name, about in manifest["tables"].items()}
    if {name: sorted(table.columns) for name, table in here.items()} != {n: sorted(c) for n, c in there.items()}:
        odd = sorted(here.keys() ^ there.keys()) or sorted(
            name for name, table in here.items() if sorted(table.columns) != sorted(there[name])
        )
        raise ArchiveOlder(f"the archive's tables are not those of its migrations: {', '.join(odd[:3])}")
    return [Table(name, tuple(there[name]), table.key) for name, table in here.items()]


def fill(ref: FirmRef, table: Table, blocks: Iterable[bytes]) -> None:
    """Put rows into a table. Raises ArchiveBroken when they are none of it."""
    with _cursor(ref) as cursor:
        try:
            with cursor.copy(copy_in(ref.schema, table)) as copy:
                for block in blocks:
                    copy.write(block)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise ArchiveBroken(f"the archive's rows of {table.name} do not fit: {str(error).splitlines()[0]}") from (
                error
            )


def read(ref: FirmRef, table: Table) -> Iterator[bytes]:
    """A table's rows as an export writes them."""
    with _cursor(ref) as cursor:
        cursor.execute(PLAIN_FORMS)
        with cursor.copy(copy_out(ref.schema, table)) as blocks:
            for block in blocks:
                yield bytes(block)


def set_sequences(ref: FirmRef, values: dict[str, Any]) -> None:
    """Let each sequence go on where it was."""
    with public_scope(), connections[ref.shard].cursor() as cursor:
        for name, (value, called) in values.items():
            cursor.execute(
                "SELECT setval(format('%%I.%%I', %s, %s)::regclass, %s, %s)", [ref.schema, name, value, called]
            )
    settle(ref)


def migrate_forward(ref: FirmRef) -> None:
    """Bring the filled schema to this release."""
    with firm_scope(ref):
        migrating.migrate_schema()


def settle(ref: FirmRef) -> None:
    """Check deferred constraints now: what is pending forbids a change of the tables."""
    with public_scope():
        connections[ref.shard].check_constraints()


def _tables(ref: FirmRef) -> list[Table]:
    with public_scope():
        wrapper: Any = connections[ref.shard]
        wrapper.ensure_connection()
        return read_tables(wrapper.connection, ref.schema)


def _cursor(ref: FirmRef) -> Any:
    """A bare cursor of Django's connection, inside its transaction; names in statements are whole."""
    wrapper: Any = connections[ref.shard]
    return wrapper.connection.cursor()
