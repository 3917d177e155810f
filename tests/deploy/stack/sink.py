"""Notes what is posted to it, and tells it: stands in for Slack and the watchdog's service."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PORT = 8080
posted: list[dict[str, Any]] = []


class Sink(BaseHTTPRequestHandler):
    """POST keeps, GET tells all."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        posted.append({"path": self.path, "body": body})
        self._answer(b"ok")

    def do_GET(self) -> None:
        self._answer(json.dumps(posted).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


if __name__ == "__main__":
    sys.stdout.write(f"sink on {PORT}\n")
    ThreadingHTTPServer(("0.0.0.0", PORT), Sink).serve_forever()
