"""The whole typed job over HTTP, and what each kind of bad input gets."""

from __future__ import annotations

from intake.models import Intake
from tests.intake.client import Browser

NAME, OTHER, STORY = "My name is Maria Silva", "Globex Corporation", "They kept my deposit."


def test_the_typed_job_from_page_to_reference() -> None:
    browser = Browser()
    snapshot = browser.start()
    assert snapshot["stage"] == "name"
    assert snapshot["question"]["kind"] == "name"
    assert snapshot["can"] == {"type": True, "speak": True, "done": False, "send": False, "correct": False}
    snapshot = browser.answer(NAME, OTHER)
    assert snapshot["stage"] == "story"
    snapshot = browser.answer(STORY, "And they never wrote back.")
    assert snapshot["can"]["done"]
    review = browser.post(f"{browser.path}/done").json()
    assert review["stage"] == "review"
    assert review["review"]["name"] == "Maria Silva"
    assert len(review["review"]["story"]) == 2
    sent = browser.post(f"{browser.path}/send")
    assert sent.status_code == 200
    reference = sent.json()["reference"]
    assert browser.post(f"{browser.path}/send").json()["reference"] == reference
    assert browser.get("/api/intakes/current").json()["reference"] == reference


def test_a_second_tab_shows_the_same_conversation() -> None:
    browser = Browser()
    started = browser.start()
    browser.answer(NAME)
    again = browser.post("/api/intakes/", {"consents": {"service": True}, "locale": "en"})
    assert again.status_code == 200
    assert again.json()["id"] == started["id"]
    assert browser.get("/api/intakes/current").json()["last_turn"] == 3
    assert Intake.objects.count() == 1
