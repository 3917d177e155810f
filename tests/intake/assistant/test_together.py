"""A model and the database: nothing is held while it answers, turns keep their order, what changed meanwhile counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from intake import services
from intake.interview.wordings import guided_words
from intake.models import Intake, Turn
from intake.services import phrasing
from tenants.context import FirmRef, firm_scope
from tests.intake.assistant.house import MORE, STORY, at_story, last_reply, switch_on
from tests.intake.talk import fresh, say
from tests.support.model_server import ModelServer, says

WARM = "Thank you for sharing that with me. Go on when you feel ready, or press Done."
GUIDED = set(guided_words("en")["story_more"]) | set(guided_words("en")["story_hard"])


@contextmanager
def saying(ref: FirmRef, intake: Intake, text: str) -> Iterator[None]:
    """A turn on its way, on a thread of its own; at its end it has come."""

    def work() -> None:
        with firm_scope(ref):
            say(intake, text)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(20)
        assert not thread.is_alive()


def asked(server: ModelServer, count: int = 1) -> None:
    until = time.monotonic() + 10
    while len(server.calls) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_no_lock_and_no_connection_is_held_while_a_model_answers(server: ModelServer, live_firms: Any) -> None:
    with firm_scope(live_firms[0]):
        server.act = says(WARM, after=0.7)
        switch_on(server)
        intake = at_story()
        with saying(live_firms[0], intake, STORY):
            asked(server)
            with transaction.atomic(), connection.cursor() as cursor:
                Intake.objects.select_for_update(nowait=True).get(pk=intake.pk)
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' "
                    "AND pid <> pg_backend_pid() AND datname = current_database()"
                )
                assert cursor.fetchone() == (0,)
        assert last_reply(intake) == WARM


def test_what_happened_while_it_answered_makes_its_words_void(server: ModelServer, live_firms: Any) -> None:
    with firm_scope(live_firms[0]):
        server.act = says(WARM, after=0.7)
        switch_on(server)
        intake = at_story()
        with saying(live_firms[0], intake, STORY):
            asked(server)
            services.give_consent(intake_id=intake.id, kind="ai_processing", granted=False)
        assert last_reply(intake) in GUIDED


def test_any_event_that_came_in_between_makes_them_void(server: ModelServer, live_firms: Any) -> None:
    with firm_scope(live_firms[0]):
        server.act = says(WARM, after=0.7)
        switch_on(server)
        intake = at_story()
        with saying(live_firms[0], intake, STORY):
            asked(server)
            services.give_consent(intake_id=intake.id, kind="keep_audio", granted=True)
        assert last_reply(intake) in GUIDED


def test_two_turns_at_once_keep_their_order(server: ModelServer, live_firms: Any) -> None:
    with firm_scope(live_firms[0]):
        server.act = says(WARM, after=0.6)
        switch_on(server)
        intake = at_story()
        with saying(live_firms[0], intake, STORY):
            asked(server)
            server.act = says(WARM)
            with saying(live_firms[0], intake, MORE):
                pass
        said = [turn.text for turn in Turn.objects.filter(intake=intake, role="client").order_by("number")]
        assert said[-2:] == [STORY, MORE]


def test_two_clients_of_one_firm_do_not_wait_for_each_other(
    server: ModelServer, live_firms: Any, settings: Any
) -> None:
    settings.ASSISTANT_CALLS = 2  # a firm has one of them
    with firm_scope(live_firms[0]):
        server.act = says(WARM, after=0.7)
        switch_on(server)
        one, other = at_story(), at_story("Sam Poe", "Initech")
        with saying(live_firms[0], one, STORY):
            asked(server)
            began = time.monotonic()
            say(other, STORY)
            assert time.monotonic() - began < 0.6
        assert last_reply(one) == WARM
        assert last_reply(other) in GUIDED


def test_a_cache_that_is_away_orders_nothing_and_breaks_nothing(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import redis

    gone = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    server.act = says(WARM)
    switch_on(server)
    intake = at_story()
    monkeypatch.setattr(phrasing, "cache_redis", lambda: gone)
    say(intake, STORY)
    assert last_reply(intake) == WARM


def test_spoken_words_and_corrections_do_not_wait(server: ModelServer) -> None:
    switch_on(server)
    intake = at_story()
    say(intake, STORY, modality="voice")
    number = Turn.objects.filter(intake=intake, role="client").latest("number").number
    say(intake, f"{STORY} It was in May.", supersedes=number)
    assert server.calls == []
    assert fresh(intake).stage == "story"


def test_what_breaks_here_breaks_no_turn(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from intake.assistant import background

    def broken(work: Any, **_more: Any) -> Any:
        work.close()
        raise RuntimeError("of ours")

    switch_on(server)
    intake = at_story()
    monkeypatch.setattr(background, "run", broken)
    say(intake, STORY)
    assert last_reply(intake) in GUIDED
