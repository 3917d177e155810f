"""What answers on the operator host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import include, path

from intake.api.docs import docs_urls
from tenants.operator_admin import operator_admin

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", operator_admin.urls),
    path("", include("tenants.accounts.urls")),
    # The firms' API is described here too, for whoever integrates before there is a firm.
    *docs_urls("legal_intake.urls.firm"),
]
handler404 = "tenants.problems.not_found"
handler500 = "tenants.problems.server_error"
