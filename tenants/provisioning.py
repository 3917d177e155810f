"""Firms' schemas: made, filled and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from tenants.context import firm_scope, public_scope

if TYPE_CHECKING:
    from tenants.context import FirmRef


def migrate_public() -> None:
    """Bring the shared tables to this release's migrations."""
    with public_scope():
        _migrate("default")


def create_schema_by_migrating(ref: FirmRef) -> None:
    """Create a firm's schema and run every migration in it: slow, and what a replay is checked against."""
    with public_scope(), connections[ref.shard].cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {ref.schema}")
    with firm_scope(ref):
        _migrate(ref.shard)


def drop_schema(ref: FirmRef) -> None:
    """Drop a firm's schema with all that is in it; nothing happens when there is none."""
    with public_scope(), connections[ref.shard].cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {ref.schema} CASCADE")


def _migrate(alias: str) -> None:
    """Run the scope's missing migrations, and Django's own follow-up (content types, permissions)."""
    connection = connections[alias]
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    before = executor._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined]
    emit_pre_migrate_signal(0, False, alias, apps=before.apps, plan=plan)
    after = executor.migrate(executor.loader.graph.leaf_nodes(), plan=plan, state=before.clone())
    after.clear_delayed_apps_cache()
    emit_post_migrate_signal(0, False, alias, apps=after.apps, plan=plan)
