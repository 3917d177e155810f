"""A "no": what was told too early is gone, names stay, and the client is told once, where that is safe."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from intake import audit, errors, recording, selectors, services
from intake.conflicts.comparing import Name
from intake.conflicts.index import search
from intake.interview.wordings import texts
from intake.interviews import talk_of
from intake.models import AuditEvent, ConflictCheck, Declination, Fact, Intake, Party, SafetyAlert, Turn
from intake.services import refusing
from tenants.accounts.models import User
from tests.intake.talk import answer_basics, begin, fresh, say, stage, start

EARLY = "my landlord globex kept all of my things after the marmalade incident and he has my dog too and the spare keys"


def user() -> User:
    return User.objects.create_user("attorney@example.test", None, is_staff=True, name="Ada Counsel")


def stopped(*, safe: bool = True, locale: str = "en", email: str = "maria@example.test") -> Intake:
    """A client who told a story too early and whose other side is a client of the firm."""
    begin("Globex", "Somebody")
    intake = start(locale=locale)
    say(intake, "Maria Silva")
    say(intake, "Globex")
    say(intake, EARLY)
    answer_basics(intake, email=email, safe_to_email="=yes" if safe else "=no")
    assert stage(intake) == "conflict_hold"
    return fresh(intake)


def confirm(intake: Intake) -> None:
    check = ConflictCheck.objects.get(intake=intake, result="hit")
    services.decide_conflict(check_id=check.id, decision="confirmed", reason="Our client.", user=user())


def test_confirming_empties_what_was_told_too_early_and_keeps_the_names() -> None:
    intake = stopped()
    early = Turn.objects.get(intake=intake, question="topic", role="client")
    assert early.text == EARLY
    confirm(intake)
    early.refresh_from_db()
    assert bytes(early.text_ct) == b""
    assert Fact.objects.get(intake=intake, key="topic").value is None
    talk = talk_of(fresh(intake))
    assert talk is not None
    assert "marmalade" not in str(talk.as_json())
    assert not talk.early
    assert {party.name for party in Party.objects.filter(intake=intake)} == {"Maria Silva", "Globex"}
    assert search(Name("Maria Silva"), "other_side").hits, "a declined person stays in the index"
    event = AuditEvent.objects.get(chain=intake.id, action="turns.purged")
    assert early.number in event.data["turns"]
    assert "marmalade" not in str(event.data)
    assert all(one.holds for one in audit.verify())
    with pytest.raises(KeyError):
        recording.replay(intake.id)


def test_nothing_of_it_is_left_in_any_column_that_could_be_opened() -> None:
    intake = stopped()
    confirm(intake)
    assert all("marmalade" not in (turn.text or "") for turn in Turn.objects.filter(intake=intake))
    assert all("marmalade" not in (fact.value or "") for fact in Fact.objects.filter(intake=intake))
    assert all("marmalade" not in str(event.data) for event in intake.interview_events.all())


def test_the_row_can_be_emptied_and_nothing_else() -> None:
    intake = stopped()
    turn = Turn.objects.filter(intake=intake).first()
    assert turn is not None
    with pytest.raises(DatabaseError), transaction.atomic():
        Turn.objects.filter(pk=turn.pk).update(question="other")
    with pytest.raises(DatabaseError), transaction.atomic():
        Turn.objects.filter(pk=turn.pk).delete()


def test_clearing_keeps_it_and_lets_the_client_go_on() -> None:
    intake = stopped()
    check = ConflictCheck.objects.get(intake=intake, result="hit")
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Another.", user=user())
    assert stage(intake) == "story"
    assert not Declination.objects.exists()
    talk = talk_of(fresh(intake))
    early = Turn.objects.get(intake=intake, question="topic", role="client")
    assert talk is not None
    assert early.number in talk.story
    assert early.text == EARLY


def test_a_decline_of_a_person_does_the_same() -> None:
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "Globex")
    say(intake, EARLY)
    answer_basics(intake, has_lawyer="=yes", lawyer_reason="=change", email="m@example.test", safe_to_email="=yes")
    assert stage(intake) == "person_decides"
    services.decide_person(intake_id=intake.id, decision="decline", reason="Has a lawyer.", user=user())
    assert stage(intake) == "declined"
    assert Turn.objects.get(intake=intake, question="topic", role="client").text is None
    assert selectors.snapshot(intake.id)["turns"][-1]["text"] == texts("declined", "en")[0]
    assert Declination.objects.get(intake=intake).status == "waiting"


class Post(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it gets; `refuses`: how many messages it turns down first."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mail: list[bytes] = []
        self.refuses = 0


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        self.wfile.write(b"220 post\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            if word == b"MAIL" and server.refuses:
                server.refuses -= 1
                self.wfile.write(b"451 later\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                body = b""
                while (part := self.rfile.readline()) not in {b".\r\n", b""}:
                    body += part
                server.mail.append(body)
                self.wfile.write(b"250 kept\r\n")
            else:
                self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    """pytest-django puts a backend of its own; here real mail goes to a real socket."""
    server = Post()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    host, port = server.server_address[:2]
    settings.EMAIL_HOST, settings.EMAIL_PORT = str(host), port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("locale", ["en", "es"])
def test_the_message_goes_to_the_safe_address_once_with_fixed_words(post: Post, locale: str) -> None:
    intake = stopped(locale=locale)
    confirm(intake)
    row = Declination.objects.get(intake=intake)
    assert (row.status, row.locale) == ("waiting", locale)
    refusing.send(row.id)
    refusing.send(row.id)
    assert len(post.mail) == 1
    mail = message_from_bytes(post.mail[0])
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    body = payload.decode()
    assert mail["To"] == "maria@example.test"
    assert texts("declined", locale)[0] in body.replace("\n", " ").replace("  ", " ")
    assert "Harbor Law" in body
    assert "Globex" not in body
    assert "conflict" not in body.lower()
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("sent", 1)
    assert AuditEvent.objects.filter(chain=intake.id, action="declination.sent").count() == 1


def test_no_safe_address_sends_nothing_and_a_person_says_how_it_was_told(post: Post) -> None:
    intake = stopped(safe=False)
    confirm(intake)
    row = Declination.objects.get(intake=intake)
    assert row.status == "no_channel"
    refusing.send(row.id)
    assert refusing.send_waiting() == 0
    assert not post.mail
    staff = User.objects.get(email="attorney@example.test")
    with pytest.raises(errors.ReasonRequired):
        services.told_otherwise(declination_id=row.id, note=" ", user=staff)
    services.told_otherwise(declination_id=row.id, note="By letter to her sister.", user=staff)
    row.refresh_from_db()
    assert (row.status, row.note) == ("otherwise", "By letter to her sister.")
    with pytest.raises(errors.AlreadyTold):
        services.told_otherwise(declination_id=row.id, note="Again.", user=staff)


def test_a_failure_is_tried_again_later_and_in_the_end_left_to_a_person(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusing, "_GRACE", timedelta(seconds=-5))
    intake = stopped()
    confirm(intake)
    row = Declination.objects.get(intake=intake)
    post.refuses = 100
    refusing.send(row.id)
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("waiting", 1)
    refusing.send(row.id)
    row.refresh_from_db()
    assert row.attempts == 1, "not before its time"
    for _ in range(20):
        Declination.objects.filter(status="waiting").update(next_at=timezone.now() - timedelta(seconds=1))
        refusing.send_waiting()
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("failed", refusing.MOST_ATTEMPTS)
    kinds = [one.kinds for one in SafetyAlert.objects.filter(intake=intake, level="attention")]
    assert kinds == [["declined_not_told"]]


def test_the_sweep_sends_what_a_lost_job_left(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    intake = stopped()
    confirm(intake)
    assert refusing.send_waiting() == 0, "its job is on the way"
    monkeypatch.setattr(refusing, "_GRACE", timedelta(seconds=-5))  # as if it had been made an hour ago
    assert refusing.send_waiting() == 1
    assert len(post.mail) == 1


def test_without_a_mail_server_it_is_left_to_a_person_too(settings: Any) -> None:
    settings.EMAIL_HOST = ""
    intake = stopped()
    confirm(intake)
    row = Declination.objects.get(intake=intake)
    refusing.send(row.id)
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("waiting", 1)
