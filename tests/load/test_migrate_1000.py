"""A release over a thousand firms, one of which fails: recorded with date and commit (`make proof`)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.report import heading
from tenants import fingerprints, provisioning, services, waves
from tenants.context import public_scope
from tenants.models import Firm
from tests.tenants.many import break_firm, mend_firm, release

FIRMS = int(os.environ.get("PROOF_FIRMS", "1000"))
RECORD = Path(__file__).parents[2] / "docs" / "measurements" / "migrate-1000.md"


@pytest.fixture
def thousand(live_firms: Any) -> Iterator[list[Firm]]:
    """Committed firms, made as an operator makes them, and removed."""
    made: list[Firm] = []
    try:
        for number in range(FIRMS):
            host = f"proof-{number}.localhost"
            made.append(
                services.create_firm(name=f"P {number:04}", host=host, admin_email="a@p.example", actor="proof").firm
            )
        yield made
    finally:
        for firm in made:
            provisioning.drop_schema(firm.ref)
        with public_scope():
            Firm.objects.filter(pk__in=[firm.pk for firm in made]).delete()


def timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


@pytest.mark.proof
@pytest.mark.timeout(0)
def test_a_thousand_firms_one_fails_and_a_second_run_resumes(thousand: list[Firm]) -> None:
    broken = thousand[FIRMS // 2]
    break_firm(broken)
    looking, _ = timed(lambda: waves.survey(thousand))
    with release("sql"):
        seconds, report = timed(lambda: waves.run_waves(standings=waves.survey(thousand)))
        assert [firm.name for firm, _ in report.failed] == [broken.name]
        assert len(report.migrated) == FIRMS - 1
        expected = fingerprints.fingerprint(fingerprints.expected_in_firm())
        prints = fingerprints.read_fingerprints([firm.schema_name for firm in thousand])
        assert [schema for schema, value in prints.items() if value != expected] == [broken.schema_name]
        mend_firm(broken)
        again, second = timed(lambda: waves.run_waves(standings=waves.survey(thousand), retry=True))
        assert [firm.name for firm in second.migrated] == [broken.name]
        assert second.current == FIRMS - 1
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(
        f"# A release over {FIRMS} firms, one made to fail\n\n"
        "Written by `make proof` (tests/load/test_migrate_1000.py). The release adds a column with an index, a table\n"
        "with a foreign key and a unique constraint, a function and a trigger.\n\n"
        f"{heading()}\n\n"
        "| What | Seconds |\n|---|---|\n"
        f"| Looking at every schema's own record | {looking:.2f} |\n"
        f"| First run: {FIRMS - 1} migrated, 1 quarantined and named | {seconds:.2f} |\n"
        f"| Second run: the quarantined one mended and migrated, {FIRMS - 1} left alone | {again:.2f} |\n"
    )
