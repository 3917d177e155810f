"""Votes on the area: weighed with ours, recorded with the turn, and never on words that were told too early."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intake import recording, selectors
from intake.assistant.reading import vote_of
from intake.classify import Vote, classify, combine, top_codes
from intake.models import Intake, ModelUse, Turn
from tests.intake.assistant.house import agree, switch_on
from tests.intake.talk import fresh, say, start
from tests.support.model_server import MISDEEDS, ModelServer, by_model, says

FAMILY, HOUSING, WORK, MONEY = (f"{code}-00-00-00-00" for code in ("FA", "HO", "WO", "MO"))
LINE = "my boss has not paid me"


def voice(*codes: str, not_legal: bool = False) -> Any:
    return says(json.dumps({"areas": list(codes), "not_legal": not_legal}))


def asked_for_topic(server: ModelServer, **fields: Any) -> Intake:
    switch_on(server, phrases=False, votes=True, **fields)
    intake = start()
    agree(intake)
    say(intake, "Maria Silva")
    say(intake, "Globex")
    assert server.calls == []
    return intake


def offered(intake: Intake) -> list[str]:
    question = selectors.question_of(fresh(intake))
    assert question is not None
    return [choice["code"] for choice in question["choices"]]


# -- the pure part


def test_without_a_vote_ours_stands() -> None:
    ours = classify(LINE, language="en")
    assert combine((), ours) == ours
    assert combine((Vote("a", 1.0), Vote("b", 0.0, (FAMILY,)), Vote("c", -3.0, (FAMILY,))), ours) == ours


def test_votes_that_agree_win_and_ours_still_counts() -> None:
    ours = classify(LINE, language="en")
    assert ours.top[0].code == WORK
    one = combine((Vote("a", 0.2, (MONEY,)),), ours)
    assert one.top[0].code == WORK
    several = combine((Vote("a", 1.0, (FAMILY, MONEY)), Vote("b", 1.0, (FAMILY,))), ours)
    assert [area.code for area in several.top[:2]] == [FAMILY, WORK]
    assert "named by a" in several.top[0].why


def test_weights_decide_between_models() -> None:
    ours = classify("help", language="en")
    votes = (Vote("a", 1.0, (FAMILY,)), Vote("b", 3.0, (HOUSING,)))
    assert combine(votes, ours).top[0].code == HOUSING
    assert combine(votes[::-1], ours).top[0].code == HOUSING


def test_three_are_always_offered_and_shares_fall() -> None:
    for text in ("help", LINE, "we won the game last night"):
        found = combine((Vote("a", 5.0, (FAMILY,)),), classify(text, language="en"))
        assert len(found.top) >= 3
        scores = [area.score for area in found.areas]
        assert scores == sorted(scores, reverse=True)
        assert 0.9 < sum(area.score for area in found.top) <= 1.001


def test_not_legal_needs_more_than_half() -> None:
    ours = classify(LINE, language="en")
    none = Vote("a", 1.0, not_legal=True)
    assert not combine((none,), ours).not_legal
    assert combine((none, Vote("b", 1.0, not_legal=True)), ours).not_legal
    assert not combine((none, none, Vote("c", 2.0, (WORK,))), ours).not_legal


@pytest.mark.parametrize("code", ["XX-00-00-00-00", "", "HO", "HO-01-00-00-00"])
def test_areas_that_there_are_not_count_for_nothing(code: str) -> None:
    ours = classify(LINE, language="en")
    assert combine((Vote("a", 9.0, (code,)),), ours) == ours


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('{"areas": ["HO-00-00-00-00"], "not_legal": false}', (HOUSING,)),
        ('Sure!\n```json\n{"areas": ["FA-00-00-00-00", "FA-00-00-00-00", 7]}\n```', (FAMILY,)),
        ('{"areas": [], "not_legal": true}', ()),
    ],
)
def test_a_vote_is_read(text: str, codes: tuple[str, ...]) -> None:
    vote = vote_of(text, model="a", weight=2.0)
    assert vote is not None
    assert (vote.codes, vote.weight) == (codes, 2.0)


@pytest.mark.parametrize(
    "text", ["", "HO", "{}", '{"areas": "HO"}', '{"areas": ["castle"]}', '{"areas": [], "not_legal": 1}']
)
def test_rubbish_is_no_vote(text: str) -> None:
    assert vote_of(text, model="a", weight=1.0) is None


# -- through the services


def test_several_models_vote_and_the_client_is_offered_three(server: ModelServer) -> None:
    intake = asked_for_topic(server, weights=[["a", 1.0], ["b", 1.0], ["c", 1.0]])
    server.act = by_model(a=voice(FAMILY), b=voice(FAMILY, MONEY), c=MISDEEDS["answers 500"][0])
    say(intake, LINE)
    assert len(server.calls) == 3
    assert {code[:2] for code in offered(intake) if code[0] != "@"} == {"FA", "WO", "MO"}
    turn = Turn.objects.filter(intake=intake, role="client").latest("number")
    uses = ModelUse.objects.filter(intake=intake).order_by("model")
    assert [(use.model, use.task, use.turn, use.prompt) for use in uses] == [
        ("a", "areas", turn, "areas@1"),
        ("b", "areas", turn, "areas@1"),
    ]
    data = server.asked("areas")[0]
    assert data["text"] == LINE
    assert [area["code"] for area in data["areas"]] == list(top_codes())
    assert "Maria" not in server.heard
    assert "Globex" not in server.heard


def test_a_replay_counts_the_recorded_votes_and_asks_nobody(server: ModelServer) -> None:
    intake = asked_for_topic(server)
    server.act = voice(FAMILY)
    say(intake, LINE)
    asked, server.act = len(server.calls), voice(HOUSING)
    assert json.dumps(recording.replay(intake.id).as_json()) == json.dumps(fresh(intake).mind)
    assert fresh(intake).mind["votes"] == [["small", 1.0, [FAMILY], False]]
    assert len(server.calls) == asked


def test_what_is_recorded_without_votes_has_no_trace_of_them(server: ModelServer) -> None:
    intake = asked_for_topic(server, enabled=False)
    say(intake, LINE)
    assert server.calls == []
    assert "votes" not in fresh(intake).mind


@pytest.mark.parametrize(
    "misdeed", ["stalls", "hangs midway", "answers 429", "refuses", "injects", "sends 10 MB in a line"]
)
def test_without_a_usable_vote_ours_alone_is_offered(misdeed: str, server: ModelServer) -> None:
    intake = asked_for_topic(server)
    server.act = MISDEEDS[misdeed][0]
    say(intake, LINE)
    assert offered(intake)[0].startswith("WO-")
    assert not ModelUse.objects.exists()


def test_the_beginning_of_a_story_is_not_sent(server: ModelServer) -> None:
    intake = asked_for_topic(server)
    say(intake, "My boss at Brobdingnag has not paid me for the last three weeks of my work there")
    assert server.calls == []


def test_votes_are_asked_for_only_where_a_firm_wants_them(server: ModelServer) -> None:
    switch_on(server)
    intake = start()
    agree(intake)
    for text in ("Maria Silva", "Globex", LINE):
        say(intake, text)
    assert server.calls == []
