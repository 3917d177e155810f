from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Takes away a column that the release before still reads."""

    dependencies: ClassVar = [("sessions", "0002_expand")]
    operations: ClassVar = [migrations.RemoveField("session", "session_data")]
