"""What the scheduler's leader does for the conversation, in every firm.

The conflict index has everybody who was ever named; no safety alert waits because a worker or the broker died; stops
that nobody decides about raise one; declinations are sent; what had to be deleted is; counts of codes are forgotten.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from django.db import DatabaseError
from django.utils import timezone

from intake.conflicts import entries
from intake.contact import limits, passes
from intake.metrics import ALERTS
from intake.models import Erasure
from intake.services import alert_metrics, paging, refusing, run_erasure, triage, waiting
from tenants import directory
from tenants.context import firm_scope, public_scope
from tenants.errors import FirmUnavailable, TenancyError
from tenants.models import Firm
from tenants.periodic import register

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

INDEX_SECONDS: Final = 900.0
SWEEP_SECONDS: Final = 30.0
URGENCY_SECONDS: Final = 600.0
TIDY_SECONDS: Final = 3_600.0
#: A job does an erasure at once, and tries again by itself. This finds what a crash or a lost job left.
ERASURES_SECONDS: Final = 300.0
_AT_A_TIME: Final = 100
STOPS_SECONDS: Final = 300.0
DECLINATIONS_SECONDS: Final = 60.0
T = TypeVar("T")


def index_parties() -> int:
    """Index, in every firm that is served, what an earlier release wrote or other rules made. Returns how many."""
    return sum(in_every_firm(entries.reindex, "parties_not_indexed"))


def tell_of_alerts() -> int:
    """Go on with the alerts of every firm that a job should have gone on with, and count what is open."""
    looks = in_every_firm(_alerts_here, "alerts_not_swept")
    ALERTS.put(alert_metrics.total(looks))
    return sum(look.swept for look in looks)


def _alerts_here() -> alert_metrics.Look:
    return alert_metrics.look(swept=paging.sweep())


def tidy_contact() -> int:
    """Forget old counts and locks of codes and tries in every firm that is served. Returns how many."""
    return sum(in_every_firm(lambda: limits.tidy() + passes.tidy(), "contact_not_tidied"))


def run_due_erasures() -> int:
    """Do, in every firm that is served, the erasures that wait and are due. Returns how many were tried."""
    return sum(in_every_firm(_run_due, "erasures_not_run"))


def _run_due() -> int:
    waiting = Erasure.objects.filter(state=Erasure.State.WAITING, next_at__lte=timezone.now())
    due = list(waiting.order_by("next_at").values_list("id", flat=True)[:_AT_A_TIME])
    for erasure_id in due:
        run_erasure(erasure_id=erasure_id)
    return len(due)


def alert_of_stops() -> int:
    """Raise an alert for each stop that nobody has decided about within its firm's limit. Returns how many."""
    return sum(in_every_firm(waiting.alert_of_stops, "stops_not_looked_at"))


def send_declinations() -> int:
    """Send what waits to be sent, or tried and failed before. Returns how many were tried."""
    return sum(in_every_firm(refusing.send_waiting, "declinations_not_sent"))


def in_every_firm(act: Callable[[], T], complaint: str) -> list[T]:
    """Call `act` inside every firm that is served, one after another; what it gave. One firm's bad day, logged as
    `complaint`, is not the others'."""
    with public_scope():
        ids = list(Firm.objects.filter(status=Firm.Status.READY).values_list("id", flat=True))
    done: list[T] = []
    for firm_id in ids:
        try:
            entry = directory.resolve_firm(firm_id)
            entry.check_served()
            with firm_scope(entry.ref):
                done.append(act())
        except FirmUnavailable:
            continue
        except (DatabaseError, TenancyError) as error:
            logger.warning(complaint, extra={"firm": str(firm_id), "error": type(error).__name__})
    return done


register("conflict-index", INDEX_SECONDS, index_parties)


def refresh_urgency() -> int:
    """Days pass: reckon anew, in every firm, what may be otherwise today. Returns how many were."""
    return sum(in_every_firm(triage.refresh_due, "urgency_not_refreshed"))


register("urgency", URGENCY_SECONDS, refresh_urgency)
register("safety-pages", SWEEP_SECONDS, tell_of_alerts)
register("contact-tidy", TIDY_SECONDS, tidy_contact)
register("erasures", ERASURES_SECONDS, run_due_erasures)
register("undecided-stops", STOPS_SECONDS, alert_of_stops)
register("declinations", DECLINATIONS_SECONDS, send_declinations)
