"""Firms' schemas: made, filled and removed. A whole firm is made by `tenants.firms.create_firm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections, transaction
from django.utils import timezone

from tenants import fingerprints, template, window
from tenants.context import firm_scope, public_scope
from tenants.errors import TenancyError
from tenants.migrating import migrate_schema
from tenants.models import SchemaState

if TYPE_CHECKING:
    from tenants.context import FirmRef
    from tenants.models import Firm


class SchemaMismatch(TenancyError):
    """A fresh schema does not have the migrations that this code expects."""

    code = "schema_mismatch"


def migrate_public() -> None:
    """Bring the shared tables to this release's migrations."""
    with public_scope():
        migrate_schema()


def create_schema_by_migrating(ref: FirmRef) -> None:
    """Create a firm's schema and run every migration in it: slow, and what a replay is checked against."""
    with public_scope(), connections[ref.shard].cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {ref.schema}")
    with firm_scope(ref):
        migrate_schema()


def create_schema_by_replay(ref: FirmRef) -> None:
    """Create a firm's schema from the template's SQL, in one transaction, and check what it has.

    Raises:
        TemplateError: the template is missing or not of this code.
        SchemaMismatch: the schema's own `django_migrations` is not what this code expects.
    """
    with firm_scope(ref), transaction.atomic(using=ref.shard):
        template.replay()
        with connections[ref.shard].cursor() as cursor:
            cursor.execute("SELECT app || '.' || name FROM django_migrations")
            applied = [name for (name,) in cursor.fetchall()]
        if fingerprints.fingerprint(applied) != fingerprints.fingerprint(fingerprints.expected_in_firm()):
            raise SchemaMismatch(f"the new schema is not of this code's migrations: {template.REBUILD}")


def record_fresh_schema(firm: Firm) -> None:
    """Write down that the firm's schema has all that this code expects. Call in public scope."""
    applied = fingerprints.expected_in_firm()
    SchemaState.objects.update_or_create(
        firm=firm,
        defaults={
            "state": SchemaState.State.OK,
            "fingerprint": fingerprints.fingerprint(applied),
            "applied": sorted(applied),
            "served": window.serves(applied),
            "error": "",
            "checked_at": timezone.now(),
        },
    )


def drop_schema(ref: FirmRef) -> None:
    """Drop a firm's schema with all that is in it; nothing happens when there is none."""
    with public_scope(), connections[ref.shard].cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {ref.schema} CASCADE")
