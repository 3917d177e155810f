"""What would have crossed from one firm to another, or reached into none, had it not been refused.

Nobody outside can bring these about: each is a mistake of ours, or a ciphertext that was moved. One is
worth waking somebody.
"""

from __future__ import annotations

from prometheus_client import Counter

ISOLATION = Counter(
    "tenants_isolation_refused",
    "Refused: code outside every scope, a key, key ring or ciphertext of another firm or place.",
    ["kind"],
)
KINDS = ("no_scope", "no_firm", "foreign_key", "foreign_ring", "misplaced_ciphertext")
# A series that is there at zero: the first increase is seen as one.
_counters = {kind: ISOLATION.labels(kind) for kind in KINDS}


def refused(kind: str) -> None:
    """Count one."""
    _counters[kind].inc()
