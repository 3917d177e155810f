"""What the scheduler's leader does for the conversation: the conflict index has everybody who was ever named, and
what had to be deleted is."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from django.db import DatabaseError
from django.utils import timezone

from intake.conflicts import entries
from intake.models import Erasure
from intake.services import run_erasure
from tenants import directory
from tenants.context import firm_scope, public_scope
from tenants.errors import FirmUnavailable, TenancyError
from tenants.models import Firm
from tenants.periodic import register

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

INDEX_SECONDS: Final = 900.0
#: A job does an erasure at once, and tries again by itself. This finds what a crash or a lost job left.
ERASURES_SECONDS: Final = 300.0
_AT_A_TIME: Final = 100


def index_parties() -> int:
    """Index, in every firm that is served, what an earlier release wrote or other rules made. Returns how many."""
    return _in_every_firm(entries.reindex, "parties_not_indexed")


def run_due_erasures() -> int:
    """Do, in every firm that is served, the erasures that wait and are due. Returns how many were tried."""
    return _in_every_firm(_run_due, "erasures_not_run")


def _run_due() -> int:
    waiting = Erasure.objects.filter(state=Erasure.State.WAITING, next_at__lte=timezone.now())
    due = list(waiting.order_by("next_at").values_list("id", flat=True)[:_AT_A_TIME])
    for erasure_id in due:
        run_erasure(erasure_id=erasure_id)
    return len(due)


def _in_every_firm(work: Callable[[], int], failed: str) -> int:
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
register("erasures", ERASURES_SECONDS, run_due_erasures)
