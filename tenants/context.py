"""One truth for "which firm": a ContextVar that every other part reads.

django-tenants keeps the tenant on a thread's connection, so a coroutine inside a tenant's
context that awaits the ORM reads another tenant's rows (docs/decisions/0001). Here the
scope travels with the task and its threads, and the database engine, cache keys, storage
paths, channel groups, jobs, tokens and log fields all derive from it.
"""

from __future__ import annotations

import enum
import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tenants.errors import FirmNotSet, InvalidSchemaName
from tenants.isolation import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

PUBLIC_SCHEMA: Final = "public"
# PostgreSQL reports such a name unquoted, so that wanted and reported paths compare as text.
SCHEMA_NAME: Final = re.compile(r"t_[a-z0-9_]{1,60}")


@dataclass(frozen=True, slots=True)
class FirmRef:
    """A firm as code passes it around: its id, its schema, and the database (shard) it lives in."""

    id: UUID
    schema: str
    shard: str = "default"

    def __post_init__(self) -> None:
        if not SCHEMA_NAME.fullmatch(self.schema):
            raise InvalidSchemaName(f"{self.schema!r} is not a firm's schema name")


class PublicScope(enum.Enum):
    """The shared tables: firms, domains, keys, operators. Entered explicitly, never a fallback."""

    PUBLIC = "public"


PUBLIC: Final = PublicScope.PUBLIC
Scope = FirmRef | PublicScope

_scope: ContextVar[Scope | None] = ContextVar("legal_intake_scope", default=None)


def current_scope() -> Scope:
    """The firm or `PUBLIC`. Raises FirmNotSet outside both."""
    scope = _scope.get()
    if scope is None:
        refused("no_scope")
        raise FirmNotSet("no firm is set here; enter firm_scope(ref) or public_scope()")
    return scope


def scope_or_none() -> Scope | None:
    """The scope for those who only describe it (logs, repr), never for access."""
    return _scope.get()


def current_firm() -> FirmRef:
    """The firm. Raises FirmNotSet outside a firm's scope, public scope included."""
    scope = current_scope()
    if not isinstance(scope, FirmRef):
        refused("no_firm")
        raise FirmNotSet("this needs a firm, and public scope is none")
    return scope


def schema_of(scope: Scope) -> str:
    """The one schema a scope may read."""
    return scope.schema if isinstance(scope, FirmRef) else PUBLIC_SCHEMA


@contextmanager
def firm_scope(ref: FirmRef) -> Iterator[FirmRef]:
    """Run the block as this firm. Nests; leaving restores what was set before."""
    token = _scope.set(ref)
    try:
        yield ref
    finally:
        _scope.reset(token)


@contextmanager
def public_scope() -> Iterator[None]:
    """Run the block on the shared tables alone. Nests inside a firm's scope."""
    token = _scope.set(PUBLIC)
    try:
        yield
    finally:
        _scope.reset(token)
