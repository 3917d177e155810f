"""The address that the edges ask: which pairs there are, and one of them. Sealed, and only for who has the token.

GET /v1/pairs           {"pairs": [{"name", "version"}], "proofs": {token: answer}}; with ?wait=25 and If-None-Match
                        it waits so many seconds for something new
GET /v1/pairs/NAME      {"fullchain", "privkey"}
GET /healthz, /readyz   without a token: the process turns; the first look at the Secrets is done
"""

from __future__ import annotations

import json
import logging
import math
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from prometheus_client import Counter

from legal_intake.certificates.pairs import is_name
from legal_intake.certificates.sealing import Seal, UnusableToken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from legal_intake.certificates.keeping import Shelf

logger = logging.getLogger("legal_intake.certificates.serving")

LONGEST_WAIT: Final = 30.0
IDLE_SECONDS: Final = 75.0
MOST_CONNECTIONS: Final = 256
LIST_PATH: Final = "/v1/pairs"

ASKED = Counter("legal_intake_certificates_asked", "Answers to edges.", ["what", "status"])


class Server(ThreadingHTTPServer):
    """One thread a connection, and only so many of them.

    Args:
        address: host and port.
        shelf: what is shown.
        token: the file with the shared token.
        trouble: what stands still, or None; asked by /healthz.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], shelf: Shelf, token: Path, trouble: Callable[[], str | None] = lambda: None
    ) -> None:
        self.shelf, self.token, self.trouble = shelf, token, trouble
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            try:
                super().process_request(request, client_address)
            except BaseException:
                self._room.release()
                raise
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break; that is no news, and a traceback might quote what was sent."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # One segment for head and body: a list goes out at once.
    wbufsize = 64 * 1024
    server: Server

    def do_GET(self) -> None:
        """Answer one question."""
        parts = urlsplit(self.path)
        if parts.path == "/healthz":
            self._plain("healthz", self.server.trouble())
        elif parts.path == "/readyz":
            self._plain("readyz", None if self.server.shelf.shown else "the first look at the Secrets is not done")
        elif parts.path == LIST_PATH or parts.path.startswith(f"{LIST_PATH}/"):
            self._for_an_edge(parts.path, parse_qs(parts.query))
        else:
            self._send("other", HTTPStatus.NOT_FOUND, b"no such address\n")

    def _for_an_edge(self, path: str, query: dict[str, list[str]]) -> None:
        what = "list" if path == LIST_PATH else "pair"
        try:
            seal = Seal.read(self.server.token)
        except UnusableToken as error:
            logger.error("token_unusable", extra={"reason": str(error)})  # noqa: TRY400 - no frames are needed
            self._send(what, HTTPStatus.SERVICE_UNAVAILABLE, b"not set up\n")
            return
        if not seal.admits(self.headers.get("Authorization", "")):
            self._send(what, HTTPStatus.UNAUTHORIZED, b"not for this caller\n")
        elif what == "list":
            self._list(seal, query)
        else:
            self._pair(seal, path)

    def _list(self, seal: Seal, query: dict[str, list[str]]) -> None:
        known = self._known()
        shown = self.server.shelf.other_than(known, _seconds(query)) if known else self.server.shelf.shown
        if shown is None:
            # Never an empty list for one that is not known: the edges would take their pairs away.
            self._send("list", HTTPStatus.SERVICE_UNAVAILABLE, b"not known yet\n", ("Retry-After", "2"))
        elif shown.etag == known:
            self._send("list", HTTPStatus.NOT_MODIFIED, b"", ("ETag", f'"{shown.etag}"'))
        else:
            self._send("list", HTTPStatus.OK, seal.close(LIST_PATH, shown.listed), ("ETag", f'"{shown.etag}"'))

    def _pair(self, seal: Seal, path: str) -> None:
        name = path.removeprefix(f"{LIST_PATH}/")
        shown = self.server.shelf.shown
        pair = shown.pairs.get(name) if shown and is_name(name) else None
        if shown is None:
            self._send("pair", HTTPStatus.SERVICE_UNAVAILABLE, b"not known yet\n", ("Retry-After", "2"))
        elif pair is None:
            self._send("pair", HTTPStatus.NOT_FOUND, b"no such pair\n")
        elif pair.version == self._known():
            self._send("pair", HTTPStatus.NOT_MODIFIED, b"", ("ETag", f'"{pair.version}"'))
        else:
            body = json.dumps({"fullchain": pair.chain.decode("latin-1"), "privkey": pair.key.decode("latin-1")})
            self._send("pair", HTTPStatus.OK, seal.close(path, body.encode()), ("ETag", f'"{pair.version}"'))

    def _known(self) -> str:
        return self.headers.get("If-None-Match", "").strip().removeprefix("W/").strip('"')

    def _plain(self, what: str, trouble: str | None) -> None:
        status = HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK
        self._send(what, status, f"{trouble or 'ok'}\n".encode())

    def _send(self, what: str, status: HTTPStatus, body: bytes, *headers: tuple[str, str]) -> None:
        ASKED.labels(what, str(int(status))).inc()
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        if status != HTTPStatus.NOT_MODIFIED:
            sealed = status == HTTPStatus.OK and what in ("list", "pair")
            self.send_header("Content-Type", "application/octet-stream" if sealed else "text/plain")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Counted, not written: an edge asks twice a minute."""


def _seconds(query: dict[str, list[str]]) -> float:
    try:
        asked = float(query.get("wait", ["0"])[0])
    except ValueError:
        return 0.0
    return min(LONGEST_WAIT, max(0.0, asked)) if math.isfinite(asked) else 0.0
