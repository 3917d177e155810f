"""Counts and times of HTTP requests, by what kind of place they went to, never by view or path.

A series for each view, method and status, as django-prometheus makes them, would be thousands a process. What a
service level needs is the class of the answer; what a person asks next is which firm, and that is one
counter with a limit: the first `METRICS_FIRMS` firms that a process serves have a label of their own (their
schema's name, which says nothing about them), the rest are `other`.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

REQUESTS = Counter("legal_intake_http_requests", "HTTP requests by place and class of the answer.", ["place", "status"])
SECONDS = Histogram(
    "legal_intake_http_request_seconds",
    "Time until the answer began.",
    ["place"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
IN_FLIGHT = Gauge("legal_intake_http_in_flight", "HTTP requests that are being served now.")
FIRM_REQUESTS = Counter(
    "legal_intake_firm_requests", "HTTP requests by firm and class of the answer.", ["firm", "status"]
)

OTHER: Final = "other"
ABORTED: Final = "aborted"

_named: set[str] = set()


class Watched:
    """One request: times it, sees its status, and counts it at its end."""

    def __init__(self, scope: Any, send: Callable[[Any], Awaitable[None]], *, is_static: bool) -> None:
        self._scope = scope
        self._send = send
        self._is_static = is_static
        self._began = time.perf_counter()
        self._answered = 0.0
        self.status = 0

    @property
    def milliseconds(self) -> float:
        """Since it began."""
        return round((time.perf_counter() - self._began) * 1000, 1)

    async def send(self, message: Any) -> None:
        """The request's way out."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._answered = time.perf_counter()
        await self._send(message)

    def __enter__(self) -> Watched:
        IN_FLIGHT.inc()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        IN_FLIGHT.dec()
        place, firm = _place(self._scope, is_static=self._is_static), self._scope.get("firm")
        status = _status_class(self.status, error)
        REQUESTS.labels(place, status).inc()
        if self.status:
            SECONDS.labels(place).observe(self._answered - self._began)
        if firm is not None:
            FIRM_REQUESTS.labels(_firm_label(firm.schema), status).inc()


def _status_class(status: int, error: BaseException | None) -> str:
    if status:
        return f"{status // 100}xx"
    # Nothing was answered: we failed, or the client did not wait.
    return ABORTED if error is None or isinstance(error, asyncio.CancelledError) else "5xx"


def _place(scope: Any, *, is_static: bool) -> str:
    """Which kind of place: a handful. `firm` in the scope is what tenants.http found (None: the operators' host)."""
    if is_static:
        return "static"
    if "firm" not in scope:
        return "nowhere"
    if scope["firm"] is None:
        return "operator"
    first = scope["path"].lstrip("/").partition("/")[0]
    return first if first in ("api", "admin") else "page"


def _firm_label(schema: str) -> str:
    if schema not in _named:
        if len(_named) >= settings.METRICS_FIRMS:
            return OTHER
        _named.add(schema)
    return schema
