from django.db import migrations, models

import tenants.ids


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0003_domain_verified_at'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReleaseFloor',
            fields=[
                ('id', models.SmallIntegerField(primary_key=True, serialize=False)),
                ('release', models.PositiveIntegerField()),
                ('raised_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='RunningProcess',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(max_length=40)),
                ('release', models.PositiveIntegerField()),
                ('version', models.CharField(max_length=60)),
                ('host', models.CharField(max_length=100)),
                ('started_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(db_index=True)),
            ],
        ),
    ]
