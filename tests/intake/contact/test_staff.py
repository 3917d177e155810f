"""What the firm's staff see and set: verified or not, what went and what failed, how clients are written to."""

from __future__ import annotations

from typing import Any

import pytest

from intake import services
from intake.models import FIRM_CHAIN, AuditEvent, ContactMessage, ContactSettings, Intake
from tests.intake.contact.house import ADDRESS, at_the_code, deliver, last_code, mail_server
from tests.intake.talk import begin, choose, fresh, say
from tests.intake.test_admin import page, staff

PIN = "482917"


def shown(intake: Intake) -> str:
    text: str = page(staff("attorney"), fresh(intake)).content.decode()
    return text


def test_nothing_is_shown_where_nothing_was_asked_or_sent() -> None:
    assert "contact-standing" not in shown(begin("Maria Silva", "Globex Corp"))


def test_a_verified_address_is_shown_and_neither_address_nor_code() -> None:
    with mail_server():
        intake = at_the_code()
        choose(intake, "@by_email")
        code = last_code()
        deliver()
        say(intake, code)
    text = shown(intake)
    panel = text[text.index("contact-standing") : text.index("</section>", text.index("contact-standing"))]
    assert "Verified: a code that went by e-mail came back right." in panel
    assert ADDRESS not in panel
    assert code not in panel


def test_who_went_on_without_is_marked() -> None:
    with mail_server():
        intake = at_the_code()
        choose(intake, "@no_code")
    assert "Not verified: no safe way to send a code, or the client got none." in shown(intake)


def test_an_address_that_was_changed_since_is_not_verified() -> None:
    with mail_server():
        intake = at_the_code()
        choose(intake, "@by_email")
        say(intake, last_code())
        say(intake, "My landlord locked me out.")
        services.finish_story(intake_id=intake.id)
        say(intake, "someone.else@example.org", about="email")
    assert "was changed since" in shown(intake)


def test_what_failed_is_seen_with_its_reason() -> None:
    with mail_server() as box:
        intake = at_the_code()
        choose(intake, "@by_email")
        box.to = "550 nobody"
        deliver()
    client = staff("read-only")
    assert "recipient_refused" in page(client, fresh(intake)).content.decode()
    listed = client.get("/admin/intake/contactmessage/?state__exact=failed").content.decode()
    assert "recipient_refused" in listed
    one = client.get(f"/admin/intake/contactmessage/{ContactMessage.objects.get().pk}/change/")
    assert one.status_code == 200
    assert ADDRESS not in one.content.decode()


def test_a_way_back_is_seen() -> None:
    intake = begin("Maria Silva", "Globex Corp")
    offer = services.offer(intake_id=intake.id, pin=PIN)
    text = shown(intake)
    assert "They stopped with a code to come back" in text
    assert offer.code not in text


def save(client: Any, **fields: Any) -> Any:
    body = {"verify": "when_possible", "sender": "", "resume_days": "14", **fields}
    return client.post("/admin/intake/contactsettings/add/", body, follow=True)


def test_an_administrator_sets_how_clients_are_written_to_and_it_is_recorded() -> None:
    client = staff("administrator")
    assert client.get("/admin/intake/contactsettings/").headers["Location"].endswith("/add/")
    text = save(client, verify="off", resume_days="7").content.decode()
    assert "not set up to send mail" in text
    kept = ContactSettings.objects.get()
    assert (kept.verify, kept.resume_days, kept.text_messages) == ("off", 7, False)
    assert client.get("/admin/intake/contactsettings/").headers["Location"].endswith("/1/change/")
    assert save(client).status_code == 403, "there is one row"
    event = AuditEvent.objects.filter(chain=FIRM_CHAIN, action="settings.contact").get()
    assert event.data == {"verify": "off", "text_messages": False, "resume_days": 7}


@pytest.mark.parametrize("sender", ["Harbor", "Smith Law", "Abogados Ruiz"])
def test_a_name_that_tells_is_warned_about_and_taken(sender: str) -> None:
    assert "can tell from this name" in save(staff("administrator"), sender=sender).content.decode()
    assert ContactSettings.objects.get().sender == sender


@pytest.mark.parametrize("days", ["0", "61", "x"])
def test_days_have_bounds(days: str) -> None:
    save(staff("administrator"), resume_days=days)
    assert not ContactSettings.objects.exists()


@pytest.mark.parametrize("role", ["attorney", "intake", "read-only"])
def test_others_read_only(role: str) -> None:
    client = staff(role)
    assert save(client).status_code == 403
    ContactSettings.objects.create()
    assert client.get("/admin/intake/contactsettings/1/change/").status_code == 200
    assert client.post("/admin/intake/contactsettings/1/change/", {"verify": "off"}).status_code == 403
