"""What leaves the house: neutral words, sent once, tried again within bounds, and what failed is seen."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta

import pytest
from django.test import TestCase, override_settings
from django.utils import timezone
from dramatiq import Worker

from intake.contact import actors, codes, messages, sending
from intake.guard.judging import judge
from intake.models import ContactMessage, ContactSettings, Intake
from tenants.context import firm_scope
from tenants.jobs import broker
from tests.intake.contact.house import ADDRESS, SECRET, deliver, last_code, mail_server, text_gateway, wants_texts
from tests.intake.talk import start

#: What somebody who reads over a shoulder must not see.
TELLING = re.compile(
    r"law|legal|abogad|firm\b|oficina|harbor|case|caso|lawyer|attorney|intake|court|silva", re.IGNORECASE
)


def made(way: str = "email", intake: Intake | None = None) -> ContactMessage:
    address = ADDRESS if way == "email" else "+15125550147"
    assert codes.issue(intake or start(), way, address, "verify")  # type: ignore[arg-type]
    return ContactMessage.objects.latest("at")


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("way", ["email", "phone"])
def test_a_message_says_its_code_and_nothing_of_what_it_is_about(locale: str, way: str) -> None:
    wants_texts()
    with mail_server() as box, text_gateway() as gateway:
        made(way, start(locale=locale))
        code = last_code()
        deliver()
        if way == "email":
            (mail,) = box.mails
            said = f"{mail['Subject']} {mail['From']} {mail.get_content()}"
            assert mail["To"] == ADDRESS
            assert mail["Auto-Submitted"] == "auto-generated"
            assert mail.get_content_type() == "text/plain"
        else:
            (asked,) = gateway.asked
            assert set(asked) == {"id", "to", "text"}
            said = asked["text"]
        assert code in said
        assert not TELLING.search(said), said


@pytest.mark.parametrize("locale", ["en", "es"])
def test_every_wording_passes_the_guard(locale: str) -> None:
    for key, text in messages.words(locale).items():
        filled = re.sub(
            r"\{code\}", "482913", re.sub(r"\{date\}", "May 3, 2026" if locale == "en" else "3 de mayo", text)
        )
        verdict = judge(filled, language=locale)  # type: ignore[arg-type]
        assert verdict.allow, (key, filled, verdict.rules)


def test_the_firm_may_sign_otherwise() -> None:
    ContactSettings.objects.create(sender="Sunrise Office")
    with mail_server() as box:
        made()
        deliver()
        assert box.mails[0]["From"] == "Sunrise Office <messages@example.test>"
        assert "Sunrise Office" in box.mails[0].get_content()


def test_what_was_sent_keeps_neither_address_nor_code() -> None:
    with mail_server() as box:
        message = made()
        assert message.address == ADDRESS
        deliver()
        message.refresh_from_db()
        assert message.state == "sent"
        assert [message.address, message.secret] == [None, None]
        assert bytes(message.address_ct) == bytes(message.secret_ct) == b""
        actors.send_message(str(message.id))
        assert len(box.mails) == 1, "a job that comes twice sends once"


@pytest.mark.parametrize(("answer", "again"), [("451 later", True), ("550 no such person", False)])
def test_a_server_that_refuses_is_asked_again_only_where_that_helps(answer: str, again: bool) -> None:
    with mail_server() as box:
        message = made()
        box.to = answer
        for attempt in range(1, actors.ATTEMPTS + 1):
            is_last = not again or attempt == actors.ATTEMPTS
            if is_last:
                actors.send_message(str(message.id))
            else:
                with pytest.raises(sending.NotSent):
                    actors.send_message(str(message.id))
            message.refresh_from_db()
            assert message.attempts == attempt
            if is_last:
                break
        assert (message.state, message.error) == ("failed", "recipient_refused")
        assert message.address is None
        assert box.mails == []


def test_a_server_that_is_away_is_no_crash() -> None:
    with mail_server():
        message = made()
    nobody_there = override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=1,
        EMAIL_USE_TLS=False,
    )  # fmt: skip
    with nobody_there, pytest.raises(sending.NotSent):
        actors.send_message(str(message.id))
    message.refresh_from_db()
    assert message.error == "ConnectionRefusedError"


def test_what_is_over_before_it_goes_is_not_sent() -> None:
    with mail_server() as box:
        message = made()
        ContactMessage.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        actors.send_message(str(message.id))
        message.refresh_from_db()
        assert (message.state, message.error, box.mails) == ("failed", "expired", [])


def test_a_text_is_signed_and_dated() -> None:
    wants_texts()
    with text_gateway() as gateway:
        made("phone")
        deliver()
        headers = {name.lower(): value for name, value in gateway.headers[0].items()}
        stamp = headers["x-timestamp"]
        wanted = hmac.new(SECRET.encode(), stamp.encode() + b"." + gateway.bodies[0], hashlib.sha256).hexdigest()
        assert headers["x-signature"] == f"sha256={wanted}"
        assert abs(int(stamp) - timezone.now().timestamp()) < 60


@pytest.mark.parametrize(
    ("status", "state"), [(200, "sent"), (302, "failed"), (400, "failed"), (429, "waiting"), (503, "waiting")]
)
def test_what_the_gateway_answers_decides(status: int, state: str) -> None:
    wants_texts()
    with text_gateway() as gateway:
        gateway.statuses = [status]
        message = made("phone")
        if state == "waiting":
            with pytest.raises(sending.NotSent):
                actors.send_message(str(message.id))
        else:
            actors.send_message(str(message.id))
        message.refresh_from_db()
        assert message.state == state


def test_without_a_secret_nothing_is_handed_over_and_it_is_seen() -> None:
    wants_texts()
    with text_gateway() as gateway, override_settings(SMS_GATEWAY_SECRET=""):
        message = made("phone")
        actors.send_message(str(message.id))
        message.refresh_from_db()
        assert (message.state, message.error) == ("failed", "no_gateway_secret")
        assert gateway.asked == []


def test_a_worker_sends_what_a_request_asked_for(live_firms: tuple[object, object]) -> None:
    one, two = live_firms
    with mail_server() as box:
        worker = Worker(broker, queues={"default"}, worker_timeout=20, worker_threads=1)
        worker.start()
        try:
            for firm in (one, two):
                with firm_scope(firm):  # type: ignore[arg-type]
                    made()
            broker.join("default", timeout=60_000)
            worker.join()
        finally:
            worker.stop()
        assert len(box.mails) == 2
        for firm in (one, two):
            with firm_scope(firm):  # type: ignore[arg-type]
                assert list(ContactMessage.objects.values_list("state", flat=True)) == ["sent"]


def test_a_queue_that_is_away_fails_the_message_and_not_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    import redis

    def away(*_words: str) -> None:
        raise redis.ConnectionError("gone")

    monkeypatch.setattr(actors.send_message, "send", away)
    with mail_server(), TestCase.captureOnCommitCallbacks(execute=True):
        message = made()
    message.refresh_from_db()
    assert (message.state, message.error, message.address) == ("failed", "not_queued", None)


def test_no_word_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with mail_server() as box:
        message = made()
        code = last_code()
        box.to = "550 maria.silva@example.org is nobody"
        actors.send_message(str(message.id))
    text = " ".join(str(vars(record)) for record in caplog.records)
    assert "given_up" in text
    assert ADDRESS not in text
    assert code not in text
