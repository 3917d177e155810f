"""What a firm's host answers about itself to whoever asks, before any account or session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from tenants.context import current_firm
from tenants.verification import token

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def domain_token(request: HttpRequest) -> HttpResponse:
    """The host's verification token: that it is answered here shows that the domain points to us."""
    host = request.META["HTTP_HOST"].partition(":")[0]
    body = token(current_firm().id, host)
    return HttpResponse(body + "\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
