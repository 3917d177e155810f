"""One listener at a time, and a listener that lost its lease knows."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest

from audio import journal
from audio import lease as leases
from audio.errors import LeaseLost
from audio.lease import lease
from tenants.redis import journal_redis


@pytest.fixture
def session_id() -> Any:
    session = uuid4()
    journal.create_session(session)
    yield session
    journal.discard_session(session)


def test_only_one_holds_it_and_epochs_grow(session_id: Any) -> None:
    with lease(session_id, 0) as first:
        assert first is not None
        assert first.epoch == 1
        with lease(session_id, 0) as second:
            assert second is None
    with lease(session_id, 0) as third:
        assert third is not None
        assert third.epoch == 2


def test_an_epoch_is_above_what_the_database_knows(session_id: Any) -> None:
    with lease(session_id, 41) as held:
        assert held is not None
        assert held.epoch == 42


def test_it_outlives_its_three_seconds_while_renewed(session_id: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.1)
    with lease(session_id, 0) as held:
        assert held is not None
        time.sleep(1.2)
        held.check()
        with lease(session_id, 0) as other:
            assert other is None


def test_what_another_took_is_lost(session_id: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    with lease(session_id, 0) as held:
        assert held is not None
        journal_redis().set(journal.session_keys(session_id).lease, 99, px=3000)
        time.sleep(0.3)
        with pytest.raises(LeaseLost):
            held.check()
        reader = journal.JournalReader(session_id, 0)
        assert reader.trim(held.epoch, 0) == -1
    assert journal_redis().get(journal.session_keys(session_id).lease) == b"99"


def test_a_redis_that_does_not_answer_costs_the_lease(session_id: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import redis

    class Away:
        def eval(self, *_: Any) -> Any:
            raise redis.ConnectionError

    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.4)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.1)
    with lease(session_id, 0) as held:
        assert held is not None
        monkeypatch.setattr(leases, "journal_redis", lambda: Away())
        time.sleep(0.7)
        assert not held.is_held
        monkeypatch.undo()


def test_accidents_are_counted_until_a_clean_end(session_id: Any) -> None:
    for expected in (1, 2, 3):
        with pytest.raises(RuntimeError), lease(session_id, 0) as held:
            assert held is not None
            assert held.attempts == expected
            raise RuntimeError
    with lease(session_id, 0) as held:
        assert held is not None
        assert held.attempts == 4
    with lease(session_id, 0) as held:
        assert held is not None
        assert held.attempts == 1


def test_a_session_that_is_gone_has_no_lease() -> None:
    with lease(uuid4(), 0) as held:
        assert held is None
