"""JSON as it comes from outside: bounded in size and depth."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

if TYPE_CHECKING:
    from collections.abc import Mapping


class BoundedJSONParser(JSONParser):
    """JSON within DATA_UPLOAD_MAX_MEMORY_SIZE (413 above it), of a depth that can be read (400)."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Reading `body` applies the limit, which reading the stream would not."""
        body = stream.body if isinstance(stream, HttpRequest) else stream.read()
        try:
            return super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise ParseError("This JSON is nested too deeply.") from None
