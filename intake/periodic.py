"""What the scheduler's leader does for the conversation: the conflict index has everybody who was ever named, stops
that nobody decides about raise an alert, and declinations are sent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from django.db import DatabaseError

from intake.conflicts import entries
from intake.services import refusing, waiting
from tenants import directory
from tenants.context import firm_scope, public_scope
from tenants.errors import FirmUnavailable, TenancyError
from tenants.models import Firm
from tenants.periodic import register

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

INDEX_SECONDS: Final = 900.0
STOPS_SECONDS: Final = 300.0
DECLINATIONS_SECONDS: Final = 60.0


def index_parties() -> int:
    """Index, in every firm that is served, what an earlier release wrote or other rules made. Returns how many."""
    return _in_every_firm(entries.reindex, "parties_not_indexed")


def alert_of_stops() -> int:
    """Raise an alert for each stop that nobody has decided about within its firm's limit. Returns how many."""
    return _in_every_firm(waiting.alert_of_stops, "stops_not_looked_at")


def send_declinations() -> int:
    """Send what waits to be sent, or tried and failed before. Returns how many were tried."""
    return _in_every_firm(refusing.send_waiting, "declinations_not_sent")


def _in_every_firm(work: Callable[[], int], failed: str) -> int:
    """Do it in each firm that is served; the sum of what it returns."""
    with public_scope():
        ids = list(Firm.objects.filter(status=Firm.Status.READY).values_list("id", flat=True))
    done = 0
    for firm_id in ids:
        try:
            entry = directory.resolve_firm(firm_id)
            entry.check_served()
            with firm_scope(entry.ref):
                done += work()
        except FirmUnavailable:
            continue
        except (DatabaseError, TenancyError) as error:
            # One firm's bad day is not the others'.
            logger.warning(failed, extra={"firm": str(firm_id), "error": type(error).__name__})
    return done


register("conflict-index", INDEX_SECONDS, index_parties)
register("undecided-stops", STOPS_SECONDS, alert_of_stops)
register("declinations", DECLINATIONS_SECONDS, send_declinations)
