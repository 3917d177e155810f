"""What can be wrong with this process's settings, port and built files. See tenants/doctor.py."""

from __future__ import annotations

import socket

from django.conf import settings

from legal_intake import safety
from tenants.checkup import Finding, register_check

CONNECT_SECONDS = 1.0


def safe_settings() -> list[Finding]:
    """In production, what would stop it from starting."""
    if settings.ENVIRONMENT == "development":
        return [Finding("settings", "ok", "development; production is stricter (`manage.py check --deploy`)")]
    unsafe = [
        Finding("settings", "error", line, "Production refuses to start until then.") for line in safety.findings()
    ]
    return unsafe or [Finding("settings", "ok", "safe for production")]


def web_app() -> list[Finding]:
    """The client's page is built."""
    index = settings.FRONTEND_DIST / "index.html"
    if not index.is_file():
        return [Finding("web app", "error", f"{index} is missing", "Run `make web`: it needs Node 20.")]
    return [Finding("web app", "ok", "built")]


def server() -> list[Finding]:
    """Something answers on the port that `make run` wrote down."""
    port = settings.RUNNING.get("port")
    if not port:
        return [
            Finding("server", "warning", "`make run` is not running here", "Start it, or look at your own servers.")
        ]
    try:
        socket.create_connection(("127.0.0.1", int(port)), CONNECT_SECONDS).close()
    except OSError as error:
        remedy = "Look at what `make run` printed, or start it again."
        return [Finding("server", "error", f"nothing answers on port {port}: {error}", remedy)]
    return [Finding("server", "ok", f"answers on port {port}")]


register_check("settings", safe_settings)
register_check("web app", web_app)
register_check("server", server)
