"""Firms by the dozen inside a test's transaction, and a next release for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import override_settings

from tenants import fingerprints, provisioning
from tenants.context import public_scope
from tenants.models import Domain, Firm


def make_firms(count: int) -> list[Firm]:
    """Ready firms with replayed schemas and hosts `many-<i>.localhost`; every other firm is set aside."""
    with public_scope():
        Firm.objects.update(status=Firm.Status.FAILED)
        firms = [Firm(name=f"Firm {i:02}", schema_name=f"t_many{i}", status="ready") for i in range(count)]
        Firm.objects.bulk_create(firms)
        Domain.objects.bulk_create(Domain(domain=f"many-{i}.localhost", tenant=firm) for i, firm in enumerate(firms))
        for firm in firms:
            provisioning.create_schema_by_replay(firm.ref)
            provisioning.record_fresh_schema(firm)
    return firms


@contextmanager
def release(name: str) -> Iterator[None]:
    """This code, had it the migrations of `tests.tenants.releases.<name>` too."""
    with override_settings(MIGRATION_MODULES={"sessions": f"tests.tenants.releases.{name}"}):
        fingerprints._expected.cache_clear()
        try:
            yield
        finally:
            fingerprints._expected.cache_clear()


def execute(schema: str, sql: str) -> Any:
    """A statement with `{s}` for the schema; its rows, if it has any."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(sql.replace("{s}", schema))
        return cursor.fetchall() if cursor.description else None


def break_firm(firm: Firm) -> None:
    """Make the next release's migration fail in this firm: the column it adds is there already."""
    execute(firm.schema_name, "ALTER TABLE {s}.django_session ADD COLUMN note integer")


def mend_firm(firm: Firm) -> None:
    """Undo `break_firm`."""
    execute(firm.schema_name, "ALTER TABLE {s}.django_session DROP COLUMN note")
