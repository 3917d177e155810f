"""What is answered before tenancy, and in which order."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from legal_intake import metrics as metrics_module
from legal_intake.asgi import Entry
from legal_intake.server_names import GOING_AWAY, MAX_BODY_BYTES

Answer = tuple[int, dict[str, str], bytes]


async def get(path: str, host: str = "harbor.localhost", *, peer: str = "127.0.0.1", **more: Any) -> Answer:
    headers = [(b"host", host.encode()), *more.pop("headers", [])]
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": headers, "client": [peer, 1], "server": ["127.0.0.1", 80], "scheme": "http", "http_version": "1.1",
        "asgi": {"version": "3.0"}, **more,
    }  # fmt: skip
    talk = ApplicationCommunicator(Entry(), scope)
    await talk.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await talk.receive_output(5)
    body = b""
    more_body = True
    while more_body:
        part = await talk.receive_output(5)
        body += part.get("body", b"")
        more_body = part.get("more_body", False)
    await talk.wait(5)
    named = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], named, body


@pytest.mark.parametrize("path", ["/healthz/live", "/healthz/ready", "/healthz/startup"])
async def test_health_names_no_firm_and_needs_no_host(path: str, live_firms: Any) -> None:
    status, headers, body = await get(path, host="10.1.2.3:8000")
    assert (status, headers["content-type"]) == (200, "application/json"), body


async def test_a_server_that_goes_away_is_alive_but_not_ready(live_firms: Any) -> None:
    leaving = asyncio.Event()
    leaving.set()
    extensions = {GOING_AWAY: leaving}
    assert (await get("/healthz/live", extensions=extensions))[0] == 200
    assert (await get("/healthz/ready", extensions=extensions))[0] == 503


async def test_ready_says_which_server_is_away(live_firms: Any, settings: Any) -> None:
    settings.REDIS_JOURNAL_URL = "redis://127.0.0.1:1/0"
    status, _, body = await get("/healthz/ready")
    assert status == 503
    assert b'"journal": "ConnectionError"' in body
    assert b'"database": "ok"' in body


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", [], 200),
        ("192.0.2.1", [], 403),
        ("127.0.0.1", [(b"x-forwarded-for", b"192.0.2.1")], 403),
        ("192.0.2.1", [(b"authorization", b"Bearer right")], 200),
        ("192.0.2.1", [(b"authorization", b"Bearer wrong")], 403),
    ],
)
async def test_metrics_are_for_those_with_a_token_or_near(
    peer: str, headers: list[tuple[bytes, bytes]], status: int, settings: Any
) -> None:
    settings.METRICS_TOKEN, settings.METRICS_NETWORKS = "right", ["127.0.0.0/8"]
    answered, _, body = await get("/metrics", "anything.example", peer=peer, headers=headers)
    assert answered == status
    assert (b"python_info" in body) == (status == 200)


def test_a_worker_has_its_own_metrics(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.METRICS_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setenv("METRICS_PORT", "0")
    port = metrics_module.start_exporter("slot")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert b'legal_intake_process{role="slot"} 1.0' in answer.read()


async def test_static_files_are_served_to_known_hosts_alone(live_firms: Any) -> None:
    css = "/static/admin/css/base.css"
    for host in ("harbor.localhost", "admin.localhost"):
        status, headers, body = await get(css, host)
        assert status == 200
        assert headers["x-content-type-options"] == "nosniff"
        assert len(body) > 1000
    assert (await get(css, "unknown.localhost"))[0] == 404
    assert (await get("/static/../settings/base.py"))[0] == 404


async def test_a_declared_body_over_the_cap_is_413_under_any_server() -> None:
    status, headers, body = await get("/", headers=[(b"content-length", str(MAX_BODY_BYTES + 1).encode())])
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert b"content_too_large" in body


async def test_an_answer_names_its_request(live_firms: Any) -> None:
    first, second = await get("/nowhere"), await get("/nowhere")
    assert first[0] == 404
    assert first[1]["x-request-id"] != second[1]["x-request-id"]


@pytest.mark.parametrize(
    ("given", "peer", "kept"),
    [
        (b"4f2a90cc4f2a90cc4f2a90cc4f2a90cc", "10.203.1.9", True),
        (b"0190b5c2-7a3e-7c11-8d5a-4f2a90cc4f2a", "10.203.1.9", True),
        (b"4f2a90cc4f2a90cc4f2a90cc4f2a90cc", "192.0.2.1", False),
        (b"my landlord threw me out", "10.203.1.9", False),
        (b"4f2a", "10.203.1.9", False),
    ],
)
async def test_a_trusted_proxys_request_id_is_ours_and_nobody_elses(
    given: bytes, peer: str, kept: bool, live_firms: Any, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = ["10.203.1.0/24"]
    _, headers, _ = await get("/nowhere", peer=peer, headers=[(b"x-request-id", given)])
    assert (headers["x-request-id"] == given.decode()) is kept
    assert len(headers["x-request-id"]) >= 32
