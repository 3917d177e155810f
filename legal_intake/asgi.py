"""The ASGI entry: what every request and socket passes, outermost first.

    health, metrics  ->  host check  ->  static files  ->  Django (its tenancy middleware first)
    sockets          ->  tenancy (Host, Origin)  ->  the routes of `audio`

Health and metrics name no firm. Static files are the same for all firms, but an unknown host gets
404 for them as for everything else.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
from http import HTTPStatus
from typing import Any

import structlog
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "legal_intake.settings")
django_application = get_asgi_application()

# What follows needs Django's registry of apps.
from channels.routing import URLRouter  # noqa: E402

from audio.routing import websocket_urlpatterns  # noqa: E402
from legal_intake.health import Health  # noqa: E402
from legal_intake.http_metrics import Watched  # noqa: E402
from legal_intake.metrics import metrics  # noqa: E402
from legal_intake.problems import send_problem  # noqa: E402
from legal_intake.safety import refuse_unsafe_settings  # noqa: E402
from legal_intake.server_names import MAX_BODY_BYTES  # noqa: E402
from legal_intake.static import static_files  # noqa: E402
from tenants.hosts import is_trusted  # noqa: E402
from tenants.http import host_is_served  # noqa: E402
from tenants.sockets import FirmSocketMiddleware  # noqa: E402

logger = logging.getLogger("legal_intake.requests")

REQUEST_ID = re.compile(rb"[0-9a-fA-F-]{16,64}")


class Entry:
    """Routes by protocol and by what may be answered before tenancy."""

    def __init__(self) -> None:
        self._health = Health()
        self._static = static_files()
        self._sockets = FirmSocketMiddleware(URLRouter(websocket_urlpatterns))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, one socket, or the lifespan protocol."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(request_id=_request_id(scope))
            await self._sockets(scope, receive, send)
        else:
            await _lifespan(receive, send)

    async def _http(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path.startswith("/healthz/"):
            await self._health(scope, receive, send)
        elif path == "/metrics":
            await metrics(scope, receive, send)
        else:
            await self._logged(scope, receive, send)

    async def _logged(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve with a request id in the logs and the answer, and one line when done.

        The line has no query string: what a client typed could stand in it.
        """
        request_id = _request_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        watched = Watched(scope, send, is_static=self._static.has(scope["path"]))

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await watched.send(message)

        try:
            with watched:
                await self._firm(scope, receive, sending)
        finally:
            status, milliseconds = watched.status, watched.milliseconds
            said = {"method": scope["method"], "path": scope["path"], "status": status, "ms": milliseconds}
            logger.info("request", extra=said)

    async def _firm(self, scope: Any, receive: Any, send: Any) -> None:
        if _declared_length(scope) > MAX_BODY_BYTES:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            await send_problem(send, status, "content_too_large", "The body is too large.")
        elif self._static.has(scope["path"]):
            if await host_is_served(scope):
                await self._static(scope, receive, send)
            else:
                await send_problem(send, HTTPStatus.NOT_FOUND, "unknown_host", "Nothing is served here.")
        else:
            await django_application(scope, receive, send)


def _request_id(scope: Any) -> str:
    """The id that a proxy of ours gave the request, so that its log and ours name the same; else a new one."""
    peer = scope.get("client") or ("", 0)
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value) and is_trusted(peer[0]):
            return str(value, "ascii")
    return secrets.token_hex(16)


def _declared_length(scope: Any) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _lifespan(receive: Any, send: Any) -> None:
    """Other servers ask; there is nothing to set up that is not set up on first use."""
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


# Under whatever server: `legal_intake.server` says it in a sentence before it comes to this.
refuse_unsafe_settings()
application = Entry()
