"""Views that say which firm they ran in, for tests of the tenancy layer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import authenticate, login
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from tenants.accounts.models import User
from tenants.context import scope_or_none


def schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def whoami(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        {
            "schema": schema(),
            "host": request.get_host(),
            "scheme": request.scheme,
            "client": request.META["REMOTE_ADDR"],
            "firm": str(request.firm and request.firm.id),  # type: ignore[attr-defined]
            "user": request.user.email if request.user.is_authenticated else None,
        }
    )


async def awhoami(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"schema": await sync_to_async(schema)()})


def boom(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        for _ in range(3):
            yield schema() + "\n"

    response = StreamingHttpResponse(parts())
    response._resource_closers.append(lambda: closed.append(scope_or_none()))  # type: ignore[attr-defined]
    return response


closed: list[Any] = []


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        try:
            for _ in range(3):
                yield await sync_to_async(schema)() + "\n"
        finally:
            closed.append(scope_or_none())

    return StreamingHttpResponse(parts())


def log_in(request: HttpRequest) -> HttpResponse:
    data = json.loads(request.body)
    user = authenticate(request, username=data["email"], password=data["password"])
    if not isinstance(user, User):
        return HttpResponse(status=401)
    login(request, user)
    return HttpResponse()


urlpatterns = [
    path("whoami", whoami),
    path("awhoami", awhoami),
    path("boom", boom),
    path("stream", stream),
    path("astream", astream),
    path("login", log_in),
]
