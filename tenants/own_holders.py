"""What `tenants` itself keeps for a firm besides its shared rows, and how its deletion is made again."""

from __future__ import annotations

from tenants import deletions
from tenants.context import FirmRef
from tenants.holders import FirmHolder, register_holder


def register() -> None:
    """Called once, when the app is ready."""
    # A login of then is none of now: after a restore staff log in again.
    register_holder(FirmHolder("logins", transient=("django_session",)))
    deletions.register_replayer(deletions.FIRM, _firm)


def _firm(entry: deletions.Entry) -> list[str]:
    from tenants.services import replay_firm_deletion

    return replay_firm_deletion(ref=FirmRef(entry.firm, entry.schema), actor="replay of the log of deletions")
