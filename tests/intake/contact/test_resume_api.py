"""Going on later, over HTTP: from one browser to another, and what each kind of bad input gets."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from intake import services
from intake.api.base import COOKIE
from intake.contact import limits, passes
from intake.models import ContactMessage
from tenants.context import FirmRef
from tests.intake.client import Browser
from tests.intake.contact.house import ADDRESS, at_the_code, last_code, mail_server
from tests.intake.talk import begin, to_review
from tests.intake.test_api import code
from tests.intake.test_guided_api import _nullable, browser_at_story
from tests.tenants.hosts_of import host_of

PIN = "482917"


def offered(browser: Browser, **body: Any) -> dict[str, Any]:
    response = browser.post(f"{browser.path}/later", {"pin": PIN, **body})
    assert response.status_code == 201, response.content
    made: dict[str, Any] = response.json()
    return made


def test_from_one_browser_to_another() -> None:
    here, there = browser_at_story(), Browser()
    assert here.snapshot["later"] is True
    choices = here.get(f"{here.path}/later")
    assert choices.json() == {"ways": [], "days": 14}
    made = offered(here)
    assert (made["pin"], made["link"]) == (True, None)
    response = there.post("/api/resume", {"code": made["code"].lower(), "pin": PIN})
    assert response.status_code == 200, response.content
    body = response.json()
    assert (body["sent"], body["reference"]) == (False, None)
    assert body["snapshot"]["stage"] == "story"
    assert "Welcome back" in body["snapshot"]["turns"][-1]["text"]
    assert there.get("/api/intakes/current").json()["id"] == here.snapshot["id"]
    assert code(here.get("/api/intakes/current")) == (404, "no_intake")
    assert code(here.say("I am still here")) == (404, "no_intake")
    there.snapshot = body["snapshot"]
    assert there.say("My landlord locked me out.").status_code == 201


def test_nothing_of_it_is_kept_or_told() -> None:
    here, there = browser_at_story(), Browser()
    made = here.post(f"{here.path}/later", {"pin": PIN})
    back = there.post("/api/resume", {"code": made.json()["code"], "pin": PIN})
    for response in (made, back, there.get("/api/resume"), here.get(f"{here.path}/later")):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
    cookie = back.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert not cookie["max-age"], "it ends with the browser's session"


def test_whatever_is_wrong_looks_the_same() -> None:
    here, there = browser_at_story(), Browser()
    made = offered(here)
    answers = [
        there.post("/api/resume", body)
        for body in (
            {"code": passes.new_code(), "pin": PIN},
            {"code": made["code"], "pin": "918273"},
            {"code": made["code"], "one_time_code": "918273"},
            {"code": made["code"]},
            {"token": "nothing-of-ours", "pin": PIN},
        )
    ]
    assert {code(one) for one in answers} == {(403, "resume_refused")}
    assert len({one.content for one in answers}) == 1
    assert len({tuple(sorted(one.headers.items())) for one in answers}) == 1
    assert COOKIE not in there.client.cookies


def test_asking_for_a_code_looks_the_same_too() -> None:
    there = Browser()
    with mail_server():
        assert there.get("/api/resume").json() == {"ways": ["email"]}
        intake = at_the_code()
        real = services.offer(intake_id=intake.id, pin=PIN).code
        answers = [there.post("/api/resume/code", {"code": one, "way": "email"}) for one in (real, passes.new_code())]
        assert [one.status_code for one in answers] == [202, 202]
        assert len({one.content for one in answers}) == 1
        assert code(there.post("/api/resume/code", {"code": real, "way": "phone"})) == (400, "way_not_safe")
    assert there.get("/api/resume").json() == {"ways": []}


def test_with_a_code_that_was_sent() -> None:
    there = Browser()
    with mail_server():
        intake = at_the_code()
        real = services.offer(intake_id=intake.id).code
        from intake.contact import actors

        actors.send_resume_code(passes.code_hash(real.replace("-", "")).hex(), bytes(32).hex(), "email")
        response = there.post("/api/resume", {"code": real, "one_time_code": last_code()})
        assert response.status_code == 200
        assert response.json()["snapshot"]["question"]["key"] == "contact_code"


def test_a_link_names_the_page_that_it_was_asked_on() -> None:
    with mail_server():
        here = Browser()
        here.start()
        here.answer("Maria Silva", "Globex Corp")
        for _ in range(40):
            question = here.snapshot["question"]
            if question["key"] == "contact_code":
                break
            given = {"email": ADDRESS, "state": "Texas", "phone": "512 555 0147"}.get(question["key"])
            if given:
                here.answer(given)
            else:
                choices = [one["code"] for one in question["choices"]]
                wanted = {"has_lawyer": "no", "in_custody": "no", "topic": "@list", "area": "HO-00-00-00-00"}
                here.choose(wanted.get(question["key"], "yes" if "yes" in choices else "@skip"))
        shown = here.get(f"{here.path}/later").json()["ways"]
        assert shown == [{"way": "email", "shown": "m\u2022\u2022\u2022@example.org"}]
        made = offered(here, pin="", link="email")
        assert (made["pin"], made["link"]) == (False, "email")
        message = ContactMessage.objects.get()
        assert str(message.secret).startswith("http://harbor.localhost/#resume=")


def test_of_what_was_sent_the_reference_is_all() -> None:
    there = Browser()
    intake = to_review(begin("Maria Silva", "Globex Corp", "My landlord locked me out."))
    real = services.offer(intake_id=intake.id, pin=PIN).code
    services.send_intake(intake_id=intake.id)
    response = there.post("/api/resume", {"code": real, "pin": PIN})
    body = response.json()
    assert set(body) == {"sent", "reference", "snapshot"}
    assert (body["sent"], body["snapshot"]) == (True, None)
    assert body["reference"]
    assert COOKIE not in response.cookies
    assert code(there.get("/api/intakes/current")) == (404, "no_intake")


def test_another_firms_page_lets_nobody_in(live_firms: tuple[FirmRef, FirmRef]) -> None:
    hosts = [host_of(ref) for ref in live_firms]
    here, there = (Browser(host) for host in hosts)
    here.start()
    made = offered(here)
    assert code(there.post("/api/resume", {"code": made["code"], "pin": PIN})) == (403, "resume_refused")
    assert there.get("/api/intakes/current").status_code == 404
    assert here.post("/api/resume", {"code": made["code"], "pin": PIN}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        ("/api/resume", {}, (400, "code_mistyped")),
        ("/api/resume", {"code": "7KQ-2X9-RDX", "pin": PIN}, (400, "code_mistyped")),
        ("/api/resume", {"code": "x" * 101, "pin": PIN}, (400, "invalid")),
        ("/api/resume", {"code": "7KQ-2X9-RDX", "pin": "12345"}, (400, "invalid")),
        ("/api/resume", {"code": "7KQ-2X9-RDX", "pin": "12345\n"}, (400, "invalid")),
        ("/api/resume", {"code": "7KQ-2X9-RDX", "one_time_code": "abcdef"}, (400, "invalid")),
        ("/api/resume", {"code": ["a"], "pin": {}}, (400, "invalid")),
        ("/api/resume/code", {"code": "7KQ-2X9-RDX"}, (400, "invalid")),
        ("/api/resume/code", {"code": "7KQ-2X9-RDX", "way": "pigeon"}, (400, "invalid")),
    ],
)
def test_bad_input_has_a_code(path: str, body: Any, wanted: tuple[int, str]) -> None:
    assert code(Browser().post(path, body)) == wanted


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"pin": "111111"}, (400, "pin_too_easy")),
        ({"pin": "12"}, (400, "invalid")),
        ({}, (400, "second_factor_needed")),
        ({"pin": PIN, "link": "email"}, (400, "way_not_safe")),
        ({"pin": PIN, "link": "fax"}, (400, "invalid")),
    ],
)
def test_what_cannot_be_offered_has_a_code(body: Any, wanted: tuple[int, str]) -> None:
    browser = browser_at_story()
    assert code(browser.post(f"{browser.path}/later", body)) == wanted


def test_every_write_needs_the_pages_token_and_the_cookie() -> None:
    browser, stranger = browser_at_story(), Browser()
    for path in (f"{browser.path}/later", "/api/resume", "/api/resume/code"):
        assert code(browser.post(path, {}, csrf=False)) == (403, "csrf_failed")
    assert code(stranger.post(f"{browser.path}/later", {"pin": PIN})) == (404, "no_intake")
    assert code(stranger.get(f"{browser.path}/later")) == (404, "no_intake")


def test_too_many_tries_say_how_long_to_wait() -> None:
    browser = Browser()
    for _ in range(limits.RESUME_DEVICE[0].most):
        browser.post("/api/resume", {"code": passes.new_code(), "one_time_code": PIN})
    response = browser.post("/api/resume", {"code": passes.new_code(), "one_time_code": PIN})
    assert code(response) == (429, "too_many_tries")
    assert 0 < int(response.headers["Retry-After"]) <= limits.RESUME_DEVICE[0].seconds
    assert response.json()["retry_after"] == int(response.headers["Retry-After"])


def test_the_lock_says_how_long_to_wait() -> None:
    browser, real = Browser(), offered(browser_at_story())["code"]
    for _ in range(passes.FREE_FAILURES + 1):
        browser.post("/api/resume", {"code": real, "one_time_code": "918273"})
    response = browser.post("/api/resume", {"code": real, "pin": PIN})
    assert code(response) == (429, "resume_locked")
    assert 50 < int(response.headers["Retry-After"]) <= 60


def test_the_published_schema_describes_what_is_sent() -> None:
    here, there = browser_at_story(), Browser()
    schema = yaml.safe_load(here.get("/api/schema").content)
    made = offered(here)
    back = there.post("/api/resume", {"code": made["code"], "pin": PIN}).json()
    seen = {"OfferOut": made, "ResumeOut": back, "WaysOut": there.get("/api/resume").json()}
    for name, body in seen.items():
        published = {"$ref": f"#/components/schemas/{name}", "components": schema["components"]}
        jsonschema.Draft202012Validator(_nullable(published)).validate(body)
    assert {"/api/resume", "/api/resume/code", "/api/intakes/{intake_id}/later"} <= set(schema["paths"])
