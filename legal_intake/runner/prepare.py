"""What the runner does inside Django, in a process of its own: migrate, make the demo firms.

    python -m legal_intake.runner.prepare

Can be run again at any time; what is there stays. Generated passwords go to `passwords.txt` (0600).
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from legal_intake.process import prepare as prepare_process
from legal_intake.settings.env import DATA_DIR

if TYPE_CHECKING:
    from tenants.context import FirmRef

ACTOR = "make run"


@dataclass(frozen=True, slots=True)
class Account:
    """A log-in of the demo: where, as whom, with what."""

    host: str
    email: str
    password: str


DEMO_FIRMS = {
    "harbor.localhost": ("Harbor Law", "#2f5d62"),
    "summit.localhost": ("Summit Legal", "#5a4a78"),
}
# Development only: what a newcomer types first answers with the first demo firm.
ALIAS = "localhost"


def read_accounts(file: Path) -> list[Account]:
    """The accounts written down before; empty when there is no file."""
    if not file.exists():
        return []
    lines = (line.split() for line in file.read_text().splitlines() if not line.startswith("#"))
    return [Account(*parts) for parts in lines if len(parts) == 3]


def write_accounts(file: Path, accounts: list[Account]) -> None:
    """Write them down for this account's eyes alone."""
    from legal_intake.runner.places import write_private

    lines = ["# Log-ins of the demo: host, e-mail address, password. Delete the file for new passwords."]
    lines += [f"{account.host} {account.email} {account.password}" for account in accounts]
    write_private(file, "\n".join(lines) + "\n")


def main() -> int:
    """Migrate and make what is missing."""
    prepare_process("prepare")
    from django.conf import settings
    from django.core.management import call_command

    from legal_intake.runner.places import Places
    from tenants.context import firm_scope, public_scope

    with public_scope():
        call_command("firms", "migrate", verbosity=0)
    places = Places(DATA_DIR)
    accounts = read_accounts(places.passwords)
    known = {account.email for account in accounts}
    for host, (name, accent) in DEMO_FIRMS.items():
        email = f"staff@{host}"
        ref = _demo_firm(host, name, accent, email)
        if host == next(iter(DEMO_FIRMS)):
            _alias(ref)
        if email not in known:
            with firm_scope(ref):
                accounts.append(Account(host, email, _set_password(email)))
    email = f"operator@{settings.OPERATOR_HOST}"
    if email not in known:
        with public_scope():
            accounts.append(Account(settings.OPERATOR_HOST, email, _set_password(email)))
    if len(accounts) > len(known):
        write_accounts(places.passwords, accounts)
    return 0


def _demo_firm(host: str, name: str, accent: str, email: str) -> FirmRef:
    """The firm on this host, made or taken up again when it was cut off."""
    from tenants import services
    from tenants.context import public_scope
    from tenants.models import Domain, Firm

    with public_scope():
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
    if domain is None:
        return services.create_firm(name=name, host=host, admin_email=email, actor=ACTOR, accent=accent).firm.ref
    firm: Firm = domain.tenant
    if firm.status in (Firm.Status.FAILED, Firm.Status.PROVISIONING):
        return services.retry_firm(firm=firm, admin_email=email, actor=ACTOR).firm.ref
    return firm.ref


def _alias(ref: FirmRef) -> None:
    """Let the firm answer on `ALIAS` too, unless something does already."""
    from tenants import services
    from tenants.context import public_scope
    from tenants.models import Domain, Firm

    with public_scope():
        if Domain.objects.filter(domain=ALIAS).exists():
            return
        firm = Firm.objects.get(pk=ref.id)
    services.add_domain(firm=firm, host=ALIAS, actor=ACTOR)


def _set_password(email: str) -> str:
    """Give the account of the current scope a new password; makes the account when there is none."""
    from tenants.accounts import services
    from tenants.accounts.models import User

    if not User.objects.filter(email=email).exists():
        services.add_administrator(email=email)
    password = secrets.token_urlsafe(12)
    user = services.user_by_email(email)
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


if __name__ == "__main__":
    sys.exit(main())
