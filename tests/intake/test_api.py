"""The whole typed job over HTTP, and what each kind of bad input gets."""

from __future__ import annotations

import json
import unicodedata
from typing import Any
from uuid import uuid4

import pytest

from intake.api.base import COOKIE
from intake.models import Intake, Turn
from tests.intake.client import Browser

NAME, OTHER, STORY = "My name is Maria Silva", "Globex Corporation", "They kept my deposit."


def code(response: Any) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/problem+json", response.content
    body = response.json()
    assert body["status"] == response.status_code
    assert {"type", "title", "code"} <= body.keys()
    return response.status_code, body["code"]


def test_the_typed_job_from_page_to_reference() -> None:
    browser = Browser()
    snapshot = browser.start()
    assert snapshot["stage"] == "name"
    assert snapshot["question"]["kind"] == "name"
    assert {name for name, may in snapshot["can"].items() if may} == {"type", "speak", "choose"}
    snapshot = browser.to_story(NAME, OTHER)
    assert snapshot["stage"] == "story"
    snapshot = browser.answer(STORY, "And they never wrote back.")
    assert snapshot["can"]["done"]
    assert browser.post(f"{browser.path}/done").json()["stage"] == "questions"
    review = browser.to_review()
    assert review["stage"] == "review"
    assert review["review"]["name"] == "Maria Silva"
    assert len(review["review"]["story"]) == 2
    sent = browser.post(f"{browser.path}/send")
    assert sent.status_code == 200
    reference = sent.json()["reference"]
    assert browser.post(f"{browser.path}/send").json()["reference"] == reference
    assert browser.get("/api/intakes/current").json()["reference"] == reference
    after = browser.get(f"{browser.path}/turns?after=3").json()
    assert [turn["number"] for turn in after["turns"]] == list(range(4, after["last_turn"] + 1))


def test_a_second_tab_shows_the_same_conversation() -> None:
    browser = Browser()
    started = browser.start()
    browser.answer(NAME)
    again = browser.post("/api/intakes/", {"consents": {"service": True}, "locale": "en"})
    assert again.status_code == 200
    assert again.json()["id"] == started["id"]
    assert browser.get("/api/intakes/current").json()["last_turn"] == 3
    assert Intake.objects.count() == 1


def test_after_sending_the_same_browser_may_start_another() -> None:
    browser = Browser()
    first = browser.start()["id"]
    browser.to_story(NAME, OTHER)
    browser.answer(STORY, "done")
    browser.to_review()
    browser.post(f"{browser.path}/send")
    assert browser.start()["id"] != first


def test_leaving_takes_the_conversation_from_this_browser() -> None:
    browser = Browser()
    browser.start()
    browser.answer("Ana Bell")
    assert browser.post("/api/leave", csrf=False).status_code == 403, "no other page may end it"
    response = browser.post("/api/leave")
    assert response.status_code == 204
    cookie = response.cookies["__Host-intake"]
    assert (cookie.value, cookie["max-age"], cookie["secure"], cookie["path"]) == ("", 0, True, "/")
    assert browser.get("/api/intakes/current").json()["code"] == "no_intake"
    with_its_staff = Intake.objects.get(pk=browser.snapshot["id"])
    assert with_its_staff.last_turn > 1, "what was said stays with the firm"


def test_the_cookie_is_this_hosts_alone_and_is_not_stored() -> None:
    browser = Browser()
    browser.start()
    cookie = browser.client.cookies[COOKIE]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["max-age"]
    assert len(cookie.value) >= 43
    row = Intake.objects.get()
    assert cookie.value.encode() not in bytes(row.secret_hash)
    assert len(bytes(row.secret_hash)) == 32


def test_the_start_needs_consent_to_the_service() -> None:
    browser = Browser()
    for consents in ({}, {"service": False}, {"keep_audio": True}):
        response = browser.post("/api/intakes/", {"consents": consents})
        assert code(response) == (400, "consent_required")


def test_without_the_cookie_there_is_no_conversation() -> None:
    browser, stranger = Browser(), Browser()
    browser.start()
    assert code(stranger.get("/api/intakes/current")) == (404, "no_intake")
    assert code(stranger.get(f"{browser.path}/turns")) == (404, "no_intake")
    stranger.start()
    body = {"text": "hello", "client_ref": str(uuid4())}
    assert code(stranger.post(f"{browser.path}/turns", body)) == (404, "no_intake")
    for address in ("done", "send"):
        assert code(stranger.post(f"{browser.path}/{address}")) == (404, "no_intake")


def test_another_firms_cookie_opens_nothing() -> None:
    here, there = Browser(), Browser("summit.localhost")
    here.start()
    there.client.cookies[COOKIE] = here.client.cookies[COOKIE].value
    assert code(there.get("/api/intakes/current")) == (404, "no_intake")
    assert code(there.get(f"{here.path}/turns")) == (404, "no_intake")


def test_every_write_needs_the_pages_token() -> None:
    browser = Browser()
    browser.start()
    body = {"text": NAME, "client_ref": str(uuid4())}
    writes = {
        "/api/intakes/": {"consents": {"service": True}},
        f"{browser.path}/turns": body,
        f"{browser.path}/consents": {"kind": "keep_audio", "granted": True},
        f"{browser.path}/done": None,
        f"{browser.path}/send": None,
    }
    for path, given in writes.items():
        assert code(browser.post(path, given, csrf=False)) == (403, "csrf_failed")
        response = browser.post(path, given, headers_more={"Origin": "https://elsewhere.example"})
        assert code(response) == (403, "csrf_failed")
    assert Turn.objects.count() == 1


def test_a_closed_stage_is_409_and_says_where_it_stands() -> None:
    browser = Browser()
    browser.start()
    response = browser.post(f"{browser.path}/send")
    assert code(response) == (409, "stage_closed")
    assert response.json()["stage"] == "name"
    assert code(browser.post(f"{browser.path}/done")) == (409, "stage_closed")
    browser.to_story(NAME, OTHER)
    browser.answer(STORY, "done")
    browser.to_review()
    browser.post(f"{browser.path}/send")
    assert code(browser.say("one more")) == (409, "stage_closed")


def test_the_same_client_ref_twice_is_one_turn() -> None:
    browser = Browser()
    browser.start()
    ref = str(uuid4())
    first = browser.say(NAME, client_ref=ref).json()
    again = browser.say(NAME, client_ref=ref)
    assert again.status_code == 201
    assert again.json() == first


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"text": "", "client_ref": str(uuid4())}, (400, "text_empty")),
        ({"text": " \x00\x07\n", "client_ref": str(uuid4())}, (400, "text_empty")),
        ({"text": "x" * 1_000_001, "client_ref": str(uuid4())}, (400, "text_too_long")),
        ({"text": "hello", "client_ref": "not-a-uuid"}, (400, "invalid")),
        ({"text": "hello"}, (400, "invalid")),
        ({"client_ref": str(uuid4())}, (400, "invalid")),
        ({"text": ["hello"], "client_ref": str(uuid4())}, (400, "invalid")),
        ({"text": "hello", "client_ref": str(uuid4()), "supersedes": "first"}, (400, "invalid")),
        ({"text": "hello", "client_ref": str(uuid4()), "supersedes": 10**30}, (400, "invalid")),
        ({"text": "hello", "client_ref": str(uuid4()), "supersedes": 99}, (400, "no_such_turn")),
        (["hello"], (400, "invalid")),
    ],
)
def test_a_bad_turn_gets_a_code_and_changes_nothing(body: Any, expected: tuple[int, str]) -> None:
    browser = Browser()
    browser.start()
    assert code(browser.post(f"{browser.path}/turns", body)) == expected
    assert Turn.objects.count() == 1


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"nul", b"[" * 100_000])
def test_what_is_no_json_is_400(raw: bytes) -> None:
    browser = Browser()
    browser.start()
    assert code(browser.raw(f"{browser.path}/turns", raw)) == (400, "parse_error")


def test_more_than_a_megabyte_of_json_is_413() -> None:
    browser = Browser()
    browser.start()
    body = json.dumps({"text": "x" * 1_100_000, "client_ref": str(uuid4())}).encode()
    assert code(browser.raw(f"{browser.path}/turns", body)) == (413, "too_large")


def test_another_content_type_is_415() -> None:
    browser = Browser()
    browser.start()
    assert browser.raw(f"{browser.path}/turns", b"text=hello", "text/plain").status_code == 415


def forty_scripts() -> str:
    """A letter of each of forty scripts, with control and reordering characters in between."""
    letters = [
        c for start in (
            0x41, 0x391, 0x410, 0x531, 0x5D0, 0x621, 0x710, 0x780, 0x905, 0x985, 0xA05, 0xA85, 0xB05, 0xB85, 0xC05,
            0xC85, 0xD05, 0xD85, 0xE01, 0xE81, 0xF40, 0x1000, 0x10D0, 0x1100, 0x1200, 0x13A0, 0x1401, 0x1681, 0x16A0,
            0x1780, 0x1820, 0x1950, 0x1A00, 0x1B05, 0x2C00, 0x2D30, 0x3041, 0x30A1, 0x3105, 0x4E00, 0xA000, 0x10330,
        ) if (c := chr(start)) and unicodedata.category(c)[0] == "L"
    ]  # fmt: skip
    assert len(letters) >= 40
    return "\u202e\x00".join(letters) + "\x1b[31m\ud800\r\n e\u0301"


def test_a_text_in_forty_scripts_with_control_characters_is_kept_without_them() -> None:
    browser = Browser()
    browser.start()
    browser.to_story(NAME, OTHER)
    turn = browser.say(forty_scripts()).json()["turns"][0]
    text = turn["text"]
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} and c != "\n" for c in text)
    assert "\u202e" not in text
    assert text == unicodedata.normalize("NFC", text)
    assert text.endswith("[31m\n \u00e9")
    assert Turn.objects.get(number=turn["number"]).text == text


def test_consents_can_be_given_and_withdrawn() -> None:
    browser = Browser()
    assert not browser.start()["consents"]["keep_audio"]
    path = f"{browser.path}/consents"
    assert browser.post(path, {"kind": "keep_audio", "granted": True}).json()["consents"]["keep_audio"]
    assert code(browser.post(path, {"kind": "everything", "granted": True})) == (400, "invalid")
    stopped = browser.post(path, {"kind": "service", "granted": False}).json()
    assert stopped["stage"] == "stopped"
    assert not any(stopped["can"].values())


def test_whose_page_it_is() -> None:
    here, there = Browser().get("/api/firm").json(), Browser("summit.localhost").get("/api/firm").json()
    assert (here["name"], there["name"]) == ("Harbor Law", "Summit Legal")
    assert here["locales"] == ["en", "es"]
    assert "not a lawyer" in here["notice"]["paragraphs"][0]


def test_the_page_sets_the_token_and_no_cache_keeps_it(settings: Any, tmp_path: Any) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>Questions</title>")
    settings.FRONTEND_DIST = tmp_path
    browser = Browser()
    response = browser.get("/")
    assert response.status_code == 200
    assert "__Host-csrftoken" in response.cookies
    assert response.headers["Cache-Control"] == "no-store"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "microphone=(self)" in response.headers["Permissions-Policy"]


def test_the_pages_files_may_come_from_elsewhere_and_nothing_goes_there(settings: Any, tmp_path: Any) -> None:
    page = '<script type="module" crossorigin src="/static/app/assets/index-B3x_9aQz.js"></script><a href="/static/x">'
    (tmp_path / "index.html").write_text(page)
    settings.FRONTEND_DIST, settings.ASSETS_ORIGIN = tmp_path, "https://cdn.example"
    response = Browser().get("/")
    assert 'src="https://cdn.example/static/app/assets/index-B3x_9aQz.js"' in response.content.decode()
    assert 'href="/static/x"' in response.content.decode()
    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
    for kind in ("script-src", "style-src", "font-src", "img-src"):
        assert "https://cdn.example" in policy[kind].split(), kind
        assert "'self'" in policy[kind].split(), kind
    assert "data:" in policy["img-src"]
    for kind in ("default-src", "connect-src", "form-action", "worker-src"):
        assert "cdn.example" not in policy[kind], kind
    settings.ASSETS_ORIGIN = ""
    assert "cdn.example" not in Browser().get("/").content.decode()


def test_a_page_that_was_never_built_says_so(settings: Any, tmp_path: Any) -> None:
    settings.FRONTEND_DIST = tmp_path
    assert code(Browser().get("/")) == (503, "frontend_not_built")


@pytest.mark.parametrize("host", ["harbor.localhost", "admin.localhost"])
def test_the_api_is_documented_on_both_hosts_without_another_host(host: str) -> None:
    browser = Browser(host, begin=False)
    schema = browser.get("/api/schema")
    assert schema.status_code == 200
    assert b"/api/intakes/{intake_id}/turns" in schema.content
    page = browser.get("/docs")
    assert page.status_code == 200
    html = page.content.decode()
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "https://" not in html
    assert "<style" not in html
    assert html.count("<script") == html.count("<script src=") == 3
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    script = browser.get("/docs?script=")
    assert script.status_code == 200
    assert script.headers["Content-Type"].startswith("application/javascript")


def test_a_turn_costs_a_fixed_number_of_queries(django_assert_num_queries: Any) -> None:
    browser = Browser()
    browser.start()
    browser.to_story(NAME, OTHER)
    browser.answer(STORY)
    for text in ("One.", "Two."):
        # cookie -> intake; the service's eleven; snapshot three
        with django_assert_num_queries(15):
            browser.say(text)
