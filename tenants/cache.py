"""Names in Redis: each holds the schema of the scope it was made in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.context import current_scope, schema_of

if TYPE_CHECKING:
    from uuid import UUID


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION: `<schema>:<prefix>:<version>:<key>`. Raises FirmNotSet outside scopes."""
    return f"{schema_of(current_scope())}:{key_prefix}:{version}:{key}"


def redis_key(*parts: str | int | UUID) -> str:
    """A key for raw use of Redis: `li:<schema>:<part>:...`, unambiguous whatever the parts hold."""
    escaped = (str(part).replace("%", "%25").replace(":", "%3A") for part in parts)
    return ":".join(("li", schema_of(current_scope()), *escaped))
