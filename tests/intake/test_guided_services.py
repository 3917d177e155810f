"""The guided interview through its services: what is kept, how it replays, what staff are told."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from intake import errors, interviews, recording, selectors, services
from intake.interview.playbook import FIRST_FORM
from intake.interview.wordings import words
from intake.models import Fact, Intake, InterviewEvent, Party, SafetyAlert, Turn
from tenants.accounts.models import User
from tests.intake.talk import answer_basics, begin, choose, fresh, say, stage, start, to_review

STORY = "I got a notice on May 3 2026. I owe 1200 dollars in rent. I have to be in court on July 2nd."
SUICIDAL = "I want to kill myself tonight."


def user() -> User:
    return User.objects.create_user("attorney@example.test", None, is_staff=True)


def exact(intake: Intake) -> bool:
    """Whether the recorded events lead to the stored state, byte for byte."""
    kept = json.dumps(fresh(intake).mind, sort_keys=False)
    return json.dumps(recording.replay(intake.id).as_json(), sort_keys=False) == kept


def test_recorded_events_replay_to_the_stored_state_byte_for_byte() -> None:
    intake = start(zone="America/Chicago")
    say(intake, "Maria Silva")
    assert exact(intake)
    say(intake, "Globex")
    services.go_back(intake_id=intake.id)
    say(intake, "Globex Corp")
    answer_basics(intake)
    say(intake, STORY)
    services.switch_language(intake_id=intake.id, locale="es")
    services.switch_language(intake_id=intake.id, locale="en")
    to_review(intake)
    services.confirm_fact(intake_id=intake.id, key="phone")
    say(intake, "512 555 0199", about="phone")
    services.write_fact(intake_id=intake.id, key="hope", text="To stay", user=user())
    services.send_intake(intake_id=intake.id)
    assert exact(intake)
    events = InterviewEvent.objects.filter(intake=intake).order_by("sequence")
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert {event.playbook for event in events} == {"general@1", "housing@1"}
    assert {event.zone for event in events} == {"America/Chicago"}
    assert not any("Maria" in json.dumps(event.data) for event in events), "words stand in the turns alone"


def test_the_story_fills_facts_with_their_evidence() -> None:
    intake = begin("Maria Silva", "Globex", STORY)
    fact = Fact.objects.select_related("turn").get(intake=intake, key="notice_date")
    assert (fact.state, fact.kind, fact.typed) == ("inferred", "date", "2026-05-03")
    assert fact.turn is not None
    assert "May 3 2026" in (fact.turn.text or "")[fact.span_start : fact.span_end]
    assert Fact.objects.get(intake=intake, key="amount_behind").typed == 1200


def test_the_plain_state_holds_no_answer() -> None:
    intake = begin("Maria Silva", "Globex", STORY)
    assert set(intake.state) == {"consents", "gate_passed", "asking", "known"}


def test_a_button_is_a_turn_and_pressing_it_twice_is_once() -> None:
    intake = start()
    say(intake, "Maria Silva")
    ref = uuid4()
    press = {"intake_id": intake.id, "question": "other_side", "code": "@unknown", "client_ref": ref}
    first = services.choose(**press)  # type: ignore[arg-type]
    again = services.choose(**press)  # type: ignore[arg-type]
    assert [turn.number for turn in first.turns] == [turn.number for turn in again.turns]
    assert first.turns[0].text == "I don't know"
    assert Fact.objects.get(intake=intake, key="other_side").state == "unknown"


@pytest.mark.parametrize("code", ["nothing", "@go_on", "yes", "HO-00-00-00-00"])
def test_a_button_that_is_not_there_is_refused_and_leaves_nothing(code: str) -> None:
    intake = start()
    turns = Turn.objects.count()
    with pytest.raises(errors.StageClosed):
        services.choose(intake_id=intake.id, question="name", code=code, client_ref=uuid4())
    assert Turn.objects.count() == turns
    assert exact(intake)


def test_danger_pauses_tells_staff_its_kind_alone_and_goes_on_when_the_person_says_so() -> None:
    intake = begin("Maria Silva", "Globex", "They locked me out.")
    SafetyAlert.objects.all()
    shown = say(intake, SUICIDAL)
    assert stage(intake) == "safety_pause"
    alert = SafetyAlert.objects.get(intake=intake, level="danger_now")
    assert alert.kinds == ["self_harm"]
    assert alert.turn is not None
    assert alert.turn.number == shown.turns[0].number
    assert "988" in str(shown.turns[-1].text)
    snapshot = selectors.snapshot(intake.id)
    assert snapshot["can"]["go_on"]
    assert snapshot["question"] is None
    say(intake, "I do not know")
    assert stage(intake) == "safety_pause"
    choose(intake, "@go_on", "")
    assert stage(intake) == "story"
    say(intake, SUICIDAL)
    assert stage(intake) == "story", "the same fact does not trigger again"
    assert SafetyAlert.objects.filter(intake=intake, level="danger_now").count() == 1
    assert exact(intake)


def test_saying_that_one_is_safe_goes_on_too() -> None:
    intake = begin("Maria Silva", "Globex", SUICIDAL)
    assert stage(intake) == "safety_pause"
    say(intake, "i am safe now go on")
    assert stage(intake) == "story"


def test_an_urgent_matter_goes_on_and_staff_are_told() -> None:
    intake = begin("Maria Silva", "Globex", "I was served papers and my court date is tomorrow.")
    assert stage(intake) == "story"
    alert = SafetyAlert.objects.get(intake=intake)
    assert (alert.level, alert.kinds) == ("urgent", ["deadline"])


def test_an_alert_is_acknowledged_once() -> None:
    begin("Maria Silva", "Globex", SUICIDAL)
    alert, first = SafetyAlert.objects.latest("id"), user()
    services.acknowledge_alert(alert_id=alert.id, user=first)
    second = User.objects.create_user("clerk@example.test", None, is_staff=True)
    assert services.acknowledge_alert(alert_id=alert.id, user=second).acknowledged_by == first


def test_a_minor_waits_for_a_person_who_lets_them_go_on_or_declines() -> None:
    for decision, leads_to in (("continue", "story"), ("decline", "declined")):
        intake = start()
        say(intake, "Maria Silva")
        say(intake, f"Globex {decision}")
        answer_basics(intake, is_adult="=no")
        assert stage(intake) == "person_decides"
        staff = User.objects.create_user(f"{decision}@example.test", None, is_staff=True)
        with pytest.raises(errors.ReasonRequired):
            services.decide_person(intake_id=intake.id, decision="continue", reason=" ", user=staff)
        services.decide_person(intake_id=intake.id, decision=decision, reason="Called.", user=staff)  # type: ignore[arg-type]
        answer_basics(intake)
        assert stage(intake) == leads_to
        with pytest.raises(errors.AlreadyDecided):
            services.decide_person(intake_id=intake.id, decision="continue", reason="x", user=staff)
        assert exact(intake)


def test_the_review_groups_answers_and_each_is_confirmed_or_corrected() -> None:
    intake = to_review(begin("Maria Silva", "Globex", STORY))
    review = selectors.snapshot(intake.id)["review"]
    items = {item["key"]: item for section in review["sections"] for item in section["items"]}
    assert items["notice_date"]["text"] == "May 3, 2026"
    assert items["amount_behind"]["text"] == "$1,200"
    assert items["area"]["text"] == "Housing"
    assert items["name"]["state"] == "stated"
    assert all(section["title"] for section in review["sections"])
    services.confirm_fact(intake_id=intake.id, key="notice_date")
    say(intake, "May 5 2026", about="notice_date")
    review = selectors.snapshot(intake.id)["review"]
    items = {item["key"]: item for section in review["sections"] for item in section["items"]}
    assert items["notice_date"]["text"] == "May 5, 2026"
    facts = Fact.objects.filter(intake=intake, key="notice_date").order_by("id")
    assert [fact.state for fact in facts] == ["inferred", "confirmed", "stated"]
    assert [bool(hasattr(fact, "superseded_by")) for fact in facts] == [True, True, False]


def test_what_is_said_otherwise_stands_beside_until_the_client_decides() -> None:
    intake = begin("Maria Silva", "Globex", STORY, "Sorry, the notice came on May 9 2026.")
    to_review(intake)
    found = [section["items"] for section in selectors.snapshot(intake.id)["review"]["sections"]]
    item = next(item for items in found for item in items if item["key"] == "notice_date")
    assert (item["text"], item["state"]) == ("May 3, 2026", "contradicted")
    assert [other["text"] for other in item["others"]] == ["May 9, 2026"]
    assert Fact.objects.filter(intake=intake, key="notice_date", superseded_by__isnull=True).count() == 2
    say(intake, "May 9 2026", about="notice_date")
    found = [section["items"] for section in selectors.snapshot(intake.id)["review"]["sections"]]
    item = next(item for items in found for item in items if item["key"] == "notice_date")
    assert (item["text"], item["state"], item["others"]) == ("May 9, 2026", "stated", [])


def test_staff_edits_add_and_name_who_did() -> None:
    intake = to_review(begin("Maria Silva", "Globex", STORY))
    staff = user()
    services.write_fact(intake_id=intake.id, key="amount_behind", text="1,300 dollars", user=staff)
    facts = list(Fact.objects.filter(intake=intake, key="amount_behind").order_by("id"))
    assert [(fact.typed, fact.written_by) for fact in facts] == [(1200, None), (1300, staff)]
    assert facts[-1].turn is None


def test_a_conversation_begun_under_the_first_form_goes_on_under_it() -> None:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.", first_form=True)
    assert intake.playbook == FIRST_FORM.name
    assert intake.mind is None
    assert selectors.snapshot(intake.id)["question"] == {
        "key": "story", "text": words("ask_story", "en"), "kind": "story", "help": None, "choices": [],
    }  # fmt: skip
    say(intake, "done")
    assert stage(intake) == "review"
    assert selectors.snapshot(intake.id)["review"]["sections"] == []
    services.send_intake(intake_id=intake.id)
    assert stage(intake) == "sent"
    assert not InterviewEvent.objects.filter(intake=intake).exists()


def test_a_playbook_of_which_the_version_is_gone_still_asks() -> None:
    assert interviews.guided_named("housing@99").key == "housing"
    assert interviews.guided_named("unheard-of@1").key == "general"


def test_every_name_that_is_given_is_a_party_on_its_side() -> None:
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "the county office")
    answer_basics(intake, area="=IM-00-00-00-00", related_name="Pedro Silva")
    assert {(party.role, party.name) for party in Party.objects.filter(intake=intake)} >= {
        ("client", "Maria Silva"),
        ("related", "Pedro Silva"),
    }
