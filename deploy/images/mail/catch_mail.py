"""Catches mail: SMTP on 1025 takes every message and sends none on; a page on 8025 shows the last 500.

`/` lists them, `/messages/N` is one as text, `/messages.json` all of them for a program, `DELETE /messages`
forgets them. They live in memory: nothing of a mail outlives the container.
"""

from __future__ import annotations

import html
import json
import signal
import sys
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

SMTP_PORT = 1025
WEB_PORT = 8025
KEPT = 500
LARGEST = 10 * 1024 * 1024
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>Caught mail</title><style>body{{font:15px system-ui;margin:2rem}}td{{padding:.2rem 1rem .2rem 0}}</style>
<h1>Caught mail</h1><table>{rows}</table></html>"""
ROW = '<tr><td>{at}<td>{sender}<td>{to}<td><a href="/messages/{number}">{subject}</a>'


@dataclass(frozen=True)
class Mail:
    """One message as it came."""

    number: int
    at: str
    sender: str
    to: list[str]
    subject: str
    text: str

    def described(self) -> dict[str, Any]:
        """For a program."""
        return self.__dict__.copy()


class Box:
    """The last messages, for two threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mails: deque[Mail] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, sender: str, to: list[str], content: bytes) -> Mail:
        """Keep a message; the oldest goes when there are too many."""
        message = message_from_bytes(content, policy=policy.default)
        with self._lock:
            self._count += 1
            at = datetime.now(UTC).isoformat(timespec="seconds")
            mail = Mail(self._count, at, sender, to, str(message.get("Subject", "(no subject)")), _text(message))
            self._mails.append(mail)
        return mail

    def all(self) -> list[Mail]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._mails))

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._mails.clear()


def _text(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain", "html"))
    try:
        return str(body.get_content()) if body is not None else ""
    except (LookupError, ValueError):
        return message.as_string()


class Catcher:
    """What aiosmtpd calls for each message."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep it and say so."""
        mail = self._box.add(str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content)
        _say(event="mail_caught", number=mail.number, recipients=len(mail.to))
        return "250 Caught"


class Pages(BaseHTTPRequestHandler):
    """The web side."""

    box: Box
    server_version = "mail"
    sys_version = ""

    def do_GET(self) -> None:
        """The list, one message, or all as JSON."""
        if self.path == "/healthz":
            self._answer(200, "text/plain", "ok\n")
        elif self.path == "/":
            self._answer(200, "text/html", PAGE.format(rows="".join(_row(mail) for mail in self.box.all())))
        elif self.path == "/messages.json":
            self._answer(200, "application/json", json.dumps([mail.described() for mail in self.box.all()]))
        else:
            found = [mail for mail in self.box.all() if self.path == f"/messages/{mail.number}"]
            if found:
                self._answer(200, "text/plain", f"Subject: {found[0].subject}\n\n{found[0].text}")
            else:
                self._answer(404, "text/plain", "No such message.\n")

    def do_DELETE(self) -> None:
        """Forget all messages."""
        if self.path == "/messages":
            self.box.clear()
            self._answer(200, "text/plain", "Forgotten.\n")
        else:
            self._answer(404, "text/plain", "Only /messages can be deleted.\n")

    def _answer(self, status: int, kind: str, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        # A mail's HTML is shown as text; nothing in it runs or loads.
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Looks are not worth a line."""


def _row(mail: Mail) -> str:
    safe = {name: html.escape(str(value)) for name, value in mail.described().items()}
    return ROW.format(**{**safe, "to": html.escape(", ".join(mail.to))})


def _say(**fields: Any) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Catch until told to stop."""
    box = Box()
    Pages.box = box
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    smtp = Controller(Catcher(box), hostname="0.0.0.0", port=SMTP_PORT, data_size_limit=LARGEST)  # noqa: S104
    smtp.start()
    web = ThreadingHTTPServer(("0.0.0.0", WEB_PORT), Pages)  # noqa: S104 - the container's network is its fence
    threading.Thread(target=web.serve_forever, daemon=True).start()
    _say(event="mail_ready", smtp=SMTP_PORT, web=WEB_PORT)
    stop.wait()
    web.shutdown()
    smtp.stop()


if __name__ == "__main__":
    main()
