"""Errors over HTTP: RFC 9457 problem details, each with a machine-readable `code`."""

from __future__ import annotations

import html
import logging
from typing import TYPE_CHECKING, Any, Final

import redis
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

logger = logging.getLogger(__name__)

#: What it means that PostgreSQL or Redis is away, and may be back soon.
AWAY: Final = (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError)
CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Server error",
    503: "Not available now",
}
_CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    500: "server_error",
    503: "unavailable",
}


def problem_body(status: int, code: str, detail: str = "", **extra: Any) -> dict[str, Any]:
    """The members of a problem document: type, title, status, detail, code and `extra`."""
    title = TITLES.get(status, "Error")
    body = {"type": f"urn:legal-intake:{code}", "title": title, "status": status, "code": code}
    return {**body, **({"detail": detail} if detail else {}), **extra}


def problem(
    status: int,
    code: str,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> JsonResponse:
    """A problem document as a response."""
    body = problem_body(status, code, detail, **extra)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def page_or_problem(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A small page for a browser that asked for one, a problem document for everything else."""
    headers = {"Vary": "Accept", "Cache-Control": "no-store", **(headers or {})}
    if "text/html" not in request.headers.get("Accept", ""):
        return problem(status, code, detail, headers=headers)
    title = html.escape(TITLES.get(status, "Error"))
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<h1>{title}</h1><p>{html.escape(detail)}</p></html>"
    )
    return HttpResponse(text, status=status, headers=headers)


def unexpected(request: HttpRequest, exc: Exception) -> HttpResponse:
    """What a client is told of an error that nobody foresaw: nothing of it; the log gets its type.

    A database or Redis that is away is 503 with Retry-After, the rest 500.
    """
    logger.error("request_failed", exc_info=exc, extra={"error": type(exc).__name__})
    if isinstance(exc, AWAY):
        detail = "We could not save this just now. Please try again in a moment."
        return page_or_problem(request, 503, "unavailable", detail, headers={"Retry-After": "5"})
    return page_or_problem(request, 500, "server_error", "Something went wrong on our side.")


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER.

    Knows DRF's and Django's own exceptions, and any exception whose class has `code` (str) and
    `status` (int below 500 or 503), which is how the apps' errors say what a client is told. Others
    are not for clients: None lets them become a logged 500.
    """
    described = _describe(exc)
    if described is None:
        return None
    status, body, headers = described
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """handler404 of both URL maps."""
    return page_or_problem(request, 404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponseBase:
    """handler500 of both URL maps."""
    return page_or_problem(request, 500, "server_error", "Something went wrong on our side.")


def _describe(exc: Exception) -> tuple[int, dict[str, Any], dict[str, str]] | None:
    if isinstance(exc, Http404):
        return 404, problem_body(404, "not_found"), {}
    if isinstance(exc, PermissionDenied):
        return 403, problem_body(403, "forbidden"), {}
    if isinstance(exc, RequestDataTooBig | TooManyFilesSent):
        return 413, problem_body(413, "too_large", "The request is larger than this address takes."), {}
    if isinstance(exc, SuspiciousOperation):
        return 400, problem_body(400, "bad_request"), {}
    if isinstance(exc, exceptions.APIException):
        return _describe_drf(exc)
    code, status = getattr(exc, "code", None), getattr(exc, "status", None)
    if isinstance(code, str) and isinstance(status, int) and (status < 500 or status == 503):
        extra = getattr(exc, "extra", None)
        members = extra if isinstance(extra, dict) else {}
        wait = members.get("retry_after", 5 if status == 503 else None)
        headers = {"Retry-After": str(wait)} if wait is not None else {}
        return status, problem_body(status, code, str(exc), **members), headers
    return None


def _describe_drf(exc: exceptions.APIException) -> tuple[int, dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    wait = getattr(exc, "wait", None)
    if wait:
        headers["Retry-After"] = str(int(wait))
    if isinstance(exc, exceptions.ValidationError):
        return 400, problem_body(400, "invalid", errors=exc.get_full_details()), headers
    codes = exc.get_codes()
    code = codes if isinstance(codes, str) else _CODES.get(exc.status_code, "error")
    detail = str(exc.detail) if isinstance(exc.detail, str) else ""
    return exc.status_code, problem_body(exc.status_code, code, detail), headers
