"""Stands for the api: answers every request, and sends back what comes over a socket. Needs Python alone."""

from __future__ import annotations

import contextlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """An answer, or an echo of raw bytes."""

    def do_GET(self) -> None:
        """Whatever the path."""
        if self.headers.get("Upgrade", "") == "websocket":
            head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
            self.connection.sendall(head.encode())
            self.close_connection = True
            with contextlib.suppress(OSError):
                while data := self.connection.recv(4096):
                    self.connection.sendall(data)
            return
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing to say."""


class Server(ThreadingHTTPServer):
    """Threads that do not hold up the end."""

    daemon_threads = True


if __name__ == "__main__":
    Server(("0.0.0.0", 8000), Handler).serve_forever()
