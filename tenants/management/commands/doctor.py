"""`manage.py doctor`: what is wrong here, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.utils.module_loading import autodiscover_modules

from tenants.checkup import examine
from tenants.context import public_scope
from tenants.management.base import OperatorCommand, add_json

if TYPE_CHECKING:
    from argparse import ArgumentParser

MARKS = {"ok": "ok", "warning": "!", "error": "X"}


class Command(OperatorCommand):
    """Exit status 1 when something is an error; warnings alone are 0."""

    help = "Look at database, Redis, keys, schemas, files, models and ports; say what is wrong and how to mend it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json(parser)

    def act(self, **options: Any) -> None:
        autodiscover_modules("doctor")
        with public_scope():
            findings = examine()
        errors = [finding for finding in findings if finding.level == "error"]
        if options["json"]:
            self.emit_json([finding.as_dict() for finding in findings])
        for finding in [] if options["json"] else findings:
            self.say(f"{MARKS[finding.level]:>2}  {finding.subject}: {finding.message}")
            if finding.remedy:
                self.say(f"      {finding.remedy}")
        if errors:
            raise CommandError(f"{len(errors)} things to mend" if len(errors) > 1 else "one thing to mend")
