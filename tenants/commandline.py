"""What `manage.py` runs: the firm or public scope for a command, chosen before Django sees it."""

from __future__ import annotations

from django.core.management import execute_from_command_line

from tenants.context import public_scope


def main(argv: list[str]) -> int:
    """Run a management command in public scope. Returns the exit code."""
    with public_scope():
        execute_from_command_line(argv)
    return 0
