from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sessions", "0003_contract")]
    operations: ClassVar = [
        migrations.AddField("session", "colour", models.CharField(max_length=20, default="", db_default="")),
    ]
