"""Django caches content types for the whole process; their ids belong to a schema."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from django.contrib.contenttypes.models import ContentType

from tenants.context import current_scope, schema_of

SCHEMAS = 64


class _CachePerSchema:
    """Stands in for the manager's dictionary and keeps one for each of the last 64 schemas."""

    def __init__(self) -> None:
        self._schemas: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def __getitem__(self, using: str) -> Any:
        return self._here()[using]

    def setdefault(self, using: str, default: Any) -> Any:
        return self._here().setdefault(using, default)

    def clear(self) -> None:
        self._schemas.clear()

    def _here(self) -> dict[str, Any]:
        schema = schema_of(current_scope())
        found = self._schemas.setdefault(schema, {})
        if len(self._schemas) > SCHEMAS:
            self._schemas.popitem(last=False)
        return found


def cache_content_types_per_schema() -> None:
    """Without this, a permission or an admin log entry could name another firm's content type."""
    cache = _CachePerSchema()
    # Django copies the local manager whenever the registry changes; copies share the attribute.
    for manager in (*ContentType._meta.local_managers, ContentType.objects):
        manager._cache = cache  # type: ignore[attr-defined]
