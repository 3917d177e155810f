from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column that the release before neither reads nor fills."""

    dependencies: ClassVar = [("sessions", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField("session", "label", models.CharField(max_length=50, default="", db_default="")),
    ]
