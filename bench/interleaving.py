"""200 tasks over 8 schemas at once: sync, async ORM, threads, savepoints, cancelled tasks, jobs. Who reads wrong?

Peer: plain django-tenants with its own `schema_context` around the same work. The unit is reads and
writes in the wrong schema (a peer's work that ended in a database error is in the note).
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import nullcontext
from typing import Any
from uuid import uuid4

from bench.databases import OURS, STOCK, asked, two_databases
from bench.report import Row, main

SCHEMAS, TASKS, QUICK = 8, 200, 48


def run(*, quick: bool = False) -> list[Row]:
    """Both, each in a process of its own with its own settings."""
    tasks = str(QUICK if quick else TASKS)
    with two_databases() as environments:
        ours = asked(environments[OURS], "-m", "bench.interleaving", "ours", tasks)
        peer = asked(environments[STOCK], "-m", "bench.interleaving", "stock", tasks)
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(peer["wrong"].items()) if count)
    note = f"peer: of {peer['done']} reads ({kinds}); {peer['failed']} tasks failed; ours: of {ours['done']} reads"
    return [
        Row(
            f"{tasks} interleaved tasks, 8 firms: wrong schema",
            _wrong(ours),
            _wrong(peer),
            "reads and writes",
            budget=0.0,
            note=note,
        )
    ]


def _wrong(side: dict[str, Any]) -> float:
    return float(sum(side["wrong"].values()) + side["misplaced"])


def work(side: str, tasks: int) -> dict[str, Any]:
    """Run the workload in this process."""
    import django

    django.setup()
    from bench.interleaving_work import Workload, make_tables, misplaced
    from tenants.context import FirmRef, firm_scope, public_scope

    schemas = [f"t_bench_{number}" for number in range(SCHEMAS)]
    outside: Any = public_scope if side == "ours" else nullcontext
    if side == "ours":
        refs = {schema: FirmRef(uuid4(), schema) for schema in schemas}
        workload = Workload(lambda schema: firm_scope(refs[schema]), schemas)
    else:
        from django_tenants.utils import schema_context  # noqa: TID251 - the peer

        workload = Workload(schema_context, schemas)
    with outside():
        make_tables(schemas)
    tally = asyncio.run(workload.run(tasks))
    with outside():
        lost = misplaced(schemas)
    failed = sum(tally.failed.values())
    return {"done": tally.done, "wrong": dict(tally.wrong), "failed": failed, "misplaced": lost}


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.stdout.write(json.dumps(work(sys.argv[1], int(sys.argv[2]))) + "\n")
    else:
        main(run())
