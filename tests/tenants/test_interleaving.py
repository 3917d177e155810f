"""200 concurrent tasks over 8 firms; not one reads or writes in the wrong schema."""

from __future__ import annotations

import pytest
from django.db import connections

from bench.interleaving_work import Workload, drop_tables, make_tables, misplaced
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.ids import new_id
from tests.support.firms import elsewhere


@pytest.mark.usefixtures("live_firms")  # no transaction around this test
@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_reads_or_writes_in_the_wrong_schema(seed: int) -> None:
    refs = {ref.schema: ref for ref in (FirmRef(new_id(), f"t_interleaved_{number}") for number in range(8))}
    schemas = list(refs)

    def in_public(fn: object) -> object:
        with public_scope():
            return elsewhere(lambda: fn(schemas))  # type: ignore[operator]

    in_public(make_tables)
    try:
        workload = Workload(lambda schema: firm_scope(refs[schema]), schemas, seed=seed, give_back=True)
        tally = await workload.run(200)
        assert sum(tally.wrong.values()) == 0, tally.wrong
        assert not tally.failed, tally.failed
        assert tally.done > 1000
        assert in_public(misplaced) == 0
    finally:
        in_public(drop_tables)
        in_public(drop_schemas)


def drop_schemas(schemas: list[str]) -> None:
    with connections["default"].cursor() as cursor:
        for schema in schemas:
            cursor.execute(f"DROP SCHEMA {schema} CASCADE")
