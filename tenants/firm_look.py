"""How many firms are in which state. The scheduler's leader looks for all; no firm is named."""

from __future__ import annotations

from typing import Final

from django.db.models import Count

from tenants.context import public_scope
from tenants.models import Firm, SchemaState
from tenants.observed import Observed

LOOK_SECONDS: Final = 30.0

FIRMS: Final = "legal_intake_firms"
SCHEMAS: Final = "legal_intake_schemas"
NOT_SERVED: Final = "legal_intake_firms_not_served"

STATES = Observed(
    {
        FIRMS: ("Firms by status.", ("status",)),
        SCHEMAS: ("Firms' schemas by state.", ("state",)),
        NOT_SERVED: ("Firms that are ready, but whose schema is outside this release's window.", ()),
    },
    keep_seconds=3 * LOOK_SECONDS,
)


def look() -> None:
    """Count and put. Every state is told, also at zero."""
    with public_scope():
        firms = dict(Firm.objects.order_by().values_list("status").annotate(Count("id")))
        schemas = dict(SchemaState.objects.order_by().values_list("state").annotate(Count("firm_id")))
        behind = SchemaState.objects.filter(firm__status=Firm.Status.READY, served=False).count()
    STATES.put(
        {
            FIRMS: {(status,): firms.get(status, 0) for status in Firm.Status.values},
            SCHEMAS: {(state,): schemas.get(state, 0) for state in SchemaState.State.values},
            NOT_SERVED: {(): behind},
        }
    )
