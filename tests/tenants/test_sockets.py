"""Host and Origin of a socket, before accept."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from tenants import directory
from tenants.context import FirmRef, current_firm, public_scope, scope_or_none
from tenants.models import Firm
from tenants.sockets import FirmSocketMiddleware, refused


async def echo_firm(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        assert scope["firm"] == current_firm()
        await send({"type": "websocket.send", "text": current_firm().schema})


def scope_for(host: str | None, origin: str | None, **more: Any) -> dict[str, Any]:
    headers = [(name, value.encode()) for name, value in ((b"host", host), (b"origin", origin)) if value is not None]
    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": "/ws/v1/intake",
        "headers": headers,
        "client": ("127.0.0.1", 1),
    }
    return {**scope, "extensions": {"websocket.http.response": {}}, **more}


async def open_socket(scope: dict[str, Any]) -> tuple[ApplicationCommunicator, dict[str, Any]]:
    socket = ApplicationCommunicator(FirmSocketMiddleware(echo_firm), scope)
    await socket.send_input({"type": "websocket.connect"})
    return socket, await socket.receive_output(2)


@pytest.mark.parametrize(
    ("host", "origin", "scheme"),
    [
        ("harbor.localhost:8000", "http://harbor.localhost:8000", "ws"),
        ("HARBOR.localhost.:8000", "http://harbor.localhost:8000", "ws"),
        ("harbor.localhost", "https://harbor.localhost", "wss"),
        ("harbor.localhost:443", "https://harbor.localhost", "wss"),
        ("harbor.localhost:80", "http://harbor.localhost", "ws"),
    ],
)
async def test_a_page_of_this_very_host_gets_in(firm: FirmRef, host: str, origin: str, scheme: str) -> None:
    socket, answer = await open_socket(scope_for(host, origin, scheme=scheme))
    assert answer == {"type": "websocket.accept"}
    await socket.send_input({"type": "websocket.receive", "text": "?"})
    assert (await socket.receive_output(2))["text"] == firm.schema
    await socket.send_input({"type": "websocket.disconnect"})
    await socket.wait(2)
    assert scope_or_none() is firm


@pytest.mark.parametrize(
    ("host", "origin", "reason"),
    [
        ("unknown.localhost", "http://unknown.localhost", "unknown_firm"),
        ("admin.localhost", "http://admin.localhost", "unknown_firm"),
        (None, "http://harbor.localhost", "unknown_firm"),
        ("harbor.localhost", None, "wrong_origin"),
        ("harbor.localhost", "", "wrong_origin"),
        ("harbor.localhost", "null", "wrong_origin"),
        ("harbor.localhost", "http://summit.localhost", "wrong_origin"),
        ("harbor.localhost", "https://harbor.localhost", "wrong_origin"),
        ("harbor.localhost:8000", "http://harbor.localhost", "wrong_origin"),
        ("harbor.localhost:8000", "http://harbor.localhost:8001", "wrong_origin"),
        ("harbor.localhost", "http://harbor.localhost.evil.example", "wrong_origin"),
        ("harbor.localhost", "http://harbor.localhost/", "wrong_origin"),
    ],
)
async def test_everything_else_is_403_and_counted(host: str | None, origin: str | None, reason: str) -> None:
    before = refused.labels(reason)._value.get()
    socket, answer = await open_socket(scope_for(host, origin))
    assert (answer["type"], answer["status"]) == ("websocket.http.response.start", 403)
    await socket.receive_output(2)
    await socket.wait(2)
    assert refused.labels(reason)._value.get() == before + 1


async def test_a_server_without_the_extension_is_told_to_close(firm: FirmRef) -> None:
    _, answer = await open_socket(scope_for("unknown.localhost", "http://unknown.localhost", extensions={}))
    assert answer == {"type": "websocket.close"}


async def test_two_origins_are_none(firm: FirmRef) -> None:
    scope = scope_for("harbor.localhost", "http://harbor.localhost")
    scope["headers"].append((b"origin", b"http://harbor.localhost"))
    assert (await open_socket(scope))[1]["status"] == 403


async def test_a_suspended_firm_is_403(live_firms: tuple[FirmRef, FirmRef]) -> None:
    from tenants.aio import run_db

    ref, _ = live_firms
    host = (await directory.aresolve_firm(ref.id)).hosts[0]

    def suspend() -> None:
        with public_scope():
            Firm.objects.filter(pk=ref.id).update(status="suspended")

    await run_db(suspend)
    directory.forget()
    assert (await open_socket(scope_for(host, f"http://{host}")))[1]["status"] == 403


async def test_a_trusted_proxy_speaks_for_the_browser(firm: FirmRef, settings: Any) -> None:
    scope = scope_for("internal:8000", "https://harbor.localhost")
    scope["headers"] += [(b"x-forwarded-host", b"harbor.localhost"), (b"x-forwarded-proto", b"https")]
    assert (await open_socket(scope))[1]["status"] == 403
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    _, answer = await open_socket(scope)
    assert answer == {"type": "websocket.accept"}
