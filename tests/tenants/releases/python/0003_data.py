from typing import Any, ClassVar

from django.db import migrations
from django.utils import timezone


def fill(apps: Any, schema_editor: Any) -> None:
    session = apps.get_model("sessions", "Session").objects.create(
        session_key="k", session_data="", expire_date=timezone.now()
    )
    apps.get_model("sessions", "Mark").objects.create(session=session, label=schema_editor.connection.schema_name)


class Migration(migrations.Migration):
    """Rows whose foreign key is checked at the end, then a change of their table in the same transaction."""

    dependencies: ClassVar = [("sessions", "0002_additive")]
    operations: ClassVar = [migrations.RunPython(fill, migrations.RunPython.noop)]
