"""`manage.py template build|check`: the SQL that a new firm is made from (`make template`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from tenants import template
from tenants.management.base import OperatorCommand

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(OperatorCommand):
    """Needs a PostgreSQL 18 that it may create a schema in."""

    help = "Build tenants/template.sql from the migrations, or check that it is theirs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("build", help="migrate a scratch schema from zero and write the artefact")
        acts.add_parser("check", help="exit 1 when the artefact is not what a build would write")

    def act(self, **options: Any) -> None:
        built = template.build()
        if options["act"] == "build":
            template.TEMPLATE_FILE.write_text(built)
            self.say(f"{template.TEMPLATE_FILE} written: {built.count(chr(10))} lines")
        elif not template.TEMPLATE_FILE.exists() or template.TEMPLATE_FILE.read_text() != built:
            raise CommandError(f"tenants/template.sql is not what the migrations make: {template.REBUILD}")
        else:
            self.say("tenants/template.sql is what the migrations make")
