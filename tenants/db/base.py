"""PostgreSQL engine whose search path is the current scope's schema, alone.

django-tenants' engine (over django-prometheus's) remembers a tenant on the connection. This
one remembers nothing: at each cursor it compares the schema of the ContextVar with the path
that PostgreSQL 18 reports to the client, and issues SET only when they differ. The report
stays true after savepoint rollbacks, SET LOCAL and pool hand-overs. A server that does not
report it (before 18) gets a SET at every cursor.
"""

from __future__ import annotations

from typing import Any

from django_tenants.postgresql_backend import base as tenants_base
from psycopg.pq import TransactionStatus

from tenants.context import current_scope, schema_of, scope_or_none


class DatabaseWrapper(tenants_base.DatabaseWrapper):  # type: ignore[misc]
    """Fails closed: a cursor outside every scope raises FirmNotSet."""

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

    def _handle_search_path(self, cursor: Any = None) -> None:
        wanted = schema_of(current_scope())
        pg = self.connection.pgconn
        if self.connection.info.parameter_status("search_path") == wanted:
            return
        if pg.transaction_status == TransactionStatus.INERROR:
            # Only a rollback can run now; it restores an older path, and the next cursor compares again.
            return
        if cursor is not None:
            cursor.execute(f"SET search_path = {wanted}")
            return
        with self.connection.cursor() as own:
            own.execute(f"SET search_path = {wanted}")

    def _cursor(self, name: str | None = None) -> Any:
        current_scope()  # before a connection is even opened
        return super()._cursor(name)
