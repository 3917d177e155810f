"""`manage.py conflicts ...`: try names against a firm's index or each other; import lists of parties."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intake.conflicts.lines import COLUMNS, answered
from tenants.errors import InvalidInput
from tenants.management.base import OperatorCommand, add_json

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from tenants.models import Firm

_BAR = 40


class Command(OperatorCommand):
    """FIRM is one of its hosts, its schema, or its exact name."""

    help = "Compare names, search a firm's parties, and import lists of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        tried = acts.add_parser("try", help="compare pairs, or search a firm: JSON lines in, JSON lines out")
        tried.add_argument("firm", nargs="?", default="", help="needed for lines with one name alone")
        tried.add_argument("--json", action="store_true", help="print JSON (it always does)")

        imported = acts.add_parser("import", help="add a list of parties: CSV, UTF-8 or Latin-1")
        imported.add_argument("firm")
        imported.add_argument("file", type=Path, help="columns: " + ", ".join(COLUMNS))
        add_json(imported)
        reindexed = acts.add_parser("reindex", help="index what is missing, and anew what older rules made")
        reindexed.add_argument("firm")

    def act(self, **options: Any) -> None:
        getattr(self, f"_{options['act']}")(options)

    def _try(self, options: dict[str, Any]) -> None:
        from intake.conflicts.firm_search import searcher

        if hasattr(sys.stdin, "reconfigure"):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        for found in answered(sys.stdin, searcher(options["firm"])):
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            self.stdout.flush()

    def _import(self, options: dict[str, Any]) -> None:
        from intake.conflicts.importing import import_file
        from tenants.context import firm_scope

        began = time.monotonic()
        firm = self._firm(options)
        with firm_scope(firm.ref):
            done = import_file(options["file"], progress=self._progress)
        if options["json"]:
            bad = [{"line": row.line, "why": row.why} for row in done.told]
            self.emit_json({"added": done.added, "known": done.known, "bad": done.bad, "bad_rows": bad})
            return
        for row in done.told:
            self.say(f"line {row.line}: {row.why}")
        if done.bad > len(done.told):
            self.say(f"... and {done.bad - len(done.told)} more")
        took = time.monotonic() - began
        self.say(f"{done.added} added, {done.known} known before, {done.bad} bad, in {took:.0f} s.")

    def _reindex(self, options: dict[str, Any]) -> None:
        from intake.conflicts.entries import reindex
        from tenants.context import firm_scope

        firm = self._firm(options)
        with firm_scope(firm.ref):
            self.say(f"{reindex()} indexed at {firm.name}.")

    def _firm(self, options: dict[str, Any]) -> Firm:
        from tenants.context import public_scope
        from tenants.selectors import WITHOUT_SCHEMA, find_firm

        with public_scope():
            firm = find_firm(options["firm"])
        if firm.status in WITHOUT_SCHEMA:
            raise InvalidInput(f"{firm.name} is {firm.status}: it has no schema to work in")
        return firm

    def _progress(self, done: int, total: int) -> None:
        """A bar on a terminal; a line at each tenth elsewhere."""
        share = done / max(1, total)
        if sys.stderr.isatty():
            filled = round(share * _BAR)
            end = "\n" if done >= total else ""
            self.stderr.write(f"\r[{'#' * filled}{'.' * (_BAR - filled)}] {share:4.0%}", ending=end)
            self.stderr.flush()
        elif int(share * 10) > self._tenths:
            self._tenths = int(share * 10)
            self.stderr.write(f"{share:.0%}")

    _tenths = 0
