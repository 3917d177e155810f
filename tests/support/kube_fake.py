"""A stand-in for the API server: as much of it as `certificates` uses, with failures on demand.

Lists with selectors, pages and metadata alone, creation, merge patches, deletion with preconditions, resource versions.
It checks no schema and no permission: for these there is the real one (kube_real).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class FakeKube(ThreadingHTTPServer):
    """Objects by path. `faults` are taken one a request whose method and path fit; `tokens` are those admitted."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, dict[str, Any]] = {}
        self.tokens = {"admin", "first"}
        self.faults: list[tuple[str, str, int, dict[str, str]]] = []
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        self._versions = itertools.count(1)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def stamp(self, thing: dict[str, Any]) -> dict[str, Any]:
        thing["metadata"]["resourceVersion"] = str(next(self._versions))
        return thing

    def fault(self, method: str, part: str, status: int, **headers: str) -> None:
        self.faults.append((method, part, status, headers))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    server: FakeKube

    def _do(self) -> None:
        parts = urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        with self.server.lock:
            self.server.asked[f"{self.command} {parts.path.rsplit('/', 1)[-1]}"] += 1
            for fault in self.server.faults:
                if fault[0] == self.command and fault[1] in self.path:
                    self.server.faults.remove(fault)
                    self._say(fault[2], {"reason": "Fault", "message": "on purpose"}, fault[3])
                    return
            if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.server.tokens:
                self._say(401, {"reason": "Unauthorized"})
                return
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            getattr(self, f"_{self.command.lower()}")(parts.path, query, body)

    do_GET = do_POST = do_PATCH = do_DELETE = _do

    def _get(self, path: str, query: dict[str, str], _body: Any) -> None:
        if path in self.server.objects:
            self._say(200, self.server.objects[path])
            return
        if path.rsplit("/", 1)[-1] not in ("certificates", "secrets", "challenges"):
            self._say(404, {"reason": "NotFound"})
            return
        wanted = dict(pair.split("=") for pair in query.get("labelSelector", "").split(",") if pair)
        found = [
            thing
            for name, thing in sorted(self.server.objects.items())
            if name.startswith(f"{path}/") and wanted.items() <= (thing["metadata"].get("labels") or {}).items()
        ]
        begin, limit = int(query.get("continue") or 0), int(query.get("limit") or 500)
        page = found[begin : begin + limit]
        if "PartialObjectMetadataList" in self.headers.get("Accept", ""):
            page = [{"metadata": thing["metadata"]} for thing in page]
        more = {"continue": str(begin + limit)} if begin + limit < len(found) else {}
        self._say(200, {"items": page, "metadata": more})

    def _post(self, path: str, _query: dict[str, str], body: Any) -> None:
        place = f"{path}/{body['metadata']['name']}"
        if place in self.server.objects:
            self._say(409, {"reason": "AlreadyExists", "message": "already exists"})
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        body["metadata"] |= {"uid": f"uid-{place}", "creationTimestamp": now}
        self.server.objects[place] = self.server.stamp(body)
        self._say(201, body)

    def _patch(self, path: str, _query: dict[str, str], body: Any) -> None:
        thing = self.server.objects.get(path.removesuffix("/status"))
        if thing is None:
            self._say(404, {"reason": "NotFound"})
        elif (body.get("metadata") or {}).get("resourceVersion", thing["metadata"]["resourceVersion"]) != (
            thing["metadata"]["resourceVersion"]
        ):
            self._say(409, {"reason": "Conflict", "message": "stale"})
        else:
            _merge(thing, body)
            self._say(200, self.server.stamp(thing))

    def _delete(self, path: str, _query: dict[str, str], body: Any) -> None:
        thing = self.server.objects.get(path)
        wanted = (body or {}).get("preconditions") or {}
        if thing is None:
            self._say(404, {"reason": "NotFound"})
        elif any(thing["metadata"][key] != value for key, value in wanted.items()):
            self._say(409, {"reason": "Conflict", "message": "stale"})
        else:
            del self.server.objects[path]
            self._say(200, {})

    def _say(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        sent = json.dumps(body).encode()
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


def _merge(into: dict[str, Any], what: dict[str, Any]) -> None:
    for key, value in what.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


@contextlib.contextmanager
def fake_kube() -> Iterator[FakeKube]:
    server = FakeKube()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
