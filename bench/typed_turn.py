"""A typed turn with audit and encryption, against the same view without them.

Fifty clients of one firm, each with a conversation of its own, post turns over HTTP to our server,
each the next as soon as the last is answered. The peer is the same server, code and database, for a firm of its own,
with sealing and the audit trail switched off. Rounds alternate, so that a noisy machine is noisy to both.
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from audio.client import some_phone
from bench.report import Row, main, median, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = 50
KINDS = ("sealed", "bare")
STORY = "They kept my deposit and did not answer any of the letters that I wrote in the spring. " * 3


def serve(kind: str, port: int) -> None:
    """Run our server in this process until it is killed; `bare` is the peer."""
    from legal_intake.asgi import application
    from legal_intake.server import BoundedServer

    if kind == "bare":
        from intake import audit
        from intake.conflicts import entries
        from tenants import crypto

        audit.record = lambda **_given: None  # type: ignore[assignment]
        for module in (crypto, entries):  # the second has them by name
            module.seal = lambda plain, **_place: plain  # type: ignore[attr-defined]
            module.unseal = lambda blob, **_place: blob  # type: ignore[attr-defined]
    BoundedServer(application, host="127.0.0.1", port=port).run()


@contextmanager
def databases() -> Iterator[None]:
    """PostgreSQL (syncing to disk, as in production) and Redis, and one firm, for as long as the block lasts."""
    from legal_intake.embedded import start_postgres, start_redis

    with tempfile.TemporaryDirectory(prefix="legal-intake-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        running = [start_postgres(folder / "postgres")]
        try:
            running.append(start_redis(folder / "redis"))
            redis = running[1].url.rsplit("/", 1)[0]
            os.environ.update(
                DJANGO_SETTINGS_MODULE="legal_intake.settings",
                ENVIRONMENT="development",
                DEBUG="0",
                LOG_LEVEL="WARNING",
                SECRET_KEY=secrets.token_urlsafe(48),
                MASTER_KEY=base64.b64encode(os.urandom(32)).decode(),
                DATABASE_URL=running[0].url,
                REDIS_BROKER_URL=f"{redis}/0",
                REDIS_JOURNAL_URL=f"{redis}/1",
                REDIS_CACHE_URL=f"{redis}/2",
                DATA_DIR=str(folder / "data"),
                OPERATOR_HOST="admin.localhost",
                BASE_DOMAIN="localhost",
                SECURE_SSL_REDIRECT="0",
            )
            _make_firm()
            yield
        finally:
            for server in reversed(running):
                server.stop()


def _make_firm() -> None:
    import django

    django.setup()
    from django.db import connections

    from tenants import provisioning, services
    from tenants.context import public_scope

    provisioning.migrate_public()
    with public_scope():
        for kind in KINDS:  # neither can read what the other writes
            services.create_firm(name=kind, host=host_of(kind), admin_email="bench@example.test", actor="bench")
    connections.close_all()


@contextmanager
def server(kind: str) -> Iterator[str]:
    """One of the two servers. Yields its address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bench.typed_turn", "--serve", kind, str(port)]
    process = subprocess.Popen(command, cwd=Path(__file__).parent.parent)
    try:
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{address}/api/firm", headers={"Host": host_of(kind)}, timeout=10).raise_for_status()
            except httpx.HTTPError:
                if time.monotonic() > until or process.poll() is not None:
                    raise
                time.sleep(0.1)
            else:
                break
        yield address
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:  # a machine that is busy with other things
            process.kill()
            process.wait(30)


def host_of(kind: str) -> str:
    """The address of a server's firm."""
    return f"{kind}.localhost"


def names_for(number: int) -> tuple[str, str]:
    """A client's and an opponent's name, of letters alone and different for different numbers."""
    letters = "".join(chr(97 + int(digit)) for digit in str(number)[:12])
    return f"Ann {letters[:6]} {letters[6:]}".title(), f"{letters.title()} Corp"


class Talker:
    """One client with a conversation at its story."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._cookies: dict[str, str] = {}
        self._path = ""

    async def begin(self) -> None:
        await self._send("GET", "/api/firm")
        started = await self._send("POST", "/api/intakes/", {"consents": {"service": True}})
        self._path = f"/api/intakes/{started['id']}"
        state: dict[str, Any] = {"stage": "name", "question": {"key": "name"}}
        name, other_side = names_for(uuid4().int)
        answers = {"name": name, "other_side": other_side, "state": "Texas", "phone": some_phone()}
        while state["stage"] != "story":
            state = await self._answer(state["question"], answers)

    async def _answer(self, question: dict[str, Any], answers: dict[str, str]) -> dict[str, Any]:
        key = question["key"]
        if key in answers:
            body = {"text": answers[key], "client_ref": str(uuid4())}
            answer: Any = await self._send("POST", f"{self._path}/turns", body)
        else:
            codes = [option["code"] for option in question.get("choices", ())]
            wanted = {"has_lawyer": "no", "in_custody": "no", "topic": "@list", "area": "HO-00-00-00-00"}
            code = wanted.get(key, "yes" if "yes" in codes else "@skip")
            body = {"question": key, "code": code, "client_ref": str(uuid4())}
            answer = await self._send("POST", f"{self._path}/choices", body)
        snapshot: dict[str, Any] = answer["snapshot"]
        return snapshot

    async def say(self, text: str) -> float:
        """Seconds until the turn and its answer were there."""
        began = time.perf_counter()
        await self._send("POST", f"{self._path}/turns", {"text": text, "client_ref": str(uuid4())})
        return time.perf_counter() - began

    async def _send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        headers["X-CSRFToken"] = self._cookies.get("__Host-csrftoken", "")
        response = await self._http.request(method, path, json=body, headers=headers)
        response.raise_for_status()
        for line in response.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        answer: dict[str, Any] = response.json()
        return answer


async def measure(kind: str, address: str, clients: int, turns: int) -> list[float]:
    """Seconds of each turn."""
    host = {"Host": host_of(kind)}
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=address, headers=host, limits=limits, timeout=60, trust_env=False) as http:
        talkers = [Talker(http) for _ in range(clients)]
        await asyncio.gather(*(talker.begin() for talker in talkers))

        async def talk(talker: Talker) -> list[float]:
            return [await talker.say(STORY) for _ in range(turns)]

        return [took for all_of_one in await asyncio.gather(*map(talk, talkers)) for took in all_of_one]


def run(quick: bool) -> list[Row]:
    """Both servers at once on one machine, measured in turn."""
    clients, turns, rounds = (5, 2, 1) if quick else (CLIENTS, 6, 4)
    took: dict[str, list[float]] = {"sealed": [], "bare": []}
    with databases(), server("sealed") as sealed, server("bare") as bare:
        addresses = {"sealed": sealed, "bare": bare}
        for kind, address in addresses.items():
            asyncio.run(measure(kind, address, min(5, clients), 2))  # warm
        for number in range(rounds):
            for kind in sorted(took, reverse=bool(number % 2)):
                took[kind] += asyncio.run(measure(kind, addresses[kind], clients, turns))
    note = f"{clients} clients at once, {len(took['sealed'])} turns each side"
    milliseconds = {kind: [1000 * one for one in values] for kind, values in took.items()}
    ours, peer = milliseconds["sealed"], milliseconds["bare"]
    return [
        Row("typed turn with audit and encryption, P50", median(ours), median(peer), "ms", 2.0, note),
        Row(
            "typed turn with audit and encryption, P95", percentile(ours, 0.95), percentile(peer, 0.95), "ms", 2.0, note
        ),
    ]


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main(run(quick="--quick" in sys.argv))
