"""Headers that every page carries besides those Django and django-csp set."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import markcoroutinefunction

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

#: The microphone is for our own page; nothing else that a browser can hand out is wanted.
PERMISSIONS_POLICY: Final = (
    "microphone=(self), camera=(), geolocation=(), payment=(), usb=(), display-capture=(), "
    "browsing-topics=(), interest-cohort=()"
)


class PermissionsPolicyMiddleware:
    """Adds `Permissions-Policy` to each response."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self.get_response):
            return self._acall(request)
        return _with_header(self.get_response(request))

    async def _acall(self, request: HttpRequest) -> Any:
        return _with_header(await self.get_response(request))


def _with_header(response: Any) -> Any:
    response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
    return response
