"""What every client view shares: the cookie that says whose conversation it is, and CSRF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.middleware.csrf import get_token
from rest_framework.authentication import CSRFCheck
from rest_framework.exceptions import APIException
from rest_framework.views import APIView

from intake.errors import NoIntake
from intake.selectors import intake_by_secret

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from rest_framework.request import Request

    from intake.models import Intake

COOKIE: Final = "__Host-intake"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfFailed(APIException):
    """The header X-CSRFToken is missing or does not equal the cookie, or the Origin is not this host."""

    status_code = 403
    default_code = "csrf_failed"
    default_detail = "The request does not carry this page's token. Reload the page and try again."


class ClientView(APIView):
    """A view for the client's page. Every write carries X-CSRFToken; nothing is kept by a cache."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """DRF exempts its views from Django's CSRF middleware; an anonymous client needs the check too."""
        super().initial(request, *args, **kwargs)
        if request.method not in _SAFE:
            enforce_csrf(request)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Words of a conversation are not for any cache."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def enforce_csrf(request: Request) -> None:
    """Raise CsrfFailed unless the request carries the page's token and comes from this host."""
    check = CSRFCheck(_unused)
    django_request = request._request
    check.process_request(django_request)
    if check.process_view(django_request, None, (), {}):  # type: ignore[arg-type]
        raise CsrfFailed


def _unused(_request: HttpRequest) -> HttpResponseBase:
    raise NotImplementedError  # the check is called directly, so there is no next handler


def own_intake(request: Request, intake_id: UUID | None = None) -> Intake:
    """The intake of this browser's cookie. Raises NoIntake, also when it is not `intake_id`."""
    secret = request.COOKIES.get(COOKIE, "")
    intake = intake_by_secret(secret) if secret else None
    if intake is None or (intake_id is not None and intake.id != intake_id):
        raise NoIntake
    return intake


def set_cookie(response: Any, secret: str) -> None:
    """A cookie of this host alone that ends with the browser's session: a shared computer forgets it."""
    response.set_cookie(COOKIE, secret, secure=True, httponly=True, samesite="Lax", path="/")


def forget_cookie(response: Any) -> None:
    """Take this browser's way into its conversation away."""
    response.delete_cookie(COOKIE, path="/", samesite="Lax")


def offer_csrf(request: Request) -> None:
    """Make sure that the response sets the CSRF cookie."""
    get_token(request._request)
