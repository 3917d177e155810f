"""What `manage.py` runs: the scope for a command, chosen before Django sees it, and errors in one line.

`manage.py --firm HOST COMMAND` runs any command inside that firm; all others run in public scope.
Nothing heavy is imported before it is needed: a deploy with nothing to migrate ends before Django starts.
Django's and django-tenants' own commands that would go around our services are refused.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tenants.context import firm_scope, public_scope
from tenants.errors import InvalidInput, TenancyError, UnknownFirm

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from django.db.utils import DatabaseError

EXIT_FAILED = 1
EXIT_INPUT = 2
UNDEFINED_TABLE = "42P01"

_MIGRATE = "run `manage.py firms migrate`: public first, then every firm in waves"
_CREATE = "run `manage.py firm create NAME HOST --admin EMAIL`"
_INSIDE = "run `manage.py --firm HOST COMMAND`"
REFUSED = {
    "migrate": _MIGRATE,
    "migrate_schemas": _MIGRATE,
    "create_missing_schemas": _CREATE,
    "create_tenant": _CREATE,
    "clone_tenant": _CREATE,
    "rename_schema": "a schema's name is never shown and never changes",
    "delete_tenant": "run `manage.py firm delete HOST`",
    "create_domain": "run `manage.py firm domain add FIRM HOST`",
    "delete_domain": "run `manage.py firm domain remove HOST`",
    "create_tenant_superuser": "run `manage.py firm user add HOST EMAIL --administrator`",
    "createsuperuser": "run `manage.py operator add EMAIL`, or `manage.py firm user add HOST EMAIL --administrator`",
    "tenant_command": _INSIDE,
    "all_tenants_command": _INSIDE,
}


def main(argv: list[str]) -> int:
    """Run a management command in its scope. Returns the exit code."""
    # A command has one thread; a pool would only retry, for ten seconds, a database that is not there.
    os.environ.setdefault("DATABASE_POOL", "false")
    try:
        host, argv = _split_firm(argv)
        if len(argv) > 1 and argv[1] in REFUSED:
            raise InvalidInput(f"`{argv[1]}` is not used here: {REFUSED[argv[1]]}")
        if argv[1:] == ["firms", "migrate"] and _nothing_to_migrate():
            return 0
        return _run(host, argv)
    except TenancyError as error:
        sys.stderr.write(f"{error.args[0]} [{error.code}]\n")
        return EXIT_INPUT if isinstance(error, InvalidInput | UnknownFirm) else EXIT_FAILED


def _run(host: str, argv: list[str]) -> int:
    from django.core import management
    from django.core.exceptions import ImproperlyConfigured
    from django.db.utils import OperationalError, ProgrammingError

    try:
        with _scope(host):
            management.execute_from_command_line(argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error} [improperly_configured]\n")
        return EXIT_FAILED
    except (OperationalError, ProgrammingError) as error:
        message = _database_message(error)
        if not message:
            raise
        sys.stderr.write(message + "\n")
        return EXIT_FAILED
    return 0


def _nothing_to_migrate() -> bool:
    from tenants.quick_look import firms_up_to_date

    count = firms_up_to_date()
    if count is not None:
        sys.stdout.write(f"Nothing to do: public and {count} firms are up to date.\n")
    return count is not None


def _split_firm(argv: list[str]) -> tuple[str, list[str]]:
    """The host of a leading `--firm HOST` or `--firm=HOST`, and the command line without it."""
    if len(argv) < 2 or not argv[1].startswith("--firm"):
        return "", argv
    option, equals, host = argv[1].partition("=")
    if option != "--firm":
        return "", argv
    rest = argv[2:]
    if not equals:
        host, rest = (rest[0], rest[1:]) if rest else ("", [])
    if not host or not rest:
        raise InvalidInput("give a host and a command: manage.py --firm HOST COMMAND")
    return host, [argv[0], *rest]


def _scope(host: str) -> AbstractContextManager[object]:
    if not host:
        return public_scope()
    import django

    django.setup()
    from tenants.selectors import WITHOUT_SCHEMA, find_firm

    firm = find_firm(host)
    if firm.status in WITHOUT_SCHEMA:
        raise InvalidInput(f"{firm.name} is {firm.status}: it has no schema to work in")
    return firm_scope(firm.ref)


def _database_message(error: DatabaseError) -> str:
    """One line for an unreachable or empty database; empty for every other error."""
    if getattr(error.__cause__, "sqlstate", None) == UNDEFINED_TABLE:
        return "a table is missing: run `manage.py firms migrate` [schema_missing]"
    from django.db.utils import OperationalError

    if not isinstance(error, OperationalError) or getattr(error.__cause__, "sqlstate", None):
        return ""
    from django.db import connection

    settings = connection.settings_dict
    where = f"{settings.get('HOST') or 'the local socket'}:{settings.get('PORT') or 5432}"
    return (
        f"no database answers at {where}: nothing runs here. Start it with `make run`, "
        "or set DATABASE_URL [database_unreachable]"
    )
