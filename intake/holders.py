"""What the conversation holds for a firm: rows in its schema, which go with the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.holders import FirmHolder, register_holder

if TYPE_CHECKING:
    from tenants.context import FirmRef


def register() -> None:
    """Add this app to the registry. Its ciphertexts are found by their sealed columns."""
    register_holder(FirmHolder(name="conversations", delete=_delete, verify=_verify))


def _delete(_ref: FirmRef) -> str:
    return "intakes, turns, facts, parties, consents, conflict checks and audit events, with the schema"


def _verify(_ref: FirmRef) -> list[str]:
    """Called inside the firm's scope: one line for each audit chain that does not hold."""
    from intake import audit
    from intake.models import FIRM_CHAIN

    return [
        f"{'the firm' if one.chain == FIRM_CHAIN else f'intake {one.chain}'}: {one.problem}"
        for one in audit.verify()
        if not one.holds
    ]
