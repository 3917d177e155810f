"""Who was named before there was an index is found too, in every firm."""

from __future__ import annotations

from typing import Any

import pytest

from intake import periodic
from intake.conflicts import entries
from intake.models import ConflictEntry
from tenants.context import firm_scope, scope_or_none
from tests.tenants.archives import fill


@pytest.fixture
def named(live_firms: Any) -> Any:
    for ref in live_firms:
        fill(ref)
        with firm_scope(ref):
            ConflictEntry.objects.all().delete()
    return live_firms


def test_every_firm_is_indexed_and_a_second_look_finds_nothing(named: Any) -> None:
    assert periodic.index_parties() == len(named)
    for ref in named:
        with firm_scope(ref):
            assert ConflictEntry.objects.count() == 1
    assert periodic.index_parties() == 0


def test_a_firm_that_cannot_be_indexed_does_not_stop_the_others(named: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    right = entries.reindex

    def failing() -> int:
        if scope_or_none() == named[0]:
            raise OperationalError("away")
        return right()

    monkeypatch.setattr(entries, "reindex", failing)
    assert periodic.index_parties() == len(named) - 1
