"""What runs all the time: WAL as it comes, the rest when it is due, metrics on a port."""

from __future__ import annotations

import logging
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from legal_intake_backup import base, files, wal
from legal_intake_backup.errors import BackupError
from legal_intake_backup.state import State, exposition
from legal_intake_backup.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable

    from legal_intake_backup.config import Config

logger = logging.getLogger("backup")
TICK_SECONDS = 2.0
RETRY_SECONDS = 300.0


class Service:
    """One loop for WAL and one for what takes long, so that neither waits for the other."""

    def __init__(self, config: Config) -> None:
        self._config, self._vault, self._state = config, Vault(config), State(config.state)
        self._receiver = wal.Receiver(config)
        self._stop = threading.Event()
        self._beat = time.monotonic()
        self._partial_at = 0.0
        self._tried: dict[str, float] = {}

    def run(self) -> None:
        """Serve until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        server = ThreadingHTTPServer((self._config.bind, self._config.port), self._handler())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        slow = threading.Thread(target=self._slow, daemon=True)
        slow.start()
        logger.info("ready: target %s", self._config.target)
        while not self._stop.wait(TICK_SECONDS):
            self._beat = time.monotonic()
            self._guarded("wal", self.stream)
        self._receiver.stop()
        self._guarded("wal", self.stream_last)
        slow.join(timeout=30)
        server.shutdown()

    def stream(self) -> None:
        """Tend the receiver, and carry off what it received."""
        try:
            wal.ship(self._config, self._vault, self._state)
        finally:  # a target that is away is no reason to receive nothing
            running = self._receiver.tend()
        if time.monotonic() - self._partial_at >= self._config.partial_seconds:
            self._partial_at = time.monotonic()
            wal.ship_partial(self._config, self._vault, self._state)
            files.back_up_deletions(self._config, self._vault, self._state)
        if running and self._state.age("wal") > 10:
            self._state.succeeded("wal")

    def stream_last(self) -> None:
        """What is left when the receiver has ended."""
        wal.ship(self._config, self._vault, self._state)
        wal.ship_partial(self._config, self._vault, self._state)
        files.back_up_deletions(self._config, self._vault, self._state)

    def due(self) -> list[str]:
        """Kinds whose time has come, or came and failed a while ago."""
        hours = {"base": self._config.base_hours, "media": self._config.media_hours, "export": self._config.media_hours}
        wanted = [kind for kind, each in hours.items() if self._state.age(kind) > each * 3600]
        if (self._config.state / "base-wanted").exists() and "base" not in wanted:
            wanted.insert(0, "base")
        now = time.monotonic()
        return [kind for kind in wanted if now - self._tried.get(kind, -RETRY_SECONDS) >= RETRY_SECONDS]

    def _slow(self) -> None:
        while not self._stop.wait(TICK_SECONDS):
            for kind in self.due():
                if self._stop.is_set():
                    return
                self._tried[kind] = time.monotonic()
                self._guarded(kind, lambda kind=kind: make(self._config, self._vault, self._state, kind))  # type: ignore[misc]

    def _guarded(self, kind: str, work: Callable[[], object]) -> None:
        try:
            work()
        except BackupError as error:
            self._state.failed(kind)
            logger.warning("%s failed: %s [%s]", kind, error, error.code)
        except Exception:
            # Whatever it was, the other kinds go on; the metric and its alert say that this one does not.
            self._state.failed(kind)
            logger.exception("%s failed", kind)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            """`/metrics` and `/healthz`."""

            def do_GET(self) -> None:
                """Answer."""
                if self.path == "/metrics":
                    self._answer(200, exposition(service._state.read()))
                elif self.path == "/healthz":
                    alive = time.monotonic() - service._beat < 300
                    self._answer(200 if alive else 503, "ok\n" if alive else "the loop hangs\n")
                else:
                    self._answer(404, "not here\n")

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_arguments: Any) -> None:
                """Scrapes are not worth a line."""

        return Handler


def make(config: Config, vault: Vault, state: State, kind: str) -> object:
    """Make one backup of a kind, then remove what is past its time. Raises BackupError."""
    with state.alone(kind):
        if kind == "base":
            found: object = base.make(config, vault, state)
            (config.state / "base-wanted").unlink(missing_ok=True)
            base.prune(config, vault, state)
        elif kind == "media":
            found = files.back_up_media(config, vault, state)
            files.prune_media(config, vault)
        else:
            found = files.back_up_exports(config, vault, state)
            files.prune_exports(config, vault)
    return found
