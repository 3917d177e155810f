"""Prometheus metrics of one process: under ``/metrics`` of the server, on a port of its own elsewhere.

Answered before tenancy, and only to a caller with ``METRICS_TOKEN`` or from ``METRICS_NETWORKS``. A
request that came through a proxy is never trusted for its address.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import threading
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest
from prometheus_client.registry import Collector

from legal_intake.problems import send_body, send_problem

PROCESS_INFO = Gauge("legal_intake_process", "Which process this is (always 1).", ["role"])
SLOTS = Gauge("legal_intake_worker_slots", "How many jobs this process takes at a time.", ["queue"])


def may_read(client: str, authorization: str, *, proxied: bool) -> bool:
    """Whether this caller may read metrics.

    Args:
        client: the peer's address.
        authorization: the Authorization header, or empty.
        proxied: the request carries a forwarding header, so the peer is not the caller.
    """
    token = settings.METRICS_TOKEN
    if token and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
        return True
    if proxied:
        return False
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.METRICS_NETWORKS)


async def metrics(scope: Any, _receive: Any, send: Any) -> None:
    """The ASGI side of ``/metrics``."""
    headers = dict(scope["headers"])
    allowed = may_read(
        (scope.get("client") or ("",))[0],
        headers.get(b"authorization", b"").decode("latin-1"),
        proxied=b"x-forwarded-for" in headers or b"forwarded" in headers,
    )
    if allowed:
        content_type = CONTENT_TYPE_LATEST.encode()
        await send_body(send, HTTPStatus.OK, generate_latest(REGISTRY), content_type)
        return
    await send_problem(send, HTTPStatus.FORBIDDEN, "metrics_forbidden", "Not for this caller.")


def start_exporter(role: str, registry: Collector = REGISTRY) -> int | None:
    """Serve this process's metrics from a daemon thread; the port, or None when none is configured.

    ``METRICS_PORT`` and ``METRICS_BIND`` come from the environment of this one process, since each
    worker and slot needs its own.

    Args:
        role: what this process is.
        registry: what is served, when that is not the process's own registry.
    """
    PROCESS_INFO.labels(role).set(1)
    port = os.environ.get("METRICS_PORT", "")
    if not port:
        return None
    bind = os.environ.get("METRICS_BIND", "127.0.0.1")
    server = make_server(bind, int(port), partial(_answer, registry), WSGIServer, _QuietHandler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return int(server.server_port)


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not worth a line each."""


def _answer(registry: Collector, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    allowed = may_read(
        environ["REMOTE_ADDR"],
        environ.get("HTTP_AUTHORIZATION", ""),
        proxied="HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ,
    )
    if not allowed:
        start("403 Forbidden", [("content-type", "text/plain")])
        return [b"Not for this caller.\n"]
    start("200 OK", [("content-type", CONTENT_TYPE_LATEST)])
    return [generate_latest(registry)]
