"""The API's description and its page. Scripts and styles come from the sidecar package, none inline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

if TYPE_CHECKING:
    from django.urls import URLPattern


def docs_urls(urlconf: str) -> list[URLPattern]:
    """`/api/schema` and `/docs` for the addresses of `urlconf`."""
    schema = SpectacularAPIView.as_view(urlconf=urlconf)
    page = SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="intake/docs.html")
    return [path("api/schema", schema, name="schema"), path("docs", page, name="docs")]
