"""A model's words in a client's turn: said only when they come in time and may be said."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from intake import recording, selectors, services
from intake.assistant import asking, firm
from intake.errors import StageClosed
from intake.interview.wordings import guided_words
from intake.models import AuditEvent, ModelUse, Turn
from tests.intake.assistant.house import KEY, MORE, STORY, agree, at_story, counted, last_reply, switch_on
from tests.intake.talk import choose, fresh, say, stage, start
from tests.support.model_server import MISDEEDS, ModelServer, says

WARM = "Thank you for sharing that with me. Go on when you feel ready, or press Done."
GUIDED = set(guided_words("en")["story_more"]) | set(guided_words("en")["story_hard"])


def test_a_models_words_stand_for_the_tone_and_are_noted_beside_the_turn(server: ModelServer) -> None:
    server.act = says(WARM)
    switch_on(server)
    intake = at_story()
    say(intake, STORY)
    assert last_reply(intake) == WARM
    reply = Turn.objects.filter(intake=intake, role="assistant").latest("number")
    use = ModelUse.objects.get(intake=intake)
    assert (use.turn, use.task, use.model, use.prompt) == (reply, "phrase", "small", "phrase@1")
    assert use.first_ms <= use.total_ms < 2_000
    event = AuditEvent.objects.filter(chain=intake.id).latest("sequence")
    assert event.data["models"] == [["phrase", "small", "phrase@1"]]
    [(path, headers, body)] = server.calls
    assert (path, body["stream"], body["model"]) == ("/v1/chat/completions", True, "small")
    assert headers["authorization"] == f"Bearer {KEY}"
    assert STORY in server.asked("phrase")[0]["they_said"]


@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_whatever_a_server_does_the_guided_words_go_out_in_the_same_turn(
    misdeed: str, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    act, outcome = MISDEEDS[misdeed]
    switch_on(server)
    intake = at_story()
    server.act, before = act, counted("phrase", outcome)
    began = time.monotonic()
    say(intake, STORY)
    assert time.monotonic() - began < 3.2
    assert last_reply(intake) in GUIDED
    assert counted("phrase", outcome) == before + 1
    assert not ModelUse.objects.exists()
    assert KEY not in caplog.text
    assert "deposit" not in caplog.text
    server.act, asked = says(WARM), len(server.calls)
    say(intake, MORE)
    if outcome in {"unfit", "guarded"}:
        assert last_reply(intake) == WARM
    else:  # nobody waits for it again
        assert len(server.calls) == asked
        assert last_reply(intake) in GUIDED


def test_nobody_answers_at_all(server: ModelServer) -> None:
    switch_on(server)
    intake = at_story()
    server.close()
    say(intake, STORY)
    assert last_reply(intake) in GUIDED
    assert counted("phrase", "down") >= 1


def test_after_a_while_one_turn_tries_again(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    row = switch_on(server)
    intake = at_story()
    server.act = MISDEEDS["answers 500"][0]
    say(intake, STORY)
    model = firm.model_of(row)
    assert model is not None
    assert asking.state_of(model) == "open"
    later = time.monotonic() + 16
    monkeypatch.setattr(asking, "_now", lambda: later)
    assert asking.state_of(model) == "half_open"
    server.act = says(WARM)
    say(intake, MORE)
    assert last_reply(intake) == WARM
    assert asking.state_of(model) == "closed"


def test_without_the_clients_consent_nothing_is_asked(server: ModelServer) -> None:
    switch_on(server, proposes=True, votes=True)
    intake = at_story(agreed=False)
    say(intake, STORY)
    agree(intake)
    agree(intake, granted=False)
    say(intake, MORE)
    assert server.calls == []


def test_off_is_off_and_costs_no_query(server: ModelServer, django_assert_max_num_queries: Any) -> None:
    row = switch_on(server)
    row.enabled = False
    row.save()
    firm.forget()
    intake = at_story()
    say(intake, STORY)
    assert server.calls == []
    assert firm.firm_model() is None
    with django_assert_max_num_queries(0):
        assert firm.firm_model() is None


def test_before_the_gate_no_word_leaves(server: ModelServer) -> None:
    switch_on(server, proposes=True, votes=True)
    intake = start()
    agree(intake)
    say(intake, "Quetzalina Smith")
    say(intake, "Xerxopolis Incorporated")
    say(intake, "My zygomorphic landlord at Brobdingnag has kept the whole deposit of the flat where I lived before")
    assert stage(intake) == "topic"
    choose(intake, "@list")
    choose(intake, "HO-00-00-00-00")
    assert stage(intake) == "basics"
    said = set()
    for _ in range(3):
        say(intake, "I would rather not say")
        said.add(last_reply(intake).partition("\n")[0])
    assert said & set(guided_words("en")["ack.refused"])
    assert server.calls == []


def test_a_stopped_conversation_sends_nothing(server: ModelServer) -> None:
    switch_on(server, proposes=True, votes=True)
    at_story("Globex", "Somebody Else")
    server.calls.clear()
    intake = at_story("Maria Silva", "Globex", agreed=False)
    assert stage(intake) == "conflict_hold"
    agree(intake)
    with pytest.raises(StageClosed):
        say(intake, STORY)
    assert server.calls == []


@pytest.mark.parametrize(
    "words",
    ["I want to kill myself tonight.", "He is hitting me right now.", "Are you a lawyer?", "¿Es usted abogado?"],
)
def test_no_model_words_beside_fixed_ones(words: str, server: ModelServer) -> None:
    switch_on(server)
    intake = at_story()
    say(intake, words)
    assert server.calls == []


def test_a_button_is_answered_at_once(server: ModelServer) -> None:
    switch_on(server)
    intake = at_story()
    say(intake, STORY)
    services.finish_story(intake_id=intake.id)
    asked = len(server.calls)
    choose(intake, "@unknown")
    assert len(server.calls) == asked


def test_questions_stay_as_they_are_authored(server: ModelServer) -> None:
    server.act = says("Thank you, I have that down.")
    switch_on(server)
    intake = at_story()
    say(intake, STORY)
    services.finish_story(intake_id=intake.id)
    while (question := selectors.question_of(fresh(intake)) or {})["kind"] != "yes_no":
        choose(intake, "@unknown")
    say(intake, "yes")
    after = selectors.question_of(fresh(intake))
    assert after is not None
    assert question["key"] != after["key"]
    assert last_reply(intake) == f"Thank you, I have that down.\n\n{after['text']}"


def test_a_replay_asks_nobody_and_what_was_said_stands(server: ModelServer) -> None:
    server.act = says(WARM)
    switch_on(server)
    intake = at_story()
    say(intake, STORY)
    asked = len(server.calls)
    server.act = says("Something else. Press Done.")
    assert json.dumps(recording.replay(intake.id).as_json()) == json.dumps(fresh(intake).mind)
    assert len(server.calls) == asked
    assert last_reply(intake) == WARM


def test_a_turn_sent_twice_is_one_and_asks_once(server: ModelServer) -> None:
    from uuid import uuid4

    server.act = says(WARM)
    switch_on(server)
    intake, ref = at_story(), uuid4()
    first = say(intake, STORY, client_ref=ref)
    again = say(intake, STORY, client_ref=ref)
    assert [turn.number for turn in first.turns] == [turn.number for turn in again.turns]
    assert len(server.calls) == 1
