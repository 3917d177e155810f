"""A mail server and a text message gateway of our own, and short ways through a conversation that is verified."""

from __future__ import annotations

import email
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from django.test import override_settings

from intake import selectors, services
from intake.contact import actors
from intake.models import ContactMessage, ContactSettings, Intake
from tests.intake.talk import answer_basics, fresh, say, start

ADDRESS = "maria.silva@example.org"
SECRET = "a-secret-between-us-and-the-gateway"


class Mailbox:
    """What an SMTP server on this machine took. `answer`: what it says to a message, `to`: to a recipient."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"
        self.to = "250 OK"


class _Smtp(StreamRequestHandler):
    """As much SMTP as a client of ours speaks."""

    box: Mailbox

    def handle(self) -> None:
        self._say("220 here")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                if self.box.answer.startswith("250"):
                    content = b"".join(one[1:] if one.startswith(b"..") else one for one in lines)
                    self.box.mails.append(email.message_from_bytes(content, policy=policy.default))
                self._say(self.box.answer)
            elif verb == b"RCPT":
                self._say(self.box.to)
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 OK")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """With the settings that name it."""
    box = Mailbox()
    server = ThreadingTCPServer(("127.0.0.1", 0), type("Smtp", (_Smtp,), {"box": box}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        with override_settings(
            MAIL_READY=True, EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=server.server_address[1], EMAIL_USE_TLS=False, EMAIL_USE_SSL=False, EMAIL_HOST_USER="",
            EMAIL_HOST_PASSWORD="", EMAIL_TIMEOUT=3, DEFAULT_FROM_EMAIL="messages@example.test",
        ):  # fmt: skip
            yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class Gateway:
    """What a text message gateway on this machine was asked for. `statuses`: what it answers, in turn; then 204."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.statuses: list[int] = []


@contextmanager
def text_gateway() -> Iterator[Gateway]:
    """With the settings that name it, and the firm's wish to use it."""
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.bodies.append(body)
            gateway.asked.append(json.loads(body))
            gateway.headers.append(dict(self.headers.items()))
            self.send_response(gateway.statuses.pop(0) if gateway.statuses else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/texts"
        with override_settings(SMS_GATEWAY_URL=url, SMS_GATEWAY_SECRET=SECRET):
            yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def wants_texts() -> None:
    ContactSettings.objects.update_or_create(pk=1, defaults={"text_messages": True})


def deliver() -> None:
    """What a worker would do with every message that waits."""
    for message in ContactMessage.objects.filter(state="waiting"):
        actors.send_message(str(message.id))


def last_code(intake: Intake | None = None) -> str:
    """The digits that wait to be sent, as only this process can read them."""
    messages = ContactMessage.objects.exclude(purpose="link")
    if intake is not None:
        messages = messages.filter(intake=intake)
    found = messages.order_by("-at", "-id").first()
    assert found is not None
    assert found.secret is not None
    return found.secret


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def asking(intake: Intake) -> str:
    return str((selectors.question_of(fresh(intake)) or {}).get("key", ""))


def at_the_code(**answers: str) -> Intake:
    """A conversation in which all first questions are answered, and a code is asked for."""
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "Globex Corp")
    answer_basics(intake, **{"email": ADDRESS, "contact_code": "=STOP", **answers})
    return fresh(intake)


def back_of(offer: services.Offer) -> services.WayBack:
    return services.WayBack(code=offer.code)
