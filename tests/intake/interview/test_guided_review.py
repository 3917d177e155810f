"""What is corrected, confirmed, added and taken back: by the client, by a model, by staff."""

from __future__ import annotations

from intake.interview.events import (
    Confirmed,
    ConflictDecided,
    Proposal,
    Proposed,
    StaffActed,
    Withdrew,
)
from intake.interview.stages import Stage
from tests.intake.interview.house import Talker, reviewing


def test_a_correction_takes_the_place_of_the_answer() -> None:
    talker = Talker().begin()
    talker.say("Maria Silva")
    first = talker.turn
    talker.say("Globex")
    talker.say("Maria Sylva", supersedes=first)
    assert talker.talk.known["name"].value == "Maria Sylva"
    assert talker.talk.asking == "topic"


def test_what_was_read_out_of_words_lapses_with_them() -> None:
    talker = Talker().to_story()
    talker.say("I got a notice on May 3 2026.")
    told = talker.turn
    decision = talker.say("Nobody ever wrote to me.", supersedes=told)
    assert "notice_date" not in talker.talk.known
    assert {finding.key: finding.state for finding in decision.findings}["notice_date"] == "unknown"
    assert talker.talk.story == (talker.turn,)


def test_a_corrected_name_is_checked_again() -> None:
    talker = reviewing()
    talker.hit = True
    talker.say("Initech", about="other_side")
    assert talker.stands(Stage.CONFLICT_HOLD)
    talker.happen(ConflictDecided, cleared=True)
    assert talker.stands(Stage.REVIEW)


def test_the_review_confirms_and_corrects_one_by_one() -> None:
    talker = reviewing()
    key = "phone"
    confirmed = talker.happen(Confirmed, key=key)
    assert [(finding.key, finding.state) for finding in confirmed.findings] == [(key, "confirmed")]
    corrected = talker.say("512 555 0199", about=key)
    assert talker.talk.known[key].value == "+15125550199"
    assert [finding.state for finding in corrected.findings] == ["stated"]
    assert talker.stands(Stage.REVIEW)


def test_a_story_that_says_otherwise_keeps_both() -> None:
    talker = Talker().to_story()
    talker.say("I got the notice on May 3 2026.")
    found = talker.say("No wait, the notice came on May 9 2026.")
    assert [(one.key, one.value, one.state) for one in found.findings] == [
        ("notice_date", "2026-05-09", "contradicted")
    ]
    assert talker.talk.known["notice_date"].value == "2026-05-03"
    assert talker.talk.known["notice_date"].state == "contradicted"


def test_a_models_fact_needs_its_words_letter_by_letter() -> None:
    talker = Talker().to_story()
    text = "Six of us live in the home."
    talker.say(text)
    talker.talk = talker.talk.without("people_home")
    lies = (
        Proposal("people_home", 7, "Seven of us", 0),
        Proposal("people_home", 6, "of us", 0),
        Proposal("nothing", 6, "Six of us", 0),
        Proposal("name", "Eve", "Six", 0),
    )
    assert talker.happen(Proposed, turn=talker.turn, text=text, facts=lies).findings == ()
    true = (Proposal("people_home", 6, "Six of us", 0),)
    found = talker.happen(Proposed, turn=talker.turn, text=text, facts=true).findings
    assert [(one.key, one.value, one.state) for one in found] == [("people_home", 6, "inferred")]


def test_staff_write_down_an_answer() -> None:
    talker = reviewing()
    found = talker.happen(StaffActed, action="edit", key="hope", value="To stay").findings
    assert [(one.key, one.value, one.turn) for one in found] == [("hope", "To stay", 0)]


def test_withdrawing_ends_it() -> None:
    talker = Talker().to_story()
    talker.happen(Withdrew, kind="service")
    assert talker.stands(Stage.STOPPED)
