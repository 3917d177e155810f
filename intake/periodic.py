"""What the scheduler's leader does for the conversation: the conflict index has everybody who was ever named."""

from __future__ import annotations

import logging
from typing import Final

from django.db import DatabaseError

from intake.conflicts import entries
from tenants import directory
from tenants.context import firm_scope, public_scope
from tenants.errors import FirmUnavailable, TenancyError
from tenants.models import Firm
from tenants.periodic import register

logger = logging.getLogger(__name__)

INDEX_SECONDS: Final = 900.0


def index_parties() -> int:
    """Index, in every firm that is served, what an earlier release wrote or other rules made. Returns how many."""
    with public_scope():
        ids = list(Firm.objects.filter(status=Firm.Status.READY).values_list("id", flat=True))
    done = 0
    for firm_id in ids:
        try:
            entry = directory.resolve_firm(firm_id)
            entry.check_served()
            with firm_scope(entry.ref):
                done += entries.reindex()
        except FirmUnavailable:
            continue
        except (DatabaseError, TenancyError) as error:
            # One firm's bad day is not the others'.
            logger.warning("parties_not_indexed", extra={"firm": str(firm_id), "error": type(error).__name__})
    return done


register("conflict-index", INDEX_SECONDS, index_parties)
