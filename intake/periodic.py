"""What the scheduler's leader does for the conversation: the conflict index has everybody who was ever named, and
no safety alert waits because a worker or the broker died; counts of codes are forgotten once nobody looks at them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from django.db import DatabaseError

from intake.conflicts import entries
from intake.contact import limits, passes
from intake.metrics import ALERTS
from intake.services import alert_metrics, paging, triage
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
