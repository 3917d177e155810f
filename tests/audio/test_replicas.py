"""When an answer of the journal counts, judged without a Redis; and a journal without its replicas says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from audio import journal
from audio.replicas import SHORT_SECONDS, SHORT_WAIT_MS, WAIT_MS, Replicas, Unconfirmed
from tenants.context import firm_scope
from tenants.redis import NotReplicated
from tests.audio.voices import make_voice


def counts(replicas: Replicas, count: int, now: float) -> bool:
    try:
        replicas.judge(count, now)
    except Unconfirmed:
        return False
    return True


def test_all_replicas_count_at_once() -> None:
    assert counts(Replicas(2), 2, 0.0)


def test_none_never_counts() -> None:
    replicas = Replicas(2)
    assert not any(counts(replicas, 0, float(second)) for second in range(60))


def test_one_of_two_counts_when_the_other_has_been_away_for_a_while() -> None:
    replicas = Replicas(2)
    assert not counts(replicas, 1, 10.0)
    assert not counts(replicas, 1, 9.9 + SHORT_SECONDS)
    assert counts(replicas, 1, 10.0 + SHORT_SECONDS)
    assert counts(replicas, 1, 20.0 + SHORT_SECONDS)


@pytest.mark.parametrize("between", ["all", "none", "another leader"])
def test_the_while_begins_anew(between: str) -> None:
    replicas = Replicas(2)
    counts(replicas, 1, 0.0)
    assert counts(replicas, 1, SHORT_SECONDS)
    if between == "another leader":
        replicas.forget()
    else:
        counts(replicas, 2 if between == "all" else 0, SHORT_SECONDS + 1)
    assert not counts(replicas, 1, SHORT_SECONDS + 2)


def test_nobody_waits_long_for_one_that_is_known_to_be_away() -> None:
    replicas = Replicas(2)
    assert replicas.arguments(0.0) == ("WAIT", 2, WAIT_MS)
    counts(replicas, 1, 0.0)
    assert replicas.arguments(1.0) == ("WAIT", 2, WAIT_MS)
    assert replicas.arguments(SHORT_SECONDS) == ("WAIT", 2, SHORT_WAIT_MS)


def test_without_replicas_nothing_is_asked() -> None:
    assert counts(Replicas(0), 0, 0.0)


def test_a_session_is_not_opened_where_no_replica_has_it(live_firms: Any) -> None:
    voice = make_voice(live_firms[0])
    with firm_scope(voice.firm):
        assert journal.take_socket(voice.session_id) is not None
        with override_settings(JOURNAL_REPLICAS=2):
            for write in (journal.create_session, journal.take_socket, journal.withdraw_session):
                with pytest.raises(NotReplicated):
                    write(voice.session_id)
