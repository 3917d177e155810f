"""Whether a deploy has anything to migrate, before Django's start: most deploys have not.

Reads each schema's own `django_migrations`, as `tenants.waves.survey` does, but imports no app and no
model: settings, file names, one or two plain connections. It answers only a plain yes; for everything
else (a firm behind, ahead or quarantined, an odd setting, no database) it answers None and the full
command finds out.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings

from tenants import contract
from tenants.fingerprint_sql import SCHEMAS_A_QUERY, fingerprint, fingerprints_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

# Planning for a thousand tables is the server's work, so two of its processes halve it.
CONNECTIONS = 2
FIRMS = """
    SELECT f.schema_name, coalesce(s.fingerprint, ''), coalesce(s.state, ''), coalesce(s.served, false)
    FROM public.tenants_firm f LEFT JOIN public.tenants_schemastate s ON s.firm_id = f.id
    WHERE f.status NOT IN ('provisioning', 'failed', 'deleting')
"""


def firms_up_to_date() -> int | None:
    """How many firms there are, when public and all of them have exactly what this code expects; else None."""
    if getattr(settings, "MIGRATION_MODULES", None):
        return None
    in_public, in_firm = (_fingerprints(tuple(a)) for a in (settings.SHARED_APPS, settings.TENANT_APPS))
    try:
        with psycopg.connect(**_parameters(), autocommit=True) as connection:
            firms = connection.execute(FIRMS).fetchall()
            if any(row[1] not in in_firm or row[2:] != ("ok", True) for row in firms):
                return None
            names = [str(row[0]) for row in firms]
            half = len(names) // CONNECTIONS if len(names) > SCHEMAS_A_QUERY else 0
            with ThreadPoolExecutor(1) as pool:
                other = pool.submit(_read_apart, names[:half]) if half else None
                found = _read(connection, ["public", *names[half:]])
                found += other.result() if other else []
    except psycopg.Error:
        return None
    read = dict(found)
    if read.pop("public") not in in_public or not set(read.values()) <= in_firm:
        return None
    return len(names)


def expected(apps: Sequence[str]) -> set[str]:
    """The migrations of these apps by their files' names; labels are the last parts of the apps' names.

    A test holds this against what Django's app registry says.
    """
    found: set[str] = set()
    for app in apps:
        package, *rest = app.split(".")
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            files = Path(folder, *rest, "migrations").glob("*.py")
            label = app.rpartition(".")[2]
            found.update(f"{label}.{file.stem}" for file in files if file.stem[0] not in "_~")
    return found


def _fingerprints(apps: Sequence[str]) -> set[str]:
    """What is up to date: with or without this release's contract steps."""
    known = expected(apps)
    return {fingerprint(known), fingerprint(contract.expanding(known))}


def _read_apart(schemas: list[str]) -> list[tuple[str, str]]:
    with psycopg.connect(**_parameters(), autocommit=True) as connection:
        return _read(connection, schemas)


def _read(connection: psycopg.Connection[Any], schemas: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for start in range(0, len(schemas), SCHEMAS_A_QUERY):
        found += connection.execute(fingerprints_sql(schemas[start : start + SCHEMAS_A_QUERY])).fetchall()
    return found


def _parameters() -> dict[str, Any]:
    database = settings.DATABASES["default"]
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    options = {k: v for k, v in database.get("OPTIONS", {}).items() if k not in ("pool", "prepare_threshold")}
    return {"connect_timeout": 10, **options, **{k: database[v] for k, v in names.items() if database.get(v)}}
