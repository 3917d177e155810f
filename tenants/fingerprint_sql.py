"""Fingerprints as text and SQL, free of Django: the look before a migration must not wait for its start."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from tenants.context import PUBLIC_SCHEMA, SCHEMA_NAME
from tenants.errors import InvalidSchemaName

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# One statement names at most this many schemas: planning it locks a table and an index of each.
SCHEMAS_A_QUERY: Final = 250


def fingerprint(applied: Iterable[str]) -> str:
    """SHA-256 (hex) over the sorted names, "app.name". The SQL computes the same."""
    return hashlib.sha256("\n".join(sorted(applied)).encode()).hexdigest()


def fingerprints_sql(schemas: Collection[str]) -> str:
    """A query for (schema, fingerprint) of schemas that have a `django_migrations`, rows in no order.

    A schema with an empty one has no row. Raises InvalidSchemaName.
    """
    # One aggregate over all: planning one for each schema takes half as long again.
    rows = " UNION ALL ".join(
        f"SELECT '{safe_schema(name)}' AS schema, app || '.' || name AS migration FROM \"{name}\".django_migrations"  # noqa: S608 - checked names
        for name in schemas
    )
    joined = "string_agg(migration, E'\\n' ORDER BY migration COLLATE \"C\")"
    return (
        f"SELECT schema, encode(sha256(convert_to({joined}, 'UTF8')), 'hex') "  # noqa: S608 - as above
        f"FROM ({rows}) AS applied GROUP BY schema"
    )


def safe_schema(schema: str) -> str:
    """The name, if it may stand in SQL. Raises InvalidSchemaName."""
    if schema != PUBLIC_SCHEMA and not SCHEMA_NAME.fullmatch(schema):
        raise InvalidSchemaName(f"{schema!r} is not a firm's schema name")
    return schema
