"""Facts that a model reads in a turn: only what stands there, only where it may look, and never called again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intake import recording, selectors, services
from intake.actors import propose_facts
from intake.models import AuditEvent, Fact, InterviewEvent, ModelUse, Turn
from intake.services import proposing
from tests.intake.assistant.house import STORY, agree, at_story, counted, switch_on
from tests.intake.talk import fresh, say, to_review
from tests.support.model_server import MISDEEDS, ModelServer, says

TELLS = (
    "They put the paper under my door, you know how that is with those people, and the six of us are still in there."
)
TRUE = {"key": "people_home", "value": 6, "quote": "six of us"}


def answer(*facts: Any) -> Any:
    return says(json.dumps({"facts": list(facts)}))


def told(server: ModelServer, *facts: Any, text: str = TELLS) -> Any:
    """A client who told it, and a model that was asked about it."""
    switch_on(server, phrases=False, proposes=True)
    intake = at_story()
    say(intake, text)
    turn = Turn.objects.filter(intake=intake, role="client").latest("number")
    server.act = answer(*facts)
    return intake, turn


def test_a_fact_with_its_words_is_kept_as_inferred_and_seen_at_the_review(server: ModelServer) -> None:
    intake, turn = told(server, TRUE)
    assert proposing.propose(intake_id=intake.id, number=turn.number) == ["people_home"]
    fact = Fact.objects.get(intake=intake, key="people_home")
    assert (fact.state, fact.typed, fact.turn) == ("inferred", 6, turn)
    assert TELLS[fact.span_start : fact.span_end] == "six of us"
    use = ModelUse.objects.get(intake=intake)
    assert (use.task, use.turn, use.model, use.prompt, use.keys) == ("facts", turn, "small", "facts@1", ["people_home"])
    event = AuditEvent.objects.filter(chain=intake.id).latest("sequence")
    assert (event.action, event.actor, event.data["facts"]) == ("facts.proposed", "system", ["people_home"])
    assert "six" not in json.dumps(event.data)
    to_review(intake)
    sections = selectors.snapshot(intake.id)["review"]["sections"]
    items = {item["key"]: item for section in sections for item in section["items"]}
    assert (items["people_home"]["text"], items["people_home"]["state"]) == ("6", "inferred")


def test_a_replay_takes_the_recorded_facts_and_asks_nobody(server: ModelServer) -> None:
    intake, turn = told(server, TRUE)
    proposing.propose(intake_id=intake.id, number=turn.number)
    assert InterviewEvent.objects.filter(intake=intake, kind="proposed").count() == 1
    asked, server.act = len(server.calls), answer()
    assert json.dumps(recording.replay(intake.id).as_json()) == json.dumps(fresh(intake).mind)
    assert len(server.calls) == asked


LIES = {
    "words that are not there": {**TRUE, "quote": "seven of us", "value": 7},
    "other words than it says": {**TRUE, "value": 7},
    "a paraphrase": {**TRUE, "quote": "Six of us"},
    "no quote": {**TRUE, "quote": ""},
    "no such question": {**TRUE, "key": "odds"},
    "a name": {"key": "other_side", "value": "those people", "quote": "those people"},
    "the client's name": {"key": "name", "value": "they", "quote": "They"},
    "the story": {"key": "story", "value": "door", "quote": "door"},
    "the subject": {"key": "area", "value": "FA-00-00-00-00", "quote": "people"},
    "an answer that the client gave": {"key": "is_adult", "value": "no", "quote": "people"},
    "how to reach them safely": {"key": "safe_to_text", "value": "yes", "quote": "under my door"},
    "a choice that there is not": {"key": "home_kind", "value": "castle", "quote": "my door"},
    "a date out of nothing": {"key": "notice_date", "value": "2026-05-03", "quote": "the paper"},
    "a number that is words": {**TRUE, "value": "six"},
    "a value that is a tree": {**TRUE, "value": {"a": [1]}},
    "a quote that is a number": {**TRUE, "quote": 6},
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_as_if_they_had_not_been_said(lie: str, server: ModelServer) -> None:
    intake, turn = told(server, LIES[lie])
    before = fresh(intake).mind
    assert proposing.propose(intake_id=intake.id, number=turn.number) == []
    assert fresh(intake).mind == before
    assert not Fact.objects.filter(intake=intake, turn=turn).exists()


def test_a_models_word_stops_nobody(server: ModelServer) -> None:
    """A person decides about who is held or has a lawyer: on the client's own answer, not on a model's."""
    from dataclasses import replace

    from intake.interview.events import Proposal, Proposed
    from intake.interview.guided import proposing as pure
    from intake.interview.guided.step import Step
    from intake.interview.guided.talk import Talk
    from intake.interview.stages import Stage
    from intake.playbooks.reading import shipped
    from tests.intake.interview.house import START

    shipped_one = shipped()["housing"]
    questions = tuple(replace(one, before_gate=False) for one in shipped_one.questions)
    playbook = replace(shipped_one, questions=questions)
    talk = Talk(stage=Stage.STORY, playbook=playbook.name, gate_passed=True)
    assert "in_custody" in [question.key for question in pure.questions_open(playbook, talk)]
    text = "I am sitting in the county jail."
    fact = Proposal("in_custody", "yes", "in the county jail", text.index("in the"))
    event = Proposed(turn=3, text=text, facts=(fact,), at=START)
    step = Step.of(playbook, talk, event)
    pure.take(step, event)
    assert step.findings == []


@pytest.mark.parametrize(
    "misdeed",
    ["is silent", "hangs midway", "is cut off", "breaks its JSON", "answers with a page", "sends 10 MB in a line",
     "sends 10 MB of words", "answers 429", "refuses", "injects"],
)  # fmt: skip
def test_a_server_that_misbehaves_leaves_everything_as_it_was(
    misdeed: str, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from intake.assistant import asking

    monkeypatch.setattr(asking, "LATER", asking.Patience(0.5, 0.8))
    intake, turn = told(server)
    server.act, _outcome = MISDEEDS[misdeed]
    before = fresh(intake).mind
    assert proposing.propose(intake_id=intake.id, number=turn.number) == []
    assert fresh(intake).mind == before


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        '{"facts": 7}',
        '{"facts": [7, null, "x"]}',
        '{"facts": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"facts": [{"key": 1}]}',
        '{"facts": [{"key": "people_home", "quote": "six of us", "value": 1e400}]}',
    ],
)
def test_rubbish_is_no_fact(text: str, server: ModelServer) -> None:
    intake, turn = told(server)
    server.act = says(text)
    assert proposing.propose(intake_id=intake.id, number=turn.number) == []


def test_what_became_impossible_while_it_answered_is_dropped(server: ModelServer) -> None:
    def meanwhile(act: Any) -> Any:
        intake, turn = told(server)

        def answers(messages: Any, *args: Any, **more: Any) -> Any:
            act(intake, turn)
            return real(messages, *args, **more)

        real = proposing.asking.ask  # type: ignore[attr-defined]
        proposing.asking.ask = answers  # type: ignore[attr-defined]
        server.act = answer(TRUE)
        try:
            return proposing.propose(intake_id=intake.id, number=turn.number)
        finally:
            proposing.asking.ask = real  # type: ignore[attr-defined]

    assert meanwhile(lambda intake, _turn: agree(intake, granted=False)) == []


def test_a_corrected_turn_is_not_read(server: ModelServer) -> None:
    intake, turn = told(server, TRUE)
    say(intake, "The five of us live there still, as we did before.", supersedes=turn.number)
    assert proposing.propose(intake_id=intake.id, number=turn.number) == []
    assert server.calls == []


def test_nothing_is_asked_without_consent_before_the_gate_or_at_the_review(server: ModelServer) -> None:
    switch_on(server, phrases=False, proposes=True)
    intake = at_story(agreed=False)
    say(intake, TELLS)
    number = Turn.objects.filter(intake=intake, role="client").latest("number").number
    assert proposing.propose(intake_id=intake.id, number=number) == []
    agree(intake)
    first = Turn.objects.filter(intake=intake, role="client").earliest("number").number
    assert proposing.propose(intake_id=intake.id, number=first + 500) == []
    to_review(intake)
    assert proposing.propose(intake_id=intake.id, number=number) == []
    assert server.calls == []


def test_a_worker_does_it_after_the_turn(server: ModelServer, live_firms: Any) -> None:
    from dramatiq import Worker

    from tenants.context import firm_scope
    from tenants.jobs import broker
    from tests.support.waiting import wait_for

    with firm_scope(live_firms[0]):
        switch_on(server, phrases=False, proposes=True)
        server.act = answer(TRUE)
        intake = at_story()
        say(intake, "short")
        say(intake, TELLS)
        worker = Worker(broker, queues={propose_facts.queue_name}, worker_timeout=50, worker_threads=1)
        worker.start()
        try:
            wait_for(lambda: Fact.objects.filter(intake=intake, key="people_home").exists(), seconds=10)
        finally:
            worker.stop()
        assert [data["text"] for data in server.asked("facts")] == [TELLS]
        assert "Maria" not in server.heard
        services.send_intake(intake_id=to_review(intake).id)


def test_the_actor_takes_a_turn_that_is_not_there(server: ModelServer) -> None:
    from uuid import uuid4

    switch_on(server, proposes=True)
    propose_facts(str(uuid4()), 3)
    assert server.calls == []


def test_only_so_many_at_once(server: ModelServer, settings: Any) -> None:
    import threading

    settings.ASSISTANT_CALLS = 1
    intake, turn = told(server, TRUE)
    from intake.assistant import asking, firm, prompting

    model = firm.firm_model()
    assert model is not None
    server.act = says("{}", after=0.6)
    messages = prompting.to_sort(STORY)
    slow = threading.Thread(
        target=asking.ask, args=(model, "areas", messages), kwargs={"patience": asking.LATER, "judge": lambda *_: ""}
    )
    slow.start()
    while not server.calls:
        pass
    before = counted("facts", "full")
    assert proposing.propose(intake_id=intake.id, number=turn.number) == []
    assert counted("facts", "full") == before + 1
    slow.join()
    server.act = answer(TRUE)
    assert proposing.propose(intake_id=intake.id, number=turn.number) == ["people_home"]
