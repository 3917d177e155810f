from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sessions", "0003_data")]
    operations: ClassVar = [migrations.AddField("mark", "weight", models.IntegerField(default=1))]
