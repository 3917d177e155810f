"""What the tenancy commands share: errors as one line, `--json`, who acts, tables."""

from __future__ import annotations

import getpass
import json
import socket
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.errors import InvalidInput, TenancyError, UnknownFirm

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable, Sequence

    from tenants.models import Firm

EXIT_FAILED = 1
EXIT_INPUT = 2


class OperatorCommand(BaseCommand):
    """Runs `act`; a TenancyError becomes one line with its code, exit status 2 for input, else 1."""

    # The checks load every URL map; `manage.py check` runs them.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Call `act` and turn our errors into messages."""
        try:
            self.act(**options)
        except TenancyError as error:
            wrong_input = isinstance(error, InvalidInput | UnknownFirm)
            message = f"{error.args[0]} [{error.code}]"
            raise CommandError(message, returncode=EXIT_INPUT if wrong_input else EXIT_FAILED) from error
        return None

    def act(self, **options: Any) -> None:
        """What the command does."""
        raise NotImplementedError

    def say(self, line: str = "") -> None:
        """A line on stdout."""
        self.stdout.write(line)

    def emit_json(self, value: Any) -> None:
        """`value` on stdout, for programs."""
        self.stdout.write(json.dumps(value, indent=2))

    def emit_table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Columns as wide as they need to be."""
        lines = [list(heads), *(list(row) for row in rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
        for line in lines:
            self.say("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def add_json(parser: ArgumentParser) -> None:
    """The `--json` switch of commands that list."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def firm_with_schema(text: str) -> Firm:
    """The firm that an operator named by one of its hosts, its schema or its exact name.

    Raises UnknownFirm; InvalidInput: it has no schema to work in.
    """
    from tenants.context import public_scope
    from tenants.selectors import WITHOUT_SCHEMA, find_firm

    with public_scope():
        firm = find_firm(text)
    if firm.status in WITHOUT_SCHEMA:
        raise InvalidInput(f"{firm.name} is {firm.status}: it has no schema to work in")
    return firm


def actor() -> str:
    """Who runs this command, for the operators' log: account@machine."""
    return f"{getpass.getuser()}@{socket.gethostname()}"[:200]


def address(host: str, path: str = "/") -> str:
    """Where a host of ours answers: what `make run` listens on, else https."""
    port = getattr(settings, "RUNNING", {}).get("port")
    return f"http://{host}:{port}{path}" if port else f"https://{host}{path}"
