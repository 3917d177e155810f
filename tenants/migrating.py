"""Bring one schema, the current scope's, to what this code expects. Waves and provisioning use it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction
from django.db.migrations import operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.fields import NOT_PROVIDED
from django.db.models.signals import post_migrate

from tenants import contract, fingerprints
from tenants.context import PUBLIC, current_scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations import Migration
    from django.db.migrations.operations.base import Operation

# Operations whose whole effect is the SQL they execute, given schemas that are alike.
_PURE_SQL = (
    operations.fields.FieldOperation,
    operations.models.ModelOperation,
    operations.models.IndexOperation,
    operations.RunSQL,
)


@dataclass
class Recording:
    """What a migration executed, to be executed again in other schemas with the same fingerprint."""

    migrations: list[tuple[str, str]] = field(default_factory=list)
    statements: list[tuple[str, Any]] = field(default_factory=list)
    replayable: bool = False


def migrate_schema(
    *, lock_timeout_ms: int = 3000, recording: Recording | None = None, contracting: bool = False
) -> list[str]:
    """Apply what the current scope's schema lacks. Returns the applied migrations, "app.name".

    This release's contract steps (`tenants.contract`) are left out unless `contracting`. All in one
    transaction unless a migration is declared non-atomic. A lock that is not had within
    `lock_timeout_ms` raises OperationalError (sqlstate 55P03), so that a long query of a firm never
    makes all its other queries queue behind us.
    """
    connection = connections["default"]
    ContentType.objects.clear_cache()
    MigrationRecorder(connection).ensure_schema()
    executor = MigrationExecutor(connection, _progress(connection))
    targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] in current_labels()]
    plan = [migration for migration, _ in executor.migration_plan(targets)]
    if not contracting:
        left_out = contract.deferred()
        plan = [migration for migration in plan if _name(migration) not in left_out]
    if not plan:
        return []
    atomic = all(migration.atomic for migration in plan)
    with ExitStack() as stack:
        stack.enter_context(_lock_timeout(connection, lock_timeout_ms, atomic=atomic))
        if recording is not None:
            stack.enter_context(_recorded(connection, recording))
        executor.migrate(targets, plan=[(migration, False) for migration in plan])
        _announce(plan)
    if recording is not None:
        recording.migrations = [(migration.app_label, migration.name) for migration in plan]
        recording.replayable = atomic and all(_pure_sql(op) for migration in plan for op in migration.operations)
    ContentType.objects.clear_cache()
    return [_name(migration) for migration in plan]


def migrate_schema_to(applied: fingerprints.Applied) -> None:
    """Apply exactly these migrations in the current scope's empty schema. Call in a transaction; see `gaps`."""
    connection = connections["default"]
    ContentType.objects.clear_cache()
    MigrationRecorder(connection).ensure_schema()
    executor = MigrationExecutor(connection, _progress(connection))
    targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] in current_labels()]
    plan = [pair for pair in executor.migration_plan(targets) if _name(pair[0]) in applied]
    executor.migrate(targets, plan=plan)
    ContentType.objects.clear_cache()


def gaps(applied: fingerprints.Applied) -> list[str]:
    """What a firm's schema with these migrations must have too, because they depend on it; empty for a true state."""
    graph = MigrationExecutor(connections["default"]).loader.graph
    labels = fingerprints.firm_labels()
    needed = {
        f"{parent[0]}.{parent[1]}"
        for node in graph.nodes
        if f"{node[0]}.{node[1]}" in applied and node[0] in labels
        for parent in graph.forwards_plan(node)
        if parent[0] in labels
    }
    return sorted(needed.difference(applied))


def replay_schema(recording: Recording, *, lock_timeout_ms: int = 3000) -> list[str]:
    """Execute a recording in the current scope's schema, in one transaction."""
    connection = connections["default"]
    ContentType.objects.clear_cache()
    with _lock_timeout(connection, lock_timeout_ms, atomic=True):
        with connection.schema_editor() as editor:
            for statement, params in recording.statements:
                editor.execute(statement, params)
        recorder = MigrationRecorder(connection)
        for app_label, name in recording.migrations:
            recorder.record_applied(app_label, name)
        _announce([])
    ContentType.objects.clear_cache()
    return [f"{app_label}.{name}" for app_label, name in recording.migrations]


def _name(migration: Migration) -> str:
    return f"{migration.app_label}.{migration.name}"


def current_labels() -> frozenset[str]:
    """Labels of the apps whose tables belong in the current scope's schema."""
    return fingerprints.public_labels() if current_scope() is PUBLIC else fingerprints.firm_labels()


def _announce(plan: list[Migration]) -> None:
    """Content types and permissions, for the apps of this schema alone."""
    labels = current_labels()
    for config in apps.get_app_configs():
        if config.label in labels and config.models_module is not None:
            post_migrate.send(
                sender=config,
                app_config=config,
                verbosity=0,
                interactive=False,
                using="default",
                apps=apps,
                plan=[(migration, False) for migration in plan],
            )


def _progress(connection: BaseDatabaseWrapper) -> Any:
    def between(action: str, _migration: Any = None, _fake: bool = False) -> None:
        # Rows that a migration wrote leave deferred constraint checks pending, and with those
        # PostgreSQL refuses to alter the table later in the same transaction.
        if action == "apply_success" and connection.in_atomic_block:
            connection.check_constraints()

    return between


@contextmanager
def _lock_timeout(connection: BaseDatabaseWrapper, milliseconds: int, *, atomic: bool) -> Iterator[None]:
    scope = "SET LOCAL" if atomic else "SET"
    with transaction.atomic() if atomic else nullcontext():
        with connection.cursor() as cursor:
            cursor.execute(f"{scope} lock_timeout = {int(milliseconds)}")
        try:
            yield
        finally:
            if not atomic:
                with connection.cursor() as cursor:
                    cursor.execute("RESET lock_timeout")


@contextmanager
def _recorded(connection: BaseDatabaseWrapper, recording: Recording) -> Iterator[None]:
    original: Any = connection.SchemaEditorClass

    class RecordingEditor(original):  # type: ignore[misc]
        """Notes each statement before running it."""

        def execute(self, sql: Any, params: Any = ()) -> None:
            recording.statements.append((str(sql), params))
            super().execute(sql, params)

    connection.SchemaEditorClass = RecordingEditor
    try:
        yield
    finally:
        connection.SchemaEditorClass = original


def _pure_sql(operation: Operation) -> bool:
    if isinstance(operation, operations.SeparateDatabaseAndState):
        return all(_pure_sql(inner) for inner in operation.database_operations)
    if not isinstance(operation, _PURE_SQL):
        return False
    # A callable default (a key, an id) must be asked anew in each firm.
    default = getattr(getattr(operation, "field", None), "default", NOT_PROVIDED)
    return not callable(default) or default is NOT_PROVIDED
