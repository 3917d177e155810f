"""A deploy with nothing to migrate, `FIRMS=` firms (1,000), reading each schema's own record; process start included.

Peer: `migrate_schemas` of django-tenants over as many schemas with the same tables.
"""

from __future__ import annotations

import os

from bench.databases import OURS, STOCK, timed, two_databases
from bench.databases import run as run_program
from bench.report import Row, main, median

FIRMS, QUICK = 1000, 20


def run(*, quick: bool = False) -> list[Row]:
    """Ours three times (the median counts), the peer once: it takes minutes."""
    firms = int(os.environ.get("FIRMS", QUICK if quick else FIRMS))
    with two_databases() as environments:
        run_program(environments[OURS], "-m", "bench.firm_maker", "ours", "fill", str(firms))
        run_program(environments[STOCK], "-m", "bench.firm_maker", "stock", "fill", str(firms))
        ours = [timed(environments[OURS], "manage.py", "firms", "migrate") for _ in range(3)]
        peer = timed(environments[STOCK], "-m", "bench.stock.migrate_all")
    return [Row(f"no-op migrate of {firms} firms", median(ours), peer, "s", 0.01, "process start included")]


if __name__ == "__main__":
    main(run())
