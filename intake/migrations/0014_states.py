"""The states that a firm takes matters from. Expands only."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """Expand only."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("intake", "0013_pages")]

    operations: ClassVar[list[Operation]] = [
        migrations.AddField(
            "conflictrules",
            "states",
            models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="From where the firm takes matters, two letters each; empty: from everywhere.",
            ),
        ),
    ]
