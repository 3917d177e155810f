"""Which migrations a schema has, as one hash: finding who is behind costs one query for all firms.

Migrations are named "app.name". What this code expects is read from the files' names alone, without
importing them; what a schema has is read from its own `django_migrations`.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import connections

from tenants import contract, fingerprint_sql
from tenants.context import public_scope
from tenants.fingerprint_sql import fingerprint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "Applied",
    "applied_by_fingerprint",
    "expected_in_firm",
    "expected_in_public",
    "fingerprint",
    "firm_labels",
    "known_in_firm",
    "known_in_public",
    "public_labels",
    "read_applied",
    "read_fingerprints",
]

Applied = frozenset[str]


def firm_labels() -> frozenset[str]:
    """Labels of the apps that live in a firm's schema."""
    return _labels(tuple(settings.TENANT_APPS))


def public_labels() -> frozenset[str]:
    """Labels of the apps that live in `public`."""
    return _labels(tuple(settings.SHARED_APPS))


def expected_in_firm() -> Applied:
    """The migrations that a firm's schema must have under this code: all but this release's contract steps."""
    return contract.expanding(_expected(firm_labels()))


def expected_in_public() -> Applied:
    """The migrations that `public` must have under this code: all but this release's contract steps."""
    return contract.expanding(_expected(public_labels()))


def known_in_firm() -> Applied:
    """The migrations that a firm's schema may have under this code, contract steps too."""
    return _expected(firm_labels())


def known_in_public() -> Applied:
    """The migrations that `public` may have under this code, contract steps too."""
    return _expected(public_labels())


def read_fingerprints(schemas: Collection[str], *, shard: str = "default") -> dict[str, str]:
    """Fingerprint of each schema that has a `django_migrations`; the others are left out."""
    names = sorted(set(_with_migrations(shard)).intersection(schemas))
    found: dict[str, str] = {}
    for start in range(0, len(names), fingerprint_sql.SCHEMAS_A_QUERY):
        chunk = names[start : start + fingerprint_sql.SCHEMAS_A_QUERY]
        with public_scope(), connections[shard].cursor() as cursor:
            cursor.execute(fingerprint_sql.fingerprints_sql(chunk))
            found.update(cursor.fetchall())
    return found


def read_applied(schema: str, *, shard: str = "default") -> Applied:
    """The migrations a schema has. Empty when it has no `django_migrations`."""
    if schema not in _with_migrations(shard):
        return frozenset()
    with public_scope(), connections[shard].cursor() as cursor:
        cursor.execute(f"SELECT app || '.' || name FROM \"{fingerprint_sql.safe_schema(schema)}\".django_migrations")  # noqa: S608 - checked name
        return frozenset(name for (name,) in cursor.fetchall())


def applied_by_fingerprint(fingerprints: Mapping[str, str], *, shard: str = "default") -> dict[str, Applied]:
    """The applied set behind each distinct fingerprint: one query for each, not for each schema."""
    known = {fingerprint(applied): applied for applied in (expected_in_firm(), known_in_firm())}
    for schema, value in fingerprints.items():
        if value not in known:
            known[value] = read_applied(schema, shard=shard)
    return known


def _with_migrations(shard: str) -> list[str]:
    with public_scope(), connections[shard].cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relname = 'django_migrations' AND c.relkind = 'r'"
        )
        return [name for (name,) in cursor.fetchall()]


@cache
def _labels(names: tuple[str, ...]) -> frozenset[str]:
    wanted = set(names)
    return frozenset(config.label for config in apps.get_app_configs() if config.name in wanted)


@cache
def _expected(labels: frozenset[str]) -> Applied:
    found: set[str] = set()
    for label in labels:
        module = _migrations_module(label)
        if module is not None:
            found.update(f"{label}.{name}" for name in _file_names(module))
    return frozenset(found)


def _migrations_module(label: str) -> str | None:
    overrides = getattr(settings, "MIGRATION_MODULES", {})
    name = overrides.get(label, f"{apps.get_app_config(label).name}.migrations")
    try:
        import_module(name)
    except ModuleNotFoundError:
        return None
    return str(name)


def _file_names(module: str) -> list[str]:
    # Without a path it is a plain module, which Django takes for an app without migrations.
    path = getattr(import_module(module), "__path__", [])
    return [name for _, name, is_package in pkgutil.iter_modules(path) if not is_package and name[0] not in "_~"]
