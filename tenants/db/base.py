"""PostgreSQL engine whose search path is the current scope's schema, alone.

django-tenants' engine (over django-prometheus's) remembers a tenant on the connection. This
one remembers nothing: at each cursor, and again at each statement, it compares the schema of the
ContextVar with the path that PostgreSQL 18 reports to the client, and issues SET only when they
differ. The report stays true after savepoint rollbacks, SET LOCAL and pool hand-overs. A server
that does not report it (before 18) gets a SET every time.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from django_tenants.postgresql_backend import base as tenants_base
from psycopg.pq import TransactionStatus

from tenants.context import current_scope, schema_of, scope_or_none


class FirmCursor(CursorWrapper):
    """Compares before each statement, so that a cursor kept across scopes follows them too."""

    def _execute(self, *args: Any) -> Any:
        self.db.ensure_search_path()
        return super()._execute(*args)  # type: ignore[misc]

    def _executemany(self, *args: Any) -> Any:
        self.db.ensure_search_path()
        return super()._executemany(*args)  # type: ignore[misc]

    def callproc(self, *args: Any, **kwargs: Any) -> Any:
        """As Django's, on the scope's schema."""
        self.db.ensure_search_path()
        return super().callproc(*args, **kwargs)


class FirmDebugCursor(CursorDebugWrapper, FirmCursor):
    """The same, counted and logged: what tests of query numbers see."""


class DatabaseWrapper(tenants_base.DatabaseWrapper):
    """Fails closed: a cursor or a statement outside every scope raises FirmNotSet."""

    include_public_schema = False

    @property
    def schema_name(self) -> str:
        """What django-tenants' router and introspection ask for."""
        scope = scope_or_none()
        return "public" if scope is None else schema_of(scope)

    @schema_name.setter
    def schema_name(self, value: str | None) -> None:
        """The context is the only truth: what django-tenants tries to remember is dropped."""

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Nothing to do: see `schema_name`. Called by django-tenants' own constructor."""

    def ensure_search_path(self) -> None:
        """Make this connection's path the current scope's. No round trip when it is already."""
        wanted = schema_of(current_scope())
        if self.connection.info.parameter_status("search_path") == wanted:
            return
        if self.connection.pgconn.transaction_status == TransactionStatus.INERROR:
            # Only a rollback can run now; it restores an older path, and the next statement
            # compares again.
            return
        with self.connection.cursor() as cursor:
            cursor.execute(f"SET search_path = {wanted}")

    def _handle_search_path(self, cursor: Any = None) -> None:
        self.ensure_search_path()

    def _cursor(self, name: str | None = None) -> Any:
        current_scope()  # before a connection is even opened
        return super()._cursor(name)

    def make_cursor(self, cursor: Any) -> FirmCursor:
        """A cursor that follows the scope."""
        return FirmCursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> FirmDebugCursor:
        """A cursor that follows the scope and logs its statements."""
        return FirmDebugCursor(cursor, self)
