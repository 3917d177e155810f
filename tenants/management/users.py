"""Accounts as they are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tenants.accounts.models import User
    from tenants.management.base import OperatorCommand


def print_users(command: OperatorCommand, users: Iterable[User], *, as_json: bool) -> None:
    """A table, or JSON."""
    rows = [_row(user) for user in users]
    if as_json:
        command.emit_json(rows)
        return
    command.emit_table(
        ("E-MAIL", "ROLE", "STATE", "LAST LOG-IN"),
        [(row["email"], row["role"], row["state"], row["last_login"] or "-") for row in rows],
    )


def _row(user: User) -> dict[str, Any]:
    state = "active" if user.has_usable_password() else "no password yet"
    return {
        "email": user.email,
        "name": user.name,
        "role": "administrator" if user.is_superuser else "staff",
        "state": state if user.is_active else "disabled",
        "last_login": user.last_login.isoformat(timespec="minutes") if user.last_login else None,
    }
