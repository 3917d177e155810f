"""`manage.py operator add|list|disable|reset-password`: who may use the operators' admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from tenants.accounts import services as accounts
from tenants.context import public_scope
from tenants.management.base import OperatorCommand, actor, add_json, address
from tenants.management.users import print_users
from tenants.services import record_operator_act

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(OperatorCommand):
    """Operators live in `public` and log in on the operator host."""

    help = "Operators: add (prints a one-time link to set a password), list, disable, reset-password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for act in ("add", "disable", "reset-password"):
            acts.add_parser(act).add_argument("email")
        add_json(acts.add_parser("list"))

    def act(self, **options: Any) -> None:
        with public_scope():
            self._act(options["act"], options)

    def _act(self, act: str, options: dict[str, Any]) -> None:
        if act == "list":
            print_users(self, accounts.users(), as_json=options["json"])
            return
        email = options["email"]
        if act == "disable":
            accounts.disable_user(email=email)
            self.say(f"{email} can no longer log in.")
        else:
            make = accounts.add_administrator if act == "add" else accounts.reset_password
            path = make(email=email)
            self.say(f"Set a password (once, within 3 days): {address(settings.OPERATOR_HOST, path)}")
        record_operator_act(actor=actor(), action=f"operator.{act.replace('-', '_')}", email=email)
