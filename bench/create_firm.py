"""Create a firm as the operator runs it (host, keys, schema, staff, fingerprint, state), no spare pool.

Peer: django-tenants' own create with the same models, a domain and a superuser. Median of 20.
"""

from __future__ import annotations

from bench.databases import OURS, STOCK, asked, two_databases
from bench.report import Row, main, median, percentile

COUNT, QUICK = 20, 3


def run(*, quick: bool = False) -> list[Row]:
    """Both sides on one server, one after the other."""
    count = QUICK if quick else COUNT
    with two_databases() as environments:
        ours = asked(environments[OURS], "-m", "bench.firm_maker", "ours", "time", str(count))
        peer = asked(environments[STOCK], "-m", "bench.firm_maker", "stock", "time", str(count))
    note = f"n = {count}; P95 {percentile(ours, 0.95):.3f} against {percentile(peer, 0.95):.3f} s"
    return [Row("create a firm", median(ours), median(peer), "s", 0.2, note)]


if __name__ == "__main__":
    main(run())
