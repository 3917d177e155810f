"""What the conversation counts."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

from tenants.observed import Observed

PAGES = Counter(
    "legal_intake_pages", "Messages about safety alerts, by way and what became of them.", ["channel", "outcome"]
)
GIVEN_UP = Counter(
    "legal_intake_alerts_given_up",
    "Safety alerts whose list of people was gone through and nobody took them up.",
    ["level"],
)
OPEN: Final = "legal_intake_alerts_open"
OLDEST: Final = "legal_intake_alerts_oldest_seconds"
UNACKNOWLEDGED: Final = "legal_intake_alerts_unacknowledged"
WAITING: Final = "legal_intake_pages_waiting"
#: The sweep looks every half minute.
ALERTS = Observed(
    {
        OPEN: ("Safety alerts that nobody has taken up, of all firms.", ("level",)),
        OLDEST: ("Age of the oldest of them.", ("level",)),
        UNACKNOWLEDGED: ("Those of them for which everybody on the list was told in vain.", ("level",)),
        WAITING: ("Messages about alerts that wait to be sent.", ()),
    },
    keep_seconds=180,
)
