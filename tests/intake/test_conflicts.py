"""The conflict gate: names, sides, corrections, decisions, and two people at the same moment."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import connections

from intake import errors, selectors, services
from intake.interview.wordings import WORDINGS, texts
from intake.models import AuditEvent, ConflictCheck, Intake, Party, Turn
from intake.names import normalise
from tenants.accounts.models import User
from tenants.context import firm_scope
from tests.intake.talk import answer_basics, begin, say, stage, start

STOPPED = WORDINGS["en"]["stopped"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria Silva", "  maria   SILVA "),
        ("Silva, Maria", "Maria Silva"),
        ("José Núñez", "jose nunez"),
        ("Núñez, José", "Mr. Jose Nunez"),
        ("O'Brien, Pat", "Pat O\u2019Brien"),
        ("Anne-Marie Smith", "Anne Marie Smith"),
        ("Acme, L.L.C.", "acme LLC"),
        ("Acme Inc", "The Acme Company, Inc."),
        ("Smith & Jones LLP", "Smith and Jones"),
        ("J.R. Ewing", "J. R. Ewing"),
        ("Müller GmbH", "MULLER"),
        ("Straße AG", "strasse"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("\uff21\uff23\uff2d\uff25", "acme"),
    ],
)
def test_two_ways_to_write_one_name_are_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("Maria Silva", "Mario Silva"), ("John Smith", "John Smith Jr"), ("नेहा", "नहा"), ("Acme North", "Acme South"),
     ("Limited", "Company"), ("王伟", "王芳")],
)  # fmt: skip
def test_different_names_stay_different(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_a_new_other_side_that_is_a_client_stops_the_questions() -> None:
    begin("Globex Inc", "Nobody Known", "We have a dispute.")
    intake = begin("Maria Silva", "GLOBEX, L.L.C.")
    assert stage(intake) == "conflict_hold"
    snapshot = selectors.snapshot(intake.id)
    assert snapshot["stage"] == "stopped"
    assert snapshot["question"] is None
    assert not any(snapshot["can"].values())
    assert snapshot["turns"][-1]["text"].endswith(STOPPED)
    with pytest.raises(errors.StageClosed) as refused:
        say(intake, "But what about my deposit?")
    assert refused.value.extra == {"stage": "stopped"}


def test_a_new_client_who_is_an_other_side_stops_the_questions() -> None:
    begin("Maria Silva", "Pat Jones", "We have a dispute.")
    assert stage(begin("Jones, Pat", "Somebody Else")) == "conflict_hold"


def test_a_person_who_comes_back_and_the_same_opponent_again_are_none() -> None:
    begin("Maria Silva", "Globex", "First.")
    assert stage(begin("Maria Silva", "Initech")) == "story"
    assert stage(begin("Pat Jones", "Globex")) == "story"
    assert stage(begin("Sam Poe", "Sam Poe")) == "story", "one's own name is not another intake"


def test_an_unfinished_conversation_counts_too() -> None:
    begin("Globex", "Somebody")
    assert stage(begin("Maria Silva", "Globex")) == "conflict_hold"


def user() -> User:
    return User.objects.create_user("attorney@example.test", None, is_staff=True)


def held() -> tuple[Intake, ConflictCheck]:
    begin("Globex", "Somebody")
    intake = begin("Maria Silva", "Globex")
    return intake, ConflictCheck.objects.get(intake=intake, result="hit")


def test_clearing_lets_the_client_go_on_where_they_stopped() -> None:
    intake, check = held()
    staff = user()
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Another Globex.", user=staff)
    assert stage(intake) == "story"
    last = Turn.objects.filter(intake=intake).latest("number")
    assert (last.role, last.question) == ("assistant", "story")
    check.refresh_from_db()
    assert (check.decision, check.reason, check.decided_by) == ("cleared", "Another Globex.", staff)
    event = AuditEvent.objects.get(chain=intake.id, action="conflict.cleared")
    assert event.actor == f"staff:{staff.pk}"
    assert "Globex" not in str(event.data)
    say(intake, "They kept my deposit.")


def test_confirming_ends_it_and_the_client_is_told_without_a_reason() -> None:
    intake, check = held()
    before = selectors.snapshot(intake.id)
    services.decide_conflict(check_id=check.id, decision="confirmed", reason="Our client.", user=user())
    assert stage(intake) == "stopped"
    after = selectors.snapshot(intake.id)
    assert after["turns"][-1]["text"] == texts("declined", "en")[0]
    assert after["stage"] == before["stage"] == "stopped"
    assert (after["question"], after["can"]) == (None, before["can"])


def test_a_decision_has_a_reason_and_is_made_once() -> None:
    _intake, check = held()
    staff = user()
    with pytest.raises(errors.ReasonRequired):
        services.decide_conflict(check_id=check.id, decision="cleared", reason="  ", user=staff)
    services.decide_conflict(check_id=check.id, decision="confirmed", reason="Our client.", user=staff)
    with pytest.raises(errors.AlreadyDecided):
        services.decide_conflict(check_id=check.id, decision="cleared", reason="Oh no.", user=staff)
    clear = ConflictCheck.objects.filter(result="clear").first()
    assert clear is not None
    with pytest.raises(errors.AlreadyDecided):
        services.decide_conflict(check_id=clear.id, decision="confirmed", reason="Hm.", user=staff)


def test_correcting_the_other_side_runs_the_check_again() -> None:
    begin("Initech", "Somebody")
    intake = begin("Maria Silva", "Globex", "They kept my deposit.")
    turn = Turn.objects.get(intake=intake, role="client", question="other_side")
    say(intake, "Initech", supersedes=turn.number)
    assert stage(intake) == "conflict_hold"
    check = ConflictCheck.objects.get(intake=intake, result="hit")
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Another Initech.", user=user())
    assert stage(intake) == "story"


def test_a_corrected_spelling_of_a_cleared_name_does_not_stop_again() -> None:
    intake, check = held()
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Another Globex.", user=user())
    turn = Turn.objects.get(intake=intake, role="client", question="other_side")
    say(intake, "Globex Inc.", supersedes=turn.number)
    assert stage(intake) == "story"


def test_a_name_that_was_corrected_away_stops_nobody() -> None:
    intake = begin("Globex", "Somebody", "Hello.")
    turn = Turn.objects.get(intake=intake, role="client", question="name")
    say(intake, "Maria Silva", supersedes=turn.number)
    assert stage(begin("Pat Jones", "Globex")) == "story"


def test_a_correction_before_the_gate_asks_on() -> None:
    intake = start()
    first = say(intake, "Maria Silva").turns[0]
    say(intake, "Maria Sylva", supersedes=first.number)
    assert stage(intake) == "other_side"
    say(intake, "Globex")
    answer_basics(intake)
    assert stage(intake) == "story"
    assert Party.objects.get(intake=intake, role="client", superseded_by__isnull=True).name == "Maria Sylva"


def test_firms_do_not_share_names(other_firm: object, firm: object) -> None:
    from intake.conflicts import name_hash

    with firm_scope(other_firm):  # type: ignore[arg-type]
        there = name_hash("Globex")
    assert name_hash("Globex") != there


def test_two_who_name_each_other_at_once_do_not_both_pass(live_firms: tuple[object, ...]) -> None:
    """Each names the other as the opposite side. Whoever comes second is stopped."""
    ref = live_firms[0]
    for attempt in range(6):
        names = (f"Ann {attempt}", f"Bob {attempt}")
        barrier = threading.Barrier(2)
        stages: list[str] = []

        def talk(me: str, them: str, barrier: threading.Barrier = barrier, stages: list[str] = stages) -> None:
            with firm_scope(ref):  # type: ignore[arg-type]
                try:
                    intake = start(first_form=True)
                    say(intake, me)
                    barrier.wait(10)
                    services.add_turn(intake_id=intake.id, text=them, modality="typed", client_ref=uuid4())
                    stages.append(stage(intake))
                finally:
                    connections.close_all()

        threads = [threading.Thread(target=talk, args=pair) for pair in (names, names[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(stages) == ["conflict_hold", "conflict_hold"], "both names are on file by then"


def test_two_who_are_named_at_once(live_firms: tuple[object, ...]) -> None:
    """One corrects their name into what the other gives as the other side, at the same moment:
    exactly one of them is let through, whatever the order."""
    ref = live_firms[0]
    for attempt in range(6):
        globex = f"Globex {attempt}"
        barrier = threading.Barrier(2)
        stages: list[str] = []
        with firm_scope(ref):  # type: ignore[arg-type]
            first = begin(f"Typo {attempt}", f"Nobody {attempt}", "Hello.", first_form=True)
            turn = Turn.objects.get(intake=first, role="client", question="name")
            second = start(first_form=True)
            say(second, f"Maria {attempt}")

        def talk(
            intake: Intake, text: str, supersedes: int | None,
            barrier: threading.Barrier = barrier, stages: list[str] = stages,
        ) -> None:  # fmt: skip
            with firm_scope(ref):  # type: ignore[arg-type]
                try:
                    barrier.wait(10)
                    say(intake, text, supersedes=supersedes)
                    stages.append(stage(intake))
                finally:
                    connections.close_all()

        threads = [
            threading.Thread(target=talk, args=(first, globex, turn.number)),
            threading.Thread(target=talk, args=(second, globex, None)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(stages) == ["conflict_hold", "story"]


def test_two_guided_conversations_that_name_each_other_at_once_do_not_both_pass(live_firms: tuple[object, ...]) -> None:
    """The names are on file before the check: whoever is checked second, or both, are stopped."""
    ref = live_firms[0]
    barrier = threading.Barrier(2)
    stages: list[str] = []

    def talk(me: str, them: str) -> None:
        with firm_scope(ref):  # type: ignore[arg-type]
            try:
                intake = start()
                say(intake, me)
                barrier.wait(10)
                say(intake, them)
                answer_basics(intake)
                stages.append(stage(intake))
            finally:
                connections.close_all()

    names = ("Ann Example", "Bob Sample")
    threads = [threading.Thread(target=talk, args=pair) for pair in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(stages) == 2
    assert "conflict_hold" in stages
