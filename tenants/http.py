"""Host -> firm for HTTP: Django's outermost middleware, and the check that static files share."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from prometheus_client import Counter

from tenants import directory
from tenants.context import PUBLIC, FirmRef, PublicScope, firm_scope, public_scope
from tenants.errors import FirmSuspended, FirmUnavailable, UnknownFirm
from tenants.hosts import Target, normalise_host, target
from tenants.problems import AWAY, page_or_problem, unexpected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from contextlib import AbstractContextManager

    from django.http import HttpRequest, StreamingHttpResponse
    from django.http.response import HttpResponseBase

RETRY_SECONDS: Final = 10
# What Django itself turns into a 400, 403, 404 or 413.
DJANGO_ANSWERS: Final = (
    Http404,
    PermissionDenied,
    SuspiciousOperation,
    RequestDataTooBig,
    MultiPartParserError,
)

refused = Counter("tenants_http_refused_total", "Requests refused before a firm was entered.", ["reason"])


class FirmMiddleware:
    """Runs each request inside its firm's scope, and the operator host's inside `public`.

    Unknown host 404, suspended firm 403, a firm that is not ready or behind this code's window 503
    with Retry-After. Sets `request.firm` (FirmRef, or None on the operator host). Downstream sees the
    normalised Host, the scheme and the client's address that a trusted proxy forwarded, and no
    X-Forwarded header of anybody else.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self.get_response):
            return self._acall(request)
        try:
            place = _operator_or_none(_prepare(request)) or directory.resolve_host(_host(request))
            scope = _enter(request, place)
        except (UnknownFirm, FirmUnavailable) as error:
            return _refuse(request, error)
        except AWAY as error:
            return unexpected(request, error)
        with _scoped(scope):
            return _keep_scope(self.get_response(request), scope)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        try:
            place = _operator_or_none(_prepare(request)) or await directory.aresolve_host(_host(request))
            scope = _enter(request, place)
        except (UnknownFirm, FirmUnavailable) as error:
            return _refuse(request, error)
        except AWAY as error:
            return unexpected(request, error)
        response: Awaitable[HttpResponseBase]
        with _scoped(scope):
            response = self.get_response(request)
            return _keep_scope(await response, scope)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Answer what no view foresaw, also with DEBUG on: Django's own page shows local variables."""
        if isinstance(exception, DJANGO_ANSWERS):
            return None
        return unexpected(request, exception)


async def host_is_served(scope: Any) -> bool:
    """Whether an ASGI scope's Host is the operator's or a known firm's (static files ask)."""
    wanted = target_of(scope)
    if is_operator(wanted.host):
        return True
    try:
        await directory.aresolve_host(wanted.host)
    except UnknownFirm:
        return False
    return True


def target_of(scope: Any) -> Target:
    """The target of an ASGI scope. Two Host headers are none: proxies and we might differ."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        found[key] = f"{found[key]},{value.decode('latin-1')}" if key in found else value.decode("latin-1")
    peer = scope.get("client") or ("", 0)
    return target(found.get, peer[0], scope.get("scheme", "http"))


def is_operator(host: str) -> bool:
    """Whether this is the operators' own host."""
    return bool(host) and host == normalise_host(settings.OPERATOR_HOST)


def _prepare(request: HttpRequest) -> Target:
    """Read where the request goes, and leave only that for what comes after us to see."""
    meta = request.META
    wanted = target(
        lambda name: meta.get(f"HTTP_{name.upper().replace('-', '_')}"),
        meta.get("REMOTE_ADDR") or "",
        request._get_scheme(),  # type: ignore[attr-defined]
    )
    for name in ("HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_FOR"):
        meta.pop(name, None)
    meta["HTTP_HOST"] = wanted.netloc
    # SECURE_PROXY_SSL_HEADER reads this one; here it is our word, not the peer's.
    meta["HTTP_X_FORWARDED_PROTO"] = wanted.scheme
    meta["REMOTE_ADDR"] = wanted.client
    request.__dict__.pop("headers", None)
    return wanted


def _host(request: HttpRequest) -> str:
    host: str = request.META["HTTP_HOST"].partition(":")[0]
    if not host:
        raise UnknownFirm("no such host")
    return host


def _operator_or_none(wanted: Target) -> PublicScope | None:
    return PUBLIC if is_operator(wanted.host) else None


def _enter(request: HttpRequest, place: directory.FirmEntry | PublicScope) -> FirmRef | PublicScope:
    if isinstance(place, PublicScope):
        request.urlconf = settings.OPERATOR_URLCONF
        request.firm = None  # type: ignore[attr-defined]
        _tell_server(request, None)
        return place
    _tell_server(request, place.ref)
    place.check_served()
    request.firm = place.ref  # type: ignore[attr-defined]
    return place.ref


def _tell_server(request: HttpRequest, firm: FirmRef | None) -> None:
    """Write in the ASGI scope whose request it is, as sockets have it: who counts requests is outside of us."""
    scope: dict[str, Any] | None = getattr(request, "scope", None)
    if scope is not None:
        scope["firm"] = firm


def _scoped(scope: FirmRef | PublicScope) -> AbstractContextManager[Any]:
    return public_scope() if isinstance(scope, PublicScope) else firm_scope(scope)


def _refuse(request: HttpRequest, error: UnknownFirm | FirmUnavailable) -> HttpResponseBase:
    refused.labels(error.code).inc()
    if isinstance(error, UnknownFirm):
        return page_or_problem(request, 404, error.code, "There is nothing at this address.")
    if isinstance(error, FirmSuspended):
        return page_or_problem(request, 403, error.code, "This address is closed for now.")
    return page_or_problem(
        request,
        503,
        error.code,
        "This address is being made ready. Please try again in a moment.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _keep_scope(response: HttpResponseBase, scope: FirmRef | PublicScope) -> HttpResponseBase:
    """A streamed body is produced after we have returned: produce each part inside the scope."""
    closers = response._resource_closers  # type: ignore[attr-defined]
    if getattr(response, "streaming", False):
        streamed: StreamingHttpResponse = response  # type: ignore[assignment]
        content: Any = streamed.streaming_content
        parts = _aparts if streamed.is_async else _parts
        streamed.streaming_content = parts(content, scope)
    closers[:] = [_closing(closer, scope) for closer in closers]
    return response


def _parts(content: Iterator[bytes], scope: FirmRef | PublicScope) -> Iterator[bytes]:
    while True:
        with _scoped(scope):
            try:
                part = next(content)
            except StopIteration:
                return
        yield part


async def _aparts(content: AsyncIterator[bytes], scope: FirmRef | PublicScope) -> AsyncIterator[bytes]:
    try:
        while True:
            with _scoped(scope):
                try:
                    part = await anext(content)
                except StopAsyncIteration:
                    return
            yield part
    finally:
        if isinstance(content, AsyncGenerator):  # a client that left: its clean-up needs the scope too
            with _scoped(scope):
                await content.aclose()


def _closing(closer: Callable[[], Any], scope: FirmRef | PublicScope) -> Callable[[], Any]:
    def close() -> Any:
        with _scoped(scope):
            return closer()

    return close
