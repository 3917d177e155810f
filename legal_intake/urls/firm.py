"""What answers on a firm's host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import include, path

from intake.admin import firm_admin
from intake.api.docs import docs_urls
from intake.api.pages import client_page
from tenants.verification import PATH as VERIFICATION_PATH
from tenants.views import domain_token

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("", client_page, name="client"),
    path("", include("audio.urls")),  # before the admin, which answers for all below its address
    path("admin/", firm_admin.urls),
    path(VERIFICATION_PATH.removeprefix("/"), domain_token, name="domain-token"),
    path("", include("tenants.accounts.urls")),
    path("api/", include("intake.api.urls")),
    path("api/voice/", include("audio.api.urls")),
    *docs_urls("legal_intake.urls.firm"),
]
handler404 = "tenants.problems.not_found"
handler500 = "tenants.problems.server_error"
