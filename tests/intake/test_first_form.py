"""The engine: stages it never leaves, replays that are exact, words it never keeps."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.interview.engine import Allowed, advance, allowed
from intake.interview.events import (
    ConflictDecided,
    ConflictMatched,
    Consented,
    Event,
    Finished,
    NotNow,
    Said,
    Sent,
    Started,
    Withdrew,
)
from intake.interview.playbook import FIRST_FORM
from intake.interview.stages import AFTER_GATE, TRANSITIONS, Stage, may_follow
from intake.interview.state import State
from intake.interview.understanding import read_name, says_done
from intake.interview.wordings import WORDINGS

START = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = st.one_of(
    st.text(min_size=1, max_size=60),
    st.sampled_from(["Maria Silva", "I don't know", "done", "That's all.", "my name is", "???", "Smith, John"]),
)


def events() -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.one_of(
        st.fixed_dictionaries({"type": st.just(Started)}),
        st.fixed_dictionaries(
            {"type": st.sampled_from([Consented, Withdrew]), "kind": st.sampled_from(["service", "keep_audio"])}
        ),
        st.fixed_dictionaries({"type": st.just(Said), "text": TEXTS, "supersedes": st.none() | st.integers(1, 12)}),
        st.fixed_dictionaries({"type": st.just(Said), "text": TEXTS, "supersedes": st.none()}),
        st.fixed_dictionaries({"type": st.just(Finished)}),
        st.fixed_dictionaries({"type": st.just(Sent), "reference": st.just("2345-6789")}),
        st.fixed_dictionaries({"type": st.just(ConflictMatched), "hit": st.booleans()}),
        st.fixed_dictionaries({"type": st.just(ConflictDecided), "cleared": st.booleans()}),
    )
    return st.lists(one, max_size=40)


def made(drawn: list[dict[str, Any]]) -> list[Event]:
    """Events in order, turns numbered as the log would; a conversation that has begun."""
    given_at = START
    out: list[Event] = [Started(at=START), Consented(at=START, kind="service")]
    for number, fields in enumerate(drawn, start=1):
        given_at += timedelta(seconds=1)
        kind, rest = fields["type"], {k: v for k, v in fields.items() if k != "type"}
        if kind is Said:
            rest["turn"] = number
        out.append(kind(at=given_at, **rest))
    return out


def replay(history: list[Event]) -> list[tuple[State, Any]]:
    state = State()
    steps: list[tuple[State, Any]] = []
    for event in history:
        try:
            new, decision = advance(FIRST_FORM, state, event)
        except NotNow:
            steps.append((state, None))
            continue
        assert may_follow(state.stage, new.stage)
        assert decision.stage is new.stage
        assert State.from_json(json.loads(json.dumps(new.as_json()))) == new
        state = new
        steps.append((state, decision))
    return steps


@given(events())
@settings(max_examples=300, deadline=None)
def test_it_never_leaves_the_legal_stages_nor_asks_for_the_story_before_the_gate(drawn: list[dict[str, Any]]) -> None:
    gate = False
    history = made(drawn)
    for event, (state, decision) in zip(history, replay(history), strict=True):
        if decision is None:
            continue
        if isinstance(event, ConflictMatched):
            gate = not event.hit
        elif isinstance(event, ConflictDecided):
            gate = event.cleared
        elif state.stage is Stage.CONFLICT_GATE:
            gate = False
        asks_story = decision.question == "story" or any(say.key == "ask_story" for say in decision.say)
        if asks_story or state.stage in AFTER_GATE:
            assert gate
            assert state.gate_passed
        if state.stage in {Stage.CONFLICT_HOLD, Stage.STOPPED}:
            may = allowed(state)
            assert may == Allowed(type=False, speak=False, done=False, send=False, correct=False)


@given(events())
@settings(max_examples=100, deadline=None)
def test_a_replay_is_exact(drawn: list[dict[str, Any]]) -> None:
    history = made(drawn)
    assert replay(history) == replay(history)


@given(events())
@settings(max_examples=100, deadline=None)
def test_the_state_holds_no_word_of_the_client(drawn: list[dict[str, Any]]) -> None:
    for fields in drawn:
        if fields["type"] is Said:
            fields["text"] = f"Xylophonist {fields['text']}"
    for state, _decision in replay(made(drawn)):
        assert "ylophonist" not in json.dumps(state.as_json())


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_a_name_is_where_its_span_says(text: str) -> None:
    answer = read_name(text)
    if answer is not None and answer.value is not None:
        assert text[answer.start : answer.end] == answer.value


def test_a_step_takes_less_than_10_ms_however_long_the_conversation() -> None:
    state = State(stage=Stage.STORY, gate_passed=True, answers={"name": (1,), "other_side": (3,)})
    for turn in range(4, 404, 2):
        state, _ = advance(FIRST_FORM, state, Said(at=START, turn=turn, text="and then"))
    event = Said(at=START, turn=500, text="x " * 4_000, supersedes=200)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        advance(FIRST_FORM, State.from_json(state.as_json()), event)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.010


def test_every_stage_but_the_ends_leads_somewhere_and_none_skips_the_gate() -> None:
    assert set(TRANSITIONS) == set(Stage)
    ends = {Stage.SENT, Stage.STOPPED, Stage.DECLINED}
    assert {stage for stage, following in TRANSITIONS.items() if not following} == ends
    for early in (Stage.NOTICE, Stage.CONSENT, Stage.NAME, Stage.OTHER_SIDE):
        assert not TRANSITIONS[early] & AFTER_GATE


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My name is Maria Silva.", "Maria Silva"),
        ("i'm maria silva", "maria silva"),
        ("Hello, I am José Núñez", "José Núñez"),
        ("Silva, Maria", "Silva, Maria"),
        ("Mrs. Ann Lee", "Mrs. Ann Lee"),
        ("Ian Ames", "Ian Ames"),
        ("Im Soo-jin", "Im Soo-jin"),
        ("it's against Globex Inc.", "Globex Inc."),
        ("Робин Гуд", "Робин Гуд"),
        ("Acme Company. They fired me!", "Acme Company"),
    ],
)
def test_names_are_found_in_what_people_say(text: str, name: str) -> None:
    answer = read_name(text)
    assert answer is not None
    assert answer.value == name


@pytest.mark.parametrize("text", ["done", "I'm done.", "That's all!", "that is everything"])
def test_the_end_of_the_story_is_heard(text: str) -> None:
    assert says_done(text)


@pytest.mark.parametrize("text", ["what's done is done", "I was done with him", "done " * 30, ""])
def test_a_story_that_mentions_an_end_goes_on(text: str) -> None:
    assert not says_done(text)


def test_no_acknowledgement_is_used_twice_running() -> None:
    state = State(stage=Stage.STORY, gate_passed=True)
    said = []
    for turn in range(1, 12):
        state, decision = advance(FIRST_FORM, state, Said(at=START, turn=turn, text="and then"))
        said.append(decision.say[0].text)
    assert all(one != following for one, following in pairwise(said))


def test_every_stop_says_the_same_and_names_time_limits_and_another_lawyer() -> None:
    for words in WORDINGS.values():
        assert "time limits can apply" in words["stopped"]
        assert "another lawyer" in words["stopped"]
        assert "conflict" not in words["stopped"].lower()
