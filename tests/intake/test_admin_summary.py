"""An intake's page as staff read a guided conversation: summary with evidence, alerts, sealed words, decisions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from intake import services, staff_selectors
from intake.models import Fact, Intake, SafetyAlert
from tests.intake.talk import answer_basics, begin, say, stage, start, to_review
from tests.intake.test_admin import page, staff

STORY = "I got a notice on May 3 2026. I owe 1200 dollars in rent. I have to be in court on July 2nd."


def plain(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_summary_shows_facts_by_section_each_with_a_link_to_its_turn() -> None:
    intake = to_review(begin("Maria Silva", "Globex", STORY))
    response = page(staff("read-only"), intake)
    text, html = plain(response), response.content.decode()
    for shown in (
        "Housing", "Papers and dates", "May 3, 2026", "$1,200", "taken from other words",
        "A court date is set: 40 points", "Time limits, for staff alone", "Open questions", "Red flags",
        "Papers to bring", "Proof of what you paid",
    ):  # fmt: skip
        assert shown in text, shown
    fact = Fact.objects.select_related("turn").get(intake=intake, key="notice_date")
    assert fact.turn is not None
    row = html[html.index("When did you get it?") :]
    assert f'href="#turn-{fact.turn.number}"' in row[:600]
    assert f'id="turn-{fact.turn.number}"' in html


def test_the_printed_page_keeps_the_answer_of_a_long_question() -> None:
    intake = to_review(begin("Maria Silva", "Globex Corporation", STORY))
    printed = plain(staff("read-only").get(f"/admin/intake/intake/{intake.pk}/print/"))
    assert "Who is on the other side? Globex Corporation [turn" in printed


def test_stages_and_kinds_are_in_words() -> None:
    intake = begin("Maria Silva", "Globex", STORY)
    say(intake, "they locked me out of my apartment today")
    client = staff("attorney")
    listed = plain(client.get("/admin/intake/intake/?stage=telling_their_story"))
    assert "safety pause" not in listed
    assert "paused for safety" in listed
    assert str(intake) in listed
    assert str(intake) not in plain(client.get("/admin/intake/intake/?stage=sent"))
    text = plain(page(client, intake))
    assert "lockout today" in text
    assert "lockout_today" not in text


def test_what_was_said_too_early_is_sealed_until_the_check_is_passed() -> None:
    begin("Globex", "Somebody")
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "Globex")
    say(intake, "They changed the locks on my apartment and my insulin is still inside")
    client = staff("attorney")
    html = page(client, intake).content.decode()
    assert "insulin" not in html
    assert "sealed until the conflict check is cleared" in html
    answer_basics(intake)
    assert stage(intake) == "conflict_hold"
    assert "insulin" not in page(client, intake).content.decode()


def test_the_single_records_of_sealed_words_do_not_show_them_either() -> None:
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "Globex")
    said = say(intake, "They changed the locks on my apartment and my insulin is still inside").turns[0]
    client = staff("attorney")
    assert "insulin" not in client.get(f"/admin/intake/turn/{said.id}/change/").content.decode()
    fact = Fact.objects.get(intake=intake, key="topic")
    assert "insulin" not in client.get(f"/admin/intake/fact/{fact.id}/change/").content.decode()
    assert Fact.objects.get(pk=fact.pk).value, "not shown is not erased"


def test_an_alert_comes_first_and_is_taken_up_once() -> None:
    intake = begin("Maria Silva", "Globex", "I want to kill myself tonight.")
    other = begin("Sam Poe", "Initech", "It is about a fence.")
    to_review(other)
    services.send_intake(intake_id=other.id)
    needs = staff_selectors.needs_a_person()
    assert needs[0].intake == intake
    assert needs[0].reason == "Danger now: self harm"
    client = staff("intake")
    assert "Safety alerts" in page(client, intake).content.decode()
    alert = SafetyAlert.objects.get(intake=intake)
    address = f"/admin/intake/intake/{intake.pk}/alert/{alert.pk}/"
    assert client.post(address).status_code == 302
    assert "taken up by Ann Lee" in plain(page(client, intake))
    assert intake not in [need.intake for need in staff_selectors.needs_a_person()]


@pytest.mark.parametrize(("decision", "leads_to"), [("continue", "story"), ("decline", "declined")])
def test_who_waits_for_a_person_is_let_go_on_or_declined_with_a_reason(decision: str, leads_to: str) -> None:
    intake = waiting()
    client = staff("attorney")
    assert "Under 18" in plain(page(client, intake))
    address = f"/admin/intake/intake/{intake.pk}/person/"
    client.post(address, {"decision": decision, "reason": " "})
    assert stage(intake) == "person_decides"
    assert client.post(address, {"decision": decision, "reason": "A parent called."}).status_code == 302
    assert stage(intake) == leads_to


def waiting() -> Intake:
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "Globex")
    answer_basics(intake, is_adult="=no")
    assert stage(intake) == "person_decides"
    return intake


def test_staff_write_an_answer_beside_the_clients() -> None:
    intake = to_review(begin("Maria Silva", "Globex", STORY))
    client = staff("intake")
    address = f"/admin/intake/intake/{intake.pk}/fact/"
    assert client.post(address, {"key": "amount_behind", "text": "1,350 dollars"}).status_code == 302
    text = plain(page(client, intake))
    assert "$1,350" in text
    assert "Ann Lee" in text
    assert [fact.typed for fact in Fact.objects.filter(intake=intake, key="amount_behind").order_by("id")] == [
        1200,
        1350,
    ]
    for key, words in (("amount_behind", "purple"), ("nothing", "1"), ("topic", "x")):
        response = client.post(address, {"key": key, "text": words}, follow=True)
        assert "could not be read" in plain(response)


def test_who_may_only_read_changes_nothing() -> None:
    intake = waiting()
    client: Client = staff("read-only")
    assert (
        client.post(f"/admin/intake/intake/{intake.pk}/person/", {"decision": "continue", "reason": "x"}).status_code
        == 403
    )
    assert client.post(f"/admin/intake/intake/{intake.pk}/fact/", {"key": "hope", "text": "x"}).status_code == 403
    assert 'name="decision"' not in page(client, intake).content.decode()


def test_a_conversation_of_the_first_form_has_its_old_page() -> None:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.", first_form=True)
    response = page(staff(), intake)
    assert response.status_code == 200
    assert "Maria Silva" in plain(response)
    assert 'id="summary"' not in response.content.decode()


def test_the_page_costs_the_same_queries_however_long_the_summary(django_assert_num_queries: Any) -> None:
    from tests.intake.test_admin import _count

    short, long = begin("Maria Silva", "Globex", "One."), begin("Sam Poe", "Initech", STORY, *["More."] * 10)
    client = staff()
    page(client, short)
    with django_assert_num_queries(_count(lambda: page(client, short))):
        page(client, long)
