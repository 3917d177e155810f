"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class StockConfig(AppConfig):
    """Comes after `tenants`, and makes its tenant model behave as in django-tenants' tutorial."""

    name = "bench.stock"

    def ready(self) -> None:
        """`save()` creates and migrates; Django's own content type cache again (ours asks for a firm)."""
        from django.contrib.contenttypes.models import ContentType

        from tenants.models import Firm

        Firm.auto_create_schema = True
        ContentType.objects._cache = {}  # type: ignore[attr-defined]
