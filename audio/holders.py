"""What the voice keeps for a firm outside its schema and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio import journal
from audio.recordings import export_masters, reseal_masters, restore_masters, verify_masters
from tenants.context import firm_scope
from tenants.holders import FirmHolder, register_holder

if TYPE_CHECKING:
    from tenants.context import FirmRef


def register_holders() -> None:
    """Called once, when the app is ready."""
    register_holder(FirmHolder("voice journal", delete=_delete_journal))
    register_holder(
        FirmHolder(
            "recordings",
            reseal=reseal_masters,
            verify=verify_masters,
            export=export_masters,
            restore=restore_masters,
        )
    )


def _delete_journal(ref: FirmRef) -> str:
    with firm_scope(ref):
        return f"{journal.discard_firm()} names in the journal"
