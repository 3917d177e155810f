"""`manage.py scheduler`: run every app's periodic work, when this one leads."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from legal_intake.process import until_told_to_stop
from legal_intake.scheduler import run_until


class Command(BaseCommand):
    """Any number may run; one leads."""

    help = "Run periodic work until SIGTERM or Ctrl-C. Any number may run; one of them leads."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Schedule until told to stop."""
        run_until(until_told_to_stop())
