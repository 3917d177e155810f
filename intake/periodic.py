"""What the scheduler's leader does for the conversation: the conflict index has everybody who was ever named, and
counts of codes and tries are forgotten once nobody looks at them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from django.db import DatabaseError

from intake.conflicts import entries
from intake.contact import limits, passes
from tenants import directory
from tenants.context import firm_scope, public_scope
from tenants.errors import FirmUnavailable, TenancyError
from tenants.models import Firm
from tenants.periodic import register

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

INDEX_SECONDS: Final = 900.0
TIDY_SECONDS: Final = 3_600.0


def index_parties() -> int:
    """Index, in every firm that is served, what an earlier release wrote or other rules made. Returns how many."""
    return _in_every_firm(entries.reindex, "parties_not_indexed")


def tidy_contact() -> int:
    """Forget old counts and locks in every firm that is served. Returns how many."""
    return _in_every_firm(lambda: limits.tidy() + passes.tidy(), "contact_not_tidied")


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
register("contact-tidy", TIDY_SECONDS, tidy_contact)
