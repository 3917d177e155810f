"""When a firm's own domain was verified: certificates are asked for these alone. Additive."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Nullable, so code of the release before inserts rows as it did."""

    dependencies: ClassVar = [("tenants", "0002_watch_and_append_only")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="domain",
            name="verified_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When its token was last found; not needed under BASE_DOMAIN.",
                null=True,
            ),
        ),
    ]
