"""What can be wrong with the database, Redis, the keys and the schemas, and how to mend it.

`manage.py doctor` imports the `doctor` module of every app; each registers its checks.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import Error, connection
from redis.exceptions import RedisError

from tenants import deletions, keys, template, waves, window
from tenants.checkup import Finding, register_check
from tenants.errors import TenancyError
from tenants.models import Firm
from tenants.redis import broker_redis, cache_redis, journal_redis
from tenants.redis_address import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

CLOCK_SECONDS = 2.0
REPORTS_SEARCH_PATH = 18
OLDEST_POSTGRES = 15
RUN = "Start everything with `make run`"
MIGRATE = "Run `manage.py firms migrate`."


def database() -> list[Finding]:
    """Reachable, new enough, and telling its search path."""
    subject = "database"
    target = connection.settings_dict
    where = f"{target.get('HOST') or 'local socket'}:{target.get('PORT') or 5432}/{target.get('NAME')}"
    try:
        connection.ensure_connection()
    except Error as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return [Finding(subject, "error", f"nothing answers at {where}: {first}", f"{RUN}, or set DATABASE_URL.")]
    version = connection.connection.info.server_version // 10000
    found = [Finding(subject, "ok", f"PostgreSQL {version} at {where}")]
    if version < OLDEST_POSTGRES:
        return [Finding(subject, "error", f"PostgreSQL {version} is too old", "Use PostgreSQL 18.")]
    if connection.connection.info.parameter_status("search_path") is None:
        remedy = "Use PostgreSQL 18; behind a pooler, let it track search_path."
        found.append(Finding(subject, "warning", "it does not report search_path: one SET at every statement", remedy))
    drift = _clock_drift()
    if abs(drift) > CLOCK_SECONDS:
        remedy = "Keep both clocks with NTP: tickets and leases are short."
        found.append(Finding("clock", "error", f"this machine and the database differ by {drift:.1f} s", remedy))
    else:
        found.append(Finding("clock", "ok", "this machine and the database agree"))
    return found


def schemas() -> list[Finding]:
    """Public and firms up to date, in the window, none quarantined or half made."""
    if not _database_answers():
        return []
    missing = waves.public_missing()
    if missing:
        return [Finding("schemas", "error", f"public lacks {len(missing)} migrations", MIGRATE)]
    found = []
    standings = waves.survey()
    for standing in standings:
        name = f"{standing.firm.name} ({standing.firm.schema_name})"
        outside = not window.serves(standing.applied)
        if standing.quarantined:
            remedy = f"Mend the cause, then `manage.py firms migrate --only {standing.firm.schema_name}`."
            found.append(Finding("schemas", "error", f"{name} is quarantined: {standing.state.error}", remedy))
        elif standing.missing:
            message = f"{name} lacks {len(standing.missing)} migrations" + (" and answers 503" if outside else "")
            found.append(Finding("schemas", "error" if outside else "warning", message, MIGRATE))
    for firm in Firm.objects.filter(status=Firm.Status.FAILED):
        remedy = "`manage.py firm retry FIRM --admin EMAIL`, or `firm delete`."
        found.append(Finding("firms", "error", f"{firm.name} was not provisioned: {firm.status_reason}", remedy))
    found.extend(
        Finding("firms", "warning", f"{firm.name} is half deleted", "Run `manage.py firm delete` again.")
        for firm in Firm.objects.filter(status=Firm.Status.DELETING)
    )
    return found or [Finding("schemas", "ok", f"public and {len(standings)} firms are up to date")]


def new_firms() -> list[Finding]:
    """The template is of this code."""
    problem = template.problem()
    if problem:
        return [Finding("template", "error", problem, "Until then no firm can be created.")]
    return [Finding("template", "ok", "new firms are made from this code's migrations")]


def master_key() -> list[Finding]:
    """Configured, well formed, and the one that wrapped every stored key."""
    if not _database_answers() or waves.public_missing():
        return []
    try:
        keys.check_master_key()
    except TenancyError as error:
        return [Finding("master key", "error", str(error), "Without it no conversation can be read or written.")]
    return [Finding("master key", "ok", "opens every firm's keys")]


def redis_roles() -> list[Finding]:
    """Each role reachable, and set so that it keeps what it must."""
    wanted: list[tuple[str, str, Callable[[], redis.Redis], dict[str, str]]] = [
        ("broker", settings.REDIS_BROKER_URL, broker_redis, {"appendonly": "yes", "maxmemory-policy": "noeviction"}),
        (
            "journal",
            settings.REDIS_JOURNAL_URL,
            journal_redis,
            {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"},
        ),
        ("cache", settings.REDIS_CACHE_URL, cache_redis, {"maxmemory-policy": "allkeys-lru"}),
    ]
    return [finding for role, url, client, policies in wanted for finding in _redis_role(role, url, client, policies)]


def media() -> list[Finding]:
    """Recordings can be written."""
    folder = Path(settings.MEDIA_ROOT)
    # A folder that is not there yet is made at the first recording, in the nearest one that is.
    probe = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not os.access(probe, os.W_OK):
        return [
            Finding("files", "error", f"{folder} cannot be written", "Give this account the folder, or set MEDIA_ROOT.")
        ]
    return [Finding("files", "ok", f"{folder} can be written")]


def deletion_log() -> list[Finding]:
    """Whole, and can be written: without it no firm can be deleted, and no restore ends."""
    path = deletions.log_path()
    try:
        count = len(deletions.entries())
    except TenancyError as error:
        return [Finding("deletions", "error", str(error), "Until then no firm can be deleted.")]
    probe = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    if not os.access(probe, os.W_OK):
        remedy = "Give this account the file, or set DELETIONS_LOG."
        return [Finding("deletions", "error", f"{path} cannot be written", remedy)]
    return [Finding("deletions", "ok", f"{path} is whole, {count} lines")]


def _redis_role(role: str, url: str, client: Callable[[], Any], policies: dict[str, str]) -> list[Finding]:
    subject, where = f"redis {role}", parse(url).place
    variable = f"REDIS_{role.upper()}_URL"
    try:
        client().ping()
    except (RedisError, OSError) as error:
        message = f"nothing answers at {where} ({type(error).__name__})"
        return [Finding(subject, "error", message, f"{RUN}, or set {variable}.")]
    try:
        found = {name: str(client().config_get(name).get(name, "")) for name in policies}
    except RedisError:
        remedy = f"Look yourself: {', '.join(f'{name} {value}' for name, value in policies.items())}."
        return [Finding(subject, "warning", f"{where} does not tell its configuration", remedy)]
    wrong = {name: value for name, value in policies.items() if found[name] != value}
    if not wrong:
        return [Finding(subject, "ok", f"at {where}, {', '.join(policies.values())}")]
    message = ", ".join(f"{name} is {found[name] or 'unset'}" for name in wrong)
    remedy = "Set " + ", ".join(f"`{name} {value}`" for name, value in wrong.items()) + "."
    # A cache that never evicts only fills up; a broker or journal that forgets loses what was acknowledged.
    return [Finding(subject, "warning" if role == "cache" else "error", f"at {where}, {message}", remedy)]


def _database_answers() -> bool:
    try:
        connection.ensure_connection()
    except Error:
        return False  # `database` has said so
    return True


def _clock_drift() -> float:
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        row = cursor.fetchone()
    middle = (before + time.time()) / 2
    return float(row[0]) - middle if row else 0.0


for _subject, _check in (
    ("database", database),
    ("schemas", schemas),
    ("template", new_firms),
    ("master key", master_key),
    ("redis", redis_roles),
    ("files", media),
    ("deletions", deletion_log),
):
    register_check(_subject, _check)
