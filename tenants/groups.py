"""Channel groups: the firm is in the name, and the name tells nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tenants.context import current_scope, schema_of

if TYPE_CHECKING:
    from uuid import UUID


def group_name(kind: str, key: str | UUID) -> str:
    """67 ASCII characters (Channels allows 99), a hash of schema, kind and key."""
    place = "\x00".join((schema_of(current_scope()), kind, str(key)))
    return f"li.{hashlib.sha256(place.encode()).hexdigest()}"
