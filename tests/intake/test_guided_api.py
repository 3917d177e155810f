"""The guided interview over HTTP: buttons, going back, languages, review, pause; and that OpenAPI tells the truth."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import jsonschema
import pytest
import yaml

from tests.intake.client import Browser
from tests.intake.test_api import code

STORY = "I got a notice on May 3 2026. I owe 1200 dollars in rent."


def browser_at_story() -> Browser:
    browser = Browser()
    browser.start()
    browser.to_story("Maria Silva", "Globex Corp")
    return browser


def test_a_question_comes_with_its_buttons_and_pressing_one_answers_it() -> None:
    browser = Browser()
    browser.start()
    browser.answer("Maria Silva", "Globex Corp")
    question = browser.snapshot["question"]
    assert question["key"] == "topic"
    assert [option["code"] for option in question["choices"]] == ["@list"]
    browser.choose("@list")
    labels = {option["code"]: option["label"] for option in browser.snapshot["question"]["choices"]}
    assert len(labels) == 21
    assert labels["HO-00-00-00-00"] == "Housing"
    browser.choose("HO-00-00-00-00")
    assert browser.snapshot["stage"] == "basics"
    last = browser.snapshot["turns"][-2]
    assert (last["role"], last["text"], last["question"]) == ("client", "Housing", "area")


def test_the_three_best_areas_are_offered_for_what_was_said_in_one_line() -> None:
    browser = Browser()
    browser.start()
    browser.answer("Maria Silva", "Globex Corp", "my boss has not paid me for three weeks of work")
    choices = browser.snapshot["question"]["choices"]
    assert len(choices) == 4
    assert choices[0]["code"].startswith("WO-")
    assert choices[-1]["code"] == "@list"


def test_a_button_that_is_not_there_is_409_and_changes_nothing() -> None:
    browser = browser_at_story()
    before = browser.get("/api/intakes/current").json()
    for body in (
        {"question": "story", "code": "yes"},
        {"question": "name", "code": "@skip"},
        {"question": "", "code": "@go_on"},
    ):
        response = browser.post(f"{browser.path}/choices", {**body, "client_ref": str(uuid4())})
        assert code(response) == (409, "stage_closed")
    assert browser.get("/api/intakes/current").json() == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("choices", {"code": "yes", "client_ref": str(uuid4())}),
        ("choices", {"question": "x", "code": "yes", "client_ref": "no"}),
        ("choices", {"question": "x", "code": "y" * 100, "client_ref": str(uuid4())}),
        ("locale", {"locale": "fr"}),
        ("locale", {}),
    ],
)
def test_bad_input_has_a_code(path: str, body: Any) -> None:
    browser = browser_at_story()
    assert code(browser.post(f"{browser.path}/{path}", body)) == (400, "invalid")


def test_every_new_write_needs_the_pages_token_and_the_cookie() -> None:
    browser, stranger = browser_at_story(), Browser()
    stranger.start()
    for path in ("choices", "back", "locale", "facts/phone/confirm"):
        assert code(browser.post(f"{browser.path}/{path}", {}, csrf=False)) == (403, "csrf_failed")
        assert code(stranger.post(f"{browser.path}/{path}", {})) == (404, "no_intake")


def test_going_back_asks_the_question_before_again() -> None:
    browser = Browser()
    browser.start()
    assert code(browser.post(f"{browser.path}/back")) == (409, "stage_closed")
    browser.answer("Maria Silva", "Globex Corp")
    assert browser.snapshot["can"]["back"]
    assert browser.post(f"{browser.path}/back").json()["question"]["key"] == "other_side"


def test_another_language_is_spoken_from_then_on() -> None:
    browser = Browser()
    browser.start()
    snapshot = browser.post(f"{browser.path}/locale", {"locale": "es"}).json()
    assert snapshot["locale"] == "es"
    assert snapshot["locales"] == ["en", "es"]
    assert snapshot["question"]["text"] == "¿Cuál es su nombre completo?"
    assert "no es abogado" in " ".join(snapshot["notice"]["paragraphs"]).lower()
    assert browser.get("/api/firm?locale=es").json()["notice"]["paragraphs"] == snapshot["notice"]["paragraphs"]
    assert browser.get("/api/firm?locale=xx").json()["notice"]["paragraphs"][0].startswith("You are talking")


def test_a_conversation_may_begin_in_spanish_with_the_clients_zone() -> None:
    browser = Browser()
    body = {"consents": {"service": True}, "locale": "es-MX", "zone": "America/Mexico_City"}
    assert browser.post("/api/intakes/", body).json()["locale"] == "es"
    other = Browser()
    odd = {"consents": {"service": True}, "locale": "en", "zone": "../../etc/passwd"}
    assert other.post("/api/intakes/", odd).status_code == 201


def test_the_review_is_confirmed_and_corrected_one_by_one() -> None:
    browser = browser_at_story()
    browser.answer(STORY)
    browser.post(f"{browser.path}/done")
    browser.to_review()
    assert code(browser.post(f"{browser.path}/facts/nothing/confirm")) == (409, "stage_closed")
    review = browser.post(f"{browser.path}/facts/notice_date/confirm").json()["review"]
    items = {item["key"]: item for section in review["sections"] for item in section["items"]}
    assert items["notice_date"]["state"] == "confirmed"
    snapshot = browser.say("1,350 dollars", about="amount_behind").json()["snapshot"]
    items = {item["key"]: item for section in snapshot["review"]["sections"] for item in section["items"]}
    assert items["amount_behind"]["text"] == "$1,350"
    assert code(browser.say("x", about="nothing")) == (409, "stage_closed")


def test_a_pause_takes_words_and_one_button() -> None:
    browser = browser_at_story()
    browser.answer("I want to kill myself tonight")
    snapshot = browser.snapshot
    assert snapshot["stage"] == "safety_pause"
    assert snapshot["question"] is None
    assert {name for name, may in snapshot["can"].items() if may} == {"type", "speak", "go_on"}
    body = {"question": "", "code": "@go_on", "client_ref": str(uuid4())}
    assert browser.post(f"{browser.path}/choices", body).json()["snapshot"]["stage"] == "story"


def test_the_published_schema_describes_what_is_sent() -> None:
    browser = browser_at_story()
    browser.answer(STORY)
    browser.post(f"{browser.path}/done")
    browser.to_review()
    schema = yaml.safe_load(browser.get("/api/schema").content)
    sent = browser.get("/api/intakes/current").json()
    published = {"$ref": "#/components/schemas/SnapshotOut", "components": schema["components"]}
    jsonschema.Draft202012Validator(_nullable(published)).validate(sent)
    for path in ("choices", "back", "locale", "facts/{key}/confirm"):
        assert f"/api/intakes/{{intake_id}}/{path}" in schema["paths"]


def _nullable(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(node, list):
        return [_nullable(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _nullable(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if node.get("nullable") is True else made
