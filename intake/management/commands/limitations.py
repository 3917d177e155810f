"""`manage.py limitations ...`: a firm's own table of limitation periods, for its staff alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from intake.limits.table import COLUMNS, EXAMPLES
from tenants.errors import InvalidInput
from tenants.management.base import OperatorCommand, actor, add_json

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from tenants.models import Firm


class Command(OperatorCommand):
    """FIRM is one of its hosts, its schema, or its exact name. Rows count once a person confirmed them in the admin."""

    help = "Import and list a firm's table of limitation periods."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        imported = acts.add_parser("import", help="take a CSV file in; its rows wait to be confirmed in the admin")
        imported.add_argument("firm")
        imported.add_argument("file", type=Path, help="columns: " + ", ".join(COLUMNS))
        add_json(imported)
        listed = acts.add_parser("list", help="the rows that are in the table now")
        listed.add_argument("firm")
        add_json(listed)
        acts.add_parser("examples", help="print the shipped examples, as a file to start from; they never count")

    def act(self, **options: Any) -> None:
        getattr(self, f"_{options['act']}")(options)

    def _import(self, options: dict[str, Any]) -> None:
        from intake.services.periods import import_table
        from tenants.context import firm_scope

        try:
            data = options["file"].read_bytes()
        except OSError as error:
            raise InvalidInput(f"{options['file']} cannot be read: {error.strerror or error}") from None
        firm = self._firm(options)
        with firm_scope(firm.ref):
            done = import_table(data, by=actor())
        if options["json"]:
            bad = [{"line": line, "why": why} for line, why in done.bad]
            self.emit_json(
                {"added": done.added, "replaced": done.replaced, "known": done.known, "kept": done.kept, "bad": bad}
            )
            return
        for line, why in done.bad:
            self.say(f"line {line}: {why}")
        self.say(
            f"{done.added} added ({done.replaced} in place of another), {done.known} known before, "
            f"{done.kept} examples left out, {len(done.bad)} bad. "
            "New rows count once somebody confirms them in the firm's admin."
        )

    def _list(self, options: dict[str, Any]) -> None:
        from intake.models import LimitationPeriod
        from tenants.context import firm_scope

        firm = self._firm(options)
        with firm_scope(firm.ref):
            rows = [
                {
                    "state": row.state, "area": row.area, "claim": row.claim, "period": f"{row.amount} {row.unit}",
                    "cite": row.cite, "status": status_of(row),
                }
                for row in LimitationPeriod.objects.filter(retired_at__isnull=True)
            ]  # fmt: skip
        if options["json"]:
            self.emit_json(rows)
            return
        self.emit_table(["state", "area", "claim", "period", "cite", "status"], [list(row.values()) for row in rows])

    def _examples(self, _options: dict[str, Any]) -> None:
        self.stdout.write(EXAMPLES.read_text("utf-8"), ending="")

    def _firm(self, options: dict[str, Any]) -> Firm:
        from tenants.context import public_scope
        from tenants.selectors import WITHOUT_SCHEMA, find_firm

        with public_scope():
            firm = find_firm(options["firm"])
        if firm.status in WITHOUT_SCHEMA:
            raise InvalidInput(f"{firm.name} is {firm.status}: it has no schema to work in")
        return firm


def status_of(row: Any) -> str:
    """Whether a row counts, in words."""
    if row.example:
        return "example, not verified"
    return "confirmed" if row.confirmed_at else "waits to be confirmed"
