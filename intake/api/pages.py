"""The client's page: the built web app's index.html, served with the CSRF cookie."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

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
    try:
        html = _read(index, index.stat().st_mtime_ns)
    except OSError:
        detail = "The web app is not built yet. Run `make build-web`, then reload this page."
        return page_or_problem(request, 503, "frontend_not_built", detail)
    # Not stored: whoever goes back after a quick exit shall not see the conversation again.
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


@lru_cache(maxsize=2)
def _read(index: Path, _changed: int) -> bytes:
    return index.read_bytes()


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a form without the page's token gets, outside the API."""
    del reason  # it is for developers, and in Django's own log
    detail = "This form has expired. Go back, reload the page and try again."
    return page_or_problem(request, 403, "csrf_failed", detail)
