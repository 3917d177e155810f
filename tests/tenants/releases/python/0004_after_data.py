from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions", "0003_data")]
    operations = [migrations.AddField("mark", "weight", models.IntegerField(default=1))]
