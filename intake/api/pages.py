"""The client's page: the built web app's index.html, served with the CSRF cookie."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from tenants.problems import page_or_problem


@require_safe
@ensure_csrf_cookie
def client_page(request: HttpRequest) -> HttpResponse:
    """The page, or a clear 503 `frontend_not_built` where the web app was never built."""
    index = Path(settings.FRONTEND_DIST) / "index.html"
    origin = settings.ASSETS_ORIGIN
    try:
        html = _read(index, index.stat().st_mtime_ns, origin)
    except OSError:
        detail = "The web app is not built yet. Run `make build-web`, then reload this page."
        return page_or_problem(request, 503, "frontend_not_built", detail)
    # Not stored: whoever goes back after a quick exit shall not see the conversation again.
    response = HttpResponse(html, headers={"Cache-Control": "no-store"})
    return _let_in(origin, request, response) if origin else response


@lru_cache(maxsize=2)
def _read(index: Path, _changed: int, origin: str) -> bytes:
    html = index.read_bytes()
    return html.replace(b'="/static/app/', f'="{origin}/static/app/'.encode()) if origin else html


def _let_in(origin: str, request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """This page alone may have files of `origin`; nothing is sent there."""
    more = {kind: [SELF, origin] for kind in ("script-src", "style-src", "font-src")} | {"img-src": [origin]}
    with_policy: Callable[[Callable[..., Any]], Callable[..., Any]] = csp_update(more)
    answered: HttpResponse = with_policy(lambda _request: response)(request)
    return answered


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a form without the page's token gets, outside the API."""
    del reason  # it is for developers, and in Django's own log
    detail = "This form has expired. Go back, reload the page and try again."
    return page_or_problem(request, 403, "csrf_failed", detail)
