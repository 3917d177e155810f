"""The page of the firm's language model: who may, what is stored and shown, and the try."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intake.assistant import firm
from intake.models import FIRM_CHAIN, AssistantSettings, AuditEvent
from intake.services.assistant import CANNED
from tenants.context import FirmRef, firm_scope
from tests.intake.assistant.house import KEY, STORY, at_story, switch_on
from tests.intake.talk import say
from tests.intake.test_admin import page, staff
from tests.intake.test_encryption import dump
from tests.support.model_server import MISDEEDS, ModelServer, says

ADDRESS = "/admin/intake/assistantsettings/"
FORM: dict[str, Any] = {
    "base_url": "https://models.example.org/v1", "models": "small 1\nlarge model 2.5\nplain", "key": KEY,
    "timeout_ms": "2500", "no_train_note": "Contract of 3 May, section 4.", "phrases": "on", "enabled": "on",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    yield
    firm.forget()


def events(action: str) -> list[dict[str, Any]]:
    return [event.data for event in AuditEvent.objects.filter(chain=FIRM_CHAIN, action=action).order_by("sequence")]


@pytest.mark.parametrize("role", ["attorney", "intake", "read-only", None])
def test_only_administrators_see_or_set_it(role: str | None) -> None:
    client = staff(role)
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, FORM).status_code == 403
    assert client.post(f"{ADDRESS}try/", {"locale": "en"}).status_code == 403
    assert not AssistantSettings.objects.exists()


def test_it_is_off_until_it_is_set_and_the_key_is_shown_to_nobody(firm: FirmRef) -> None:
    client = staff("administrator")
    assert "<dd>off</dd>" in client.get(ADDRESS).content.decode()
    assert client.post(ADDRESS, FORM).status_code == 302
    row = AssistantSettings.objects.get()
    assert row.enabled
    assert row.weights == [["small", 1.0], ["large model", 2.5], ["plain", 1.0]]
    assert row.key == KEY
    html = client.get(ADDRESS).content.decode()
    assert "stored; nobody can read it here" in html
    assert KEY not in html
    assert "large model 2.5" in html
    assert KEY.lower() not in dump(firm)
    [told] = events("assistant.changed")
    assert told["enabled"] is True
    assert told["models"] == ["small", "large model", "plain"]
    assert "key" in told["changed"]
    assert KEY not in json.dumps(told)
    assert client.get(f"{ADDRESS}{row.pk}/change/").status_code == 404
    assert client.get(f"{ADDRESS}add/").status_code == 404


def test_a_key_is_kept_replaced_and_taken_away() -> None:
    client = staff("administrator")
    client.post(ADDRESS, FORM)
    client.post(ADDRESS, {**FORM, "key": "", "timeout_ms": "3000"})
    assert AssistantSettings.objects.get().key == KEY
    client.post(ADDRESS, {**FORM, "key": "sk-other"})
    assert AssistantSettings.objects.get().key == "sk-other"
    client.post(ADDRESS, {**FORM, "key": "", "forget_key": "on"})
    assert AssistantSettings.objects.get().key is None
    assert ["key" in told["changed"] for told in events("assistant.changed")] == [True, False, True, True]


def test_a_key_does_not_follow_to_another_address() -> None:
    client = staff("administrator")
    client.post(ADDRESS, FORM)
    client.post(ADDRESS, {**FORM, "key": "", "base_url": "https://models.example.org/v2"})
    assert AssistantSettings.objects.get().key == KEY
    client.post(ADDRESS, {**FORM, "key": "", "base_url": "https://elsewhere.example.com/v1"})
    assert AssistantSettings.objects.get().key is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base_url": "http://models.example.org/v1"}, "begins with https"),
        ({"base_url": "https://169.254.169.254/latest"}, "never called"),
        ({"base_url": "https://10.0.0.5/v1"}, "private network"),
        ({"base_url": "https://[::ffff:127.0.0.1]/v1"}, "private network"),
        ({"base_url": "https://user:word@models.example.org/v1"}, "no name, password"),
        ({"base_url": "file:///etc/passwd"}, "no address"),
        ({"base_url": ""}, "no address"),
        ({"models": ""}, "at least one model"),
        ({"models": "small -1"}, "weight above 0"),
        ({"models": "small nan"}, "A weight is a number"),
        ({"models": "small 1\nsmall 2"}, "each once"),
        ({"models": "\n".join(f"m{number}" for number in range(6))}, "at most 5"),
        ({"no_train_note": " "}, "does not train"),
        ({"timeout_ms": "60000"}, "less than or equal to 5000"),
        ({"key": "k\u00e9y"}, "This is no key"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(change: dict[str, str], said: str) -> None:
    response = staff("administrator").post(ADDRESS, {**FORM, **change})
    assert response.status_code == 400
    assert said in response.content.decode()
    assert not AssistantSettings.objects.exists()
    assert KEY not in response.content.decode()


def test_a_try_shows_latency_and_verdict_and_is_audited(server: ModelServer) -> None:
    switch_on(server, enabled=False)
    client = staff("administrator")
    server.act = says("Thank you for telling me. Go on when you like, or press Done.")
    html = client.post(f"{ADDRESS}try/", {"locale": "en"}).content.decode()
    assert "Go on when you like" in html
    assert "It may be said." in html
    assert " ms, " in html
    assert server.asked("phrase")[0]["they_said"] == CANNED["en"]
    server.act = says("<b>You will win</b> this case!")
    html = client.post(f"{ADDRESS}try/", {"locale": "es"}).content.decode()
    assert "&lt;b&gt;You will win" in html
    assert "the guided words would go out" in html
    server.act = MISDEEDS["answers 401"][0]
    assert "(status 401)" in client.post(f"{ADDRESS}try/", {"locale": "en"}).content.decode()
    assert [told["outcome"] for told in events("assistant.tried")] == ["ok", "unfit", "refused"]


def test_a_try_without_settings_says_what_to_do() -> None:
    html = staff("administrator").post(f"{ADDRESS}try/", {"locale": "en"}, follow=True).content.decode()
    assert "Save an address and a model first." in html


def test_a_conversations_page_says_what_a_model_did(server: ModelServer) -> None:
    server.act = says("Thank you for telling me. Go on when you like, or press Done.")
    switch_on(server)
    intake = at_story()
    client = staff("read-only")
    assert "What a language model did" not in page(client, intake).content.decode()
    say(intake, STORY)
    html = page(client, intake).content.decode()
    assert "What a language model did" in html
    assert "phrase@1" in html
    assert client.get("/admin/intake/modeluse/").status_code == 200


def test_settings_are_the_firms_own(server: ModelServer, live_firms: Any) -> None:
    from intake.assistant import firm as known

    one, two = live_firms
    with firm_scope(one):
        switch_on(server)
        assert known.firm_model() is not None
    with firm_scope(two):
        assert known.firm_model() is None


def test_a_key_survives_a_rotation_of_the_firms_key(server: ModelServer, live_firms: Any) -> None:
    from tenants import rotation

    with firm_scope(live_firms[0]):
        row = switch_on(server)
    rotation.rotate(ref=live_firms[0])
    with firm_scope(live_firms[0]):
        after = AssistantSettings.objects.get()
        assert bytes(after.key_ct) != bytes(row.key_ct)
        assert after.key == KEY
