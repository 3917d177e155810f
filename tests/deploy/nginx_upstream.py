"""What stands behind nginx in its tests: replicas that remember what they were asked."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Seen:
    """A request as an upstream saw it."""

    upstream: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Upstream:
    """One replica on an address of its own. `answer` may be changed; a path below /ws/ becomes an echo."""

    name: str
    address: str
    port: int
    seen: list[Seen] = field(default_factory=list)
    answer: Callable[[Seen], tuple[int, dict[str, str], bytes]] = lambda _seen: (200, {}, b"fine")
    server: Any = None

    def start(self) -> None:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(upstream.name, self.command, self.path, headers, body)
                upstream.seen.append(seen)
                if headers.get("upgrade") == "websocket":
                    self._echo()
                    return
                status, said, content = upstream.answer(seen)
                if status == 0:  # taken, and gone without an answer
                    self.connection.close()
                    return
                self.send_response_only(status)
                for name, value in {"Content-Length": str(len(content)), **said}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = handle_one

            def _echo(self) -> None:
                self.connection.sendall(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                )
                self.close_connection = True
                with contextlib.suppress(OSError):
                    while data := self.connection.recv(4096):
                        self.connection.sendall(upstream.name.encode() + b":" + data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        self.server = Server((self.address, self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
