"""`manage.py conflicts ...`: try names against a firm's index or each other; import lists of parties."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from intake.conflicts.lines import answered
from tenants.management.base import OperatorCommand

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(OperatorCommand):
    """FIRM is one of its hosts, its schema, or its exact name."""

    help = "Compare names, search a firm's parties, and import lists of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        tried = acts.add_parser("try", help="compare pairs, or search a firm: JSON lines in, JSON lines out")
        tried.add_argument("firm", nargs="?", default="", help="needed for lines with one name alone")
        tried.add_argument("--json", action="store_true", help="print JSON (it always does)")

    def act(self, **options: Any) -> None:
        getattr(self, f"_{options['act']}")(options)

    def _try(self, options: dict[str, Any]) -> None:
        from intake.conflicts.firm_search import searcher

        if hasattr(sys.stdin, "reconfigure"):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        for found in answered(sys.stdin, searcher(options["firm"])):
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            self.stdout.flush()
