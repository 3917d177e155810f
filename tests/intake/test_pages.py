"""Telling people of a safety alert: in order, until one takes it up, and never with a word of what was said."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
import redis
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from intake import audit, periodic, services
from intake.actors import tell_of_alert
from intake.guard import judge
from intake.models import AuditEvent, DutySettings, Intake, OnCall, Page, Paging, SafetyAlert
from intake.paging import webhook
from intake.paging.sending import NotSent
from intake.paging.wording import words
from intake.services import paging
from tests.intake.hooks import listening
from tests.intake.talk import begin, say, start
from tests.intake.test_admin import account, staff

DANGER = "I want to kill myself tonight, my landlord Globex took everything"
Captured = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_broker(django_capture_on_commit_callbacks: Any) -> Iterator[None]:
    """Jobs are not sent here but where a test says so: each step is taken by hand, at its time."""
    with patch.object(paging, "enqueue"):
        yield


def alert(text: str = DANGER, other: str = "Globex") -> SafetyAlert:
    intake = begin("Maria Silva", other, text)
    return SafetyAlert.objects.get(intake=intake)


def on_call(email: str, position: int, **more: Any) -> Any:
    user = account("attorney", email=email)
    OnCall.objects.create(user=user, position=position, **more)
    return user


def later(found: SafetyAlert, minutes: float) -> float | None:
    """Go on when so many minutes have passed: everything that waits is moved back by them."""
    back = timedelta(minutes=minutes)
    for row in Paging.objects.filter(pk=found.pk, next_at__isnull=False):
        Paging.objects.filter(pk=row.pk).update(next_at=row.next_at - back)  # type: ignore[operator]
    for page in Page.objects.filter(paging_id=found.pk):
        Page.objects.filter(pk=page.pk).update(try_at=page.try_at - back)
    return paging.carry_on(found.pk)


def test_a_page_tells_level_kind_time_and_links_and_no_word_that_was_said() -> None:
    on_call("ann@harbor.test", 1)
    found = alert()
    assert paging.carry_on(found.pk) is not None
    (message,) = mail.outbox
    assert message.to == ["ann@harbor.test"]
    assert message.subject == "Safety alert: danger now"
    text = str(message.body)
    for shown in ("Harbor Law", "self harm", f"/admin/intake/intake/{found.intake_id}/", "UTC", "take-up"):
        assert shown in text, shown
    for word in ("kill", "landlord", "Globex", "Maria", "Silva", "tonight"):
        assert word not in text + message.subject, word


def test_the_list_is_gone_through_in_order_then_everybody_then_again_and_then_it_ends() -> None:
    for number, name in enumerate(("one", "two"), start=1):
        on_call(f"{name}@harbor.test", number)
    DutySettings.objects.create(max_rounds=2, wait_danger_now=5)
    found = alert()
    told = []
    for _ in range(12):
        mail.outbox.clear()
        if later(found, 5) is None:
            break
        told.append(sorted(message.to[0].partition("@")[0] for message in mail.outbox))
    assert told == [["one"], ["two"], ["one", "two"]] * 2
    assert Paging.objects.get(pk=found.pk).outcome == "unacknowledged"
    actions = list(AuditEvent.objects.filter(chain=found.intake_id).values_list("action", flat=True))
    assert actions.count("alert.paged") == 6
    assert actions.count("alert.unacknowledged") == 1
    assert all(one.holds for one in audit.verify())
    assert SafetyAlert.objects.get(pk=found.pk).acknowledged_at is None


def test_nothing_is_sent_before_its_time_nor_twice_by_two_workers() -> None:
    on_call("one@harbor.test", 1)
    on_call("two@harbor.test", 2)
    found = alert()
    for _ in range(3):
        paging.carry_on(found.pk)
    assert [message.to for message in mail.outbox] == [["one@harbor.test"]]


def test_whoever_takes_it_up_ends_it_and_what_waited_is_dropped() -> None:
    user = on_call("one@harbor.test", 1)
    found = alert()
    with patch.object(paging, "send_email", side_effect=NotSent("mail_off")):
        paging.carry_on(found.pk)
    services.acknowledge_alert(alert_id=found.pk, user=user)
    later(found, 60)
    assert mail.outbox == []
    assert Page.objects.get(paging_id=found.pk).status == "dropped"
    assert Paging.objects.get(pk=found.pk).outcome == "acknowledged"
    assert later(found, 60) is None


def test_with_nobody_on_the_list_the_administrators_are_told() -> None:
    account("administrator", email="boss@harbor.test")
    account("read-only", email="reader@harbor.test")
    found = alert()
    paging.carry_on(found.pk)
    assert [message.to for message in mail.outbox] == [["boss@harbor.test"]]


def test_what_only_wants_a_look_is_not_sent_unless_the_firm_wants_it() -> None:
    on_call("one@harbor.test", 1)
    intake = start()
    say(intake, "Can I talk to a real person please")
    quiet = SafetyAlert.objects.get(intake=intake)
    assert quiet.level == "attention"
    assert not Paging.objects.filter(pk=quiet.pk).exists()
    DutySettings.objects.create(page_attention=True)
    other = start()
    say(other, "Can I talk to a real person please")
    assert Paging.objects.filter(alert__intake=other).exists()


def test_a_message_that_fails_is_tried_again_and_given_up_in_the_end() -> None:
    on_call("one@harbor.test", 1)
    DutySettings.objects.create(wait_danger_now=240)
    found = alert()
    with patch.object(paging, "send_email", side_effect=NotSent("mail_SMTPException")):
        for _ in range(9):
            later(found, 6)
    page = Page.objects.filter(paging_id=found.pk).order_by("id")[0]
    assert (page.status, page.tries, page.code) == ("failed", paging.MAX_TRIES, "mail_SMTPException")


def test_a_message_of_a_worker_that_died_is_sent_by_the_sweep() -> None:
    on_call("one@harbor.test", 1)
    found = alert()
    with patch.object(paging, "deliver"):
        paging.carry_on(found.pk)
    assert mail.outbox == []
    Page.objects.filter(paging_id=found.pk).update(try_at=timezone.now() - timedelta(minutes=1))
    assert paging.sweep() == 1
    assert [message.to for message in mail.outbox] == [["one@harbor.test"]]
    assert paging.sweep() == 0


# -- the webhook


def test_a_webhook_gets_a_signed_message_without_words() -> None:
    found = alert()
    with listening() as hook, patch.object(django_settings, "WEBHOOK_NETWORKS", ["127.0.0.0/8"]):
        chosen = DutySettings()
        chosen.webhook_url, chosen.webhook_secret = hook.url, "s3cret"
        chosen.save()
        paging.carry_on(found.pk)
    ((headers, body),) = hook.got
    stamp, _, made = headers[webhook.SIGNATURE].removeprefix("t=").partition(",v1=")
    assert made == hmac.new(b"s3cret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert told["level"] == "danger_now"
    assert told["kinds"] == ["self_harm"]
    assert set(told) == {"type", "alert", "level", "kinds", "at", "round", "step", "page", "take_up"}
    for word in (b"kill", b"Globex", b"Maria", b"landlord"):
        assert word not in body


def post(url: str, allowed: tuple[str, ...] = ("127.0.0.0/8",)) -> str:
    try:
        webhook.post(url, b"{}", secret="x", stamp=1, allowed=webhook.networks(allowed))
    except webhook.Refused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(("status", "code"), [(200, ""), (204, ""), (302, "status_302"), (500, "status_500")])
def test_any_2xx_will_do_and_a_redirect_is_not_followed(status: int, code: str) -> None:
    with listening() as hook:
        hook.status = status
        assert post(hook.url) == code
        assert len(hook.got) == 1


def test_a_server_that_drips_is_cut_off() -> None:
    with listening() as hook, patch.object(webhook, "WHOLE_SECONDS", 1.0):
        hook.drips = True
        assert post(hook.url) == "timeout"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:1/", "private_address"),
        ("https://127.0.0.1/", "private_address"),
        ("https://[::1]/", "private_address"),
        ("https://[::ffff:10.0.0.1]/", "private_address"),
        ("https://[64:ff9b::7f00:1]/", "private_address"),
        ("https://169.254.169.254/latest/meta-data", "private_address"),
        ("https://10.1.2.3/", "private_address"),
        ("https://0/", "private_address"),
        ("https://2130706433/", "private_address"),
        ("https://224.0.0.1/", "private_address"),
        ("http://93.184.215.14/", "not_https"),
        ("ftp://93.184.215.14/", "bad_address"),
        ("https://user:pass@93.184.215.14/", "bad_address"),
        ("https:///x", "bad_address"),
        ("https://93.184.215.14/\r\nX: y", "bad_address"),
        ("https://93.184.215.14:99999/", "bad_address"),
        ("https://no.such.host.invalid/", "unknown_host"),
    ],
)
def test_a_webhook_does_not_reach_into_our_network(url: str, code: str) -> None:
    assert post(url, allowed=()) == code


def test_a_name_that_changes_between_two_looks_gains_nothing() -> None:
    """The second answer of such a name is private: nobody asks for it."""
    answers = [[(2, 1, 6, "", ("93.184.215.14", 80))], [(2, 1, 6, "", ("127.0.0.1", 80))]]
    with (
        patch.object(socket, "getaddrinfo", side_effect=answers) as looked,
        patch.object(socket, "create_connection", side_effect=OSError) as connected,
    ):
        assert post("https://moving.example.com/", allowed=()) == "no_answer"
    assert looked.call_count == 1
    assert connected.call_args.args[0] == ("93.184.215.14", 443)


def test_one_private_address_among_several_is_enough_to_refuse() -> None:
    both = [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("10.0.0.7", 443))]
    with patch.object(socket, "getaddrinfo", return_value=both):
        assert post("https://both.example.com/", allowed=()) == "private_address"


# -- the link, the list, the choices


def link(found: SafetyAlert) -> str:
    paging.carry_on(found.pk)
    line = next(line for line in str(mail.outbox[-1].body).splitlines() if "take-up" in line)
    return "/admin" + line.strip().partition("/admin")[2]


def test_the_link_leads_to_a_page_behind_the_login_and_only_its_button_takes_up() -> None:
    on_call("one@harbor.test", 1)
    found = alert()
    address = link(found)
    anonymous = Client(headers={"host": "harbor.localhost"})
    assert "/admin/login/" in anonymous.get(address).headers["Location"]
    assert "/admin/login/" in anonymous.post(address).headers["Location"]
    client = staff("intake", email="ann@harbor.test")
    html = client.get(address).content.decode()
    assert "I take this up" in html
    assert "Globex" not in html
    assert SafetyAlert.objects.get(pk=found.pk).acknowledged_at is None, "mail programs open links by themselves"
    assert client.post(address).status_code == 302
    assert SafetyAlert.objects.get(pk=found.pk).acknowledged_by is not None
    assert "Taken up by Ann Lee" in client.get(address).content.decode()


def test_a_link_that_was_changed_is_none_and_who_may_only_read_takes_nothing_up(other_firm: Any) -> None:
    on_call("one@harbor.test", 1)
    found = alert()
    address = link(found)
    assert staff("read-only", email="r@harbor.test").post(address).status_code == 403
    client = staff("intake", email="ann@harbor.test")
    changed = address[:-3] + "xyz/"
    assert client.post(changed).headers["Location"].endswith("?open=yes")
    assert SafetyAlert.objects.get(pk=found.pk).acknowledged_at is None


def test_open_alerts_are_listed_with_their_age_and_no_words() -> None:
    alert()
    client = staff("read-only", email="r@harbor.test")
    html = client.get("/admin/intake/safetyalert/?open=yes").content.decode()
    for shown in ("danger now", "self harm", "minutes", "under way, round 1"):
        assert shown in html, shown
    assert "Globex" not in html


def test_administrators_keep_the_list_and_are_told_what_is_wrong() -> None:
    client = staff("administrator")
    bob = account("attorney", email="bob@harbor.test")
    form = {
        "user": str(bob.pk), "position": "1", "zone": "America/Chicago", "days": "54321", "begins": "22:00",
        "ends": "06:00", "active": "on",
    }  # fmt: skip
    wrong = client.post("/admin/intake/oncall/add/", {**form, "zone": "Mars/North", "days": "9"})
    assert "There is no such time zone" in wrong.content.decode()
    assert client.post("/admin/intake/oncall/add/", form).status_code == 302
    assert OnCall.objects.get().days == "12345"
    assert staff("attorney", email="c@harbor.test").post("/admin/intake/oncall/add/", form).status_code == 403
    assert AuditEvent.objects.filter(action="oncall.changed").exists()


def test_the_choices_are_kept_and_the_webhooks_secret_is_shown_once() -> None:
    client = staff("administrator")
    form = {
        "country": "GB", "decline_represented": "never", "wait_danger_now": "5", "wait_urgent": "30",
        "wait_attention": "120", "max_rounds": "3", "webhook_address": "https://10.0.0.1/x",
    }  # fmt: skip
    refused = client.post("/admin/intake/dutysettings/add/", form)
    assert "inside a private network" in refused.content.decode()
    with patch.object(django_settings, "WEBHOOK_NETWORKS", ["10.0.0.0/8"]):
        saved = client.post("/admin/intake/dutysettings/add/", form, follow=True).content.decode()
    chosen = DutySettings.objects.get()
    assert chosen.country == "GB"
    assert chosen.webhook_url == "https://10.0.0.1/x"
    secret = chosen.webhook_secret
    assert secret
    assert secret in saved
    assert b"10.0.0.1" not in bytes(chosen.webhook_url_ct or b"")
    html = client.get(f"/admin/intake/dutysettings/{chosen.pk}/change/").content.decode()
    assert secret not in html
    assert "10.0.0.1" not in html


def test_a_test_page_goes_to_whoever_pressed_and_to_the_webhook_and_says_what_failed() -> None:
    client = staff("administrator")
    with listening() as hook, patch.object(django_settings, "WEBHOOK_NETWORKS", ["127.0.0.0/8"]):
        chosen = DutySettings()
        chosen.webhook_url, chosen.webhook_secret = hook.url, "s"
        chosen.save()
        hook.status = 503
        html = client.post("/admin/intake/dutysettings/test/", follow=True).content.decode()
    assert "webhook: not sent (status_503)" in html
    assert mail.outbox[0].to == ["ann@harbor.test"]
    assert "no alert" in mail.outbox[0].subject
    assert client.get("/admin/intake/dutysettings/test/").status_code == 404
    assert staff("intake", email="b@harbor.test").post("/admin/intake/dutysettings/test/").status_code == 403


def test_the_words_of_a_page_pass_the_guard_and_promise_nobody() -> None:
    for text in words().values():
        for line in text.splitlines():
            # A mail to staff is none of the interview's sayings; all that the guard forbids else, it may not hold.
            assert set(judge(line, language="en").rules) <= {"off_script"}, line
        for promise in ("is watching", "will help", "on the way", "will call", "monitored"):
            assert promise not in text


# -- jobs


def test_a_turn_sends_the_job_when_it_commits_and_a_dead_broker_loses_nothing(
    django_capture_on_commit_callbacks: Captured,
) -> None:
    on_call("one@harbor.test", 1)
    intake = begin("Maria Silva", "Globex")
    with (
        patch.object(tell_of_alert, "send_with_options", side_effect=redis.ConnectionError) as sent,
        patch.object(paging, "enqueue", _enqueue),
        django_capture_on_commit_callbacks(execute=True),
    ):
        say(intake, DANGER)
    assert sent.called
    found = SafetyAlert.objects.get(intake=intake)
    Paging.objects.filter(pk=found.pk).update(next_at=timezone.now() - timedelta(minutes=1))
    assert paging.sweep() == 1
    assert len(mail.outbox) == 1


_enqueue = paging.enqueue


def test_the_job_comes_back_when_the_next_step_is_due() -> None:
    on_call("one@harbor.test", 1)
    found = alert()
    with patch.object(paging, "enqueue") as again:
        tell_of_alert(str(found.pk))
    (alert_id, delay) = again.call_args.args
    assert alert_id == found.pk
    assert 250 < delay <= 300
    assert len(mail.outbox) == 1


def test_the_sweep_goes_through_every_firm_and_counts_what_is_open(live_firms: Any) -> None:
    from intake.metrics import ALERTS
    from tenants.context import firm_scope

    for ref in live_firms:
        with firm_scope(ref):
            on_call(f"one@{ref.schema}.test", 1)
            found = SafetyAlert.objects.get(intake=begin("Maria Silva", "Globex", DANGER))
            Paging.objects.filter(pk=found.pk).update(next_at=timezone.now() - timedelta(minutes=1))
    assert periodic.tell_of_alerts() == 2
    assert len(mail.outbox) == 2
    told = {
        (sample.name, sample.labels.get("level")): sample.value
        for family in ALERTS.collect()
        for sample in family.samples
    }
    assert told[("legal_intake_alerts_open", "danger_now")] == 2
    assert told[("legal_intake_alerts_unacknowledged", "danger_now")] == 0
    assert Intake.objects.count() == 0, "nothing was made in Harbor"
