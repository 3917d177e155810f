"""Problem details (RFC 9457) for what is answered before Django: plain ASGI, no request object."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any


async def send_problem(send: Any, status: HTTPStatus, code: str, detail: str) -> None:
    """Answer with a problem; `code` is what programs read, `detail` what people read."""
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
    }
    await send_body(send, status, json.dumps(problem).encode(), b"application/problem+json")


async def send_body(send: Any, status: HTTPStatus, body: bytes, content_type: bytes) -> None:
    """Answer with a whole body that nobody may cache."""
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
