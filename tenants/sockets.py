"""Host -> firm for WebSockets, before accept; one firm's scope around a socket's whole life."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from prometheus_client import Counter

from tenants import directory
from tenants.context import firm_scope
from tenants.errors import FirmUnavailable, UnknownFirm
from tenants.http import target_of

refused = Counter("tenants_sockets_refused_total", "Sockets refused before accept (HTTP 403).", ["reason"])

BODY: Final = b'{"type":"urn:legal-intake:forbidden","title":"Forbidden","status":403,"code":"forbidden"}'


class FirmSocketMiddleware:
    """Lets a socket in when its Host is a served firm's and its Origin is a page of this very host.

    Everything else is answered with HTTP 403 and counted by reason. Sets `scope["firm"]` (FirmRef)
    and `scope["target"]` (Target, with the client's address). The operator host has no sockets.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve or refuse one socket."""
        wanted = target_of(scope)
        try:
            entry = await directory.aresolve_host(wanted.host)
            entry.check_served()
        except (UnknownFirm, FirmUnavailable) as error:
            await _refuse(error.code, scope, receive, send)
            return
        # A wildcard would let a sibling firm's page in: subdomains are same-site, so it would even
        # carry the client's cookies.
        if _origin(scope) != wanted.origin:
            await _refuse("wrong_origin", scope, receive, send)
            return
        with firm_scope(entry.ref):
            await self.app({**scope, "firm": entry.ref, "target": wanted}, receive, send)


def _origin(scope: Any) -> str:
    values = [value for name, value in scope["headers"] if name.lower() == b"origin"]
    return values[0].decode("latin-1") if len(values) == 1 else ""


async def _refuse(reason: str, scope: Any, receive: Any, send: Any) -> None:
    refused.labels(reason).inc()
    await receive()  # websocket.connect
    if "websocket.http.response" not in scope.get("extensions", {}):
        # A close before accept is HTTP 403 by the ASGI specification (and drops any close code).
        await send({"type": "websocket.close"})
        return
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(BODY)).encode()),
    ]
    start = {"type": "websocket.http.response.start", "status": HTTPStatus.FORBIDDEN.value, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": BODY})
