"""Who is told of alerts and what was sent, limitation periods of the firm's own, urgency to sort by. Expands only."""

import datetime
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import tenants.ids
from django.conf import settings
from django.db import migrations, models


#: Table -> the columns that may change. What was sent, and by which row a flag was made, is never taken away.
TABLES = {
    "intake_paging": "'round', 'step', 'next_at', 'outcome'",
    "intake_page": "'status', 'tries', 'try_at', 'code'",
    "intake_limitationperiod": "'confirmed_at', 'confirmed_by_id', 'retired_at'",
}


def _create(table):
    return f"""
CREATE TRIGGER {table}_keep BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {table}_keep_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION intake_append_only({TABLES[table]});
"""


def _drop(table):
    return "".join(f"DROP TRIGGER {table}_{name} ON {table};" for name in ("keep", "keep_all", "append_only"))


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0012_conflict_gate'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DutySettings',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('one', models.PositiveSmallIntegerField(default=1, editable=False, unique=True)),
                ('country', models.CharField(db_default='US', default='US', help_text='Whose help lines clients are given (ISO 3166).', max_length=2)),
                ('decline_represented', models.CharField(choices=[('never', 'nobody: a person decides'), ('represented', 'who has a lawyer in this matter and names no other reason'), ('all', 'also who wants to change lawyers or asks for a second opinion')], db_default='never', default='never', max_length=12, verbose_name='decline by itself')),
                ('wait_danger_now', models.PositiveSmallIntegerField(db_default=5, default=5, help_text='Danger now: minutes until the next person is told.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(240)])),
                ('wait_urgent', models.PositiveSmallIntegerField(db_default=30, default=30, help_text='Urgent: minutes until the next person is told.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(240)])),
                ('page_attention', models.BooleanField(db_default=False, default=False, help_text='Send also what only wants a look, such as somebody asking for a person.')),
                ('wait_attention', models.PositiveSmallIntegerField(db_default=120, default=120, help_text='Attention: minutes until the next person is told.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(240)])),
                ('max_rounds', models.PositiveSmallIntegerField(db_default=3, default=3, help_text='How often the whole list is gone through. Everybody on it is told at the end of each round.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10)])),
                ('webhook_url_ct', models.BinaryField(blank=True, null=True)),
                ('webhook_secret_ct', models.BinaryField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'safety settings',
                'verbose_name_plural': 'safety settings',
            },
        ),
        migrations.CreateModel(
            name='LimitationPeriod',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(help_text='Two letters, such as TX.', max_length=2)),
                ('area', models.CharField(help_text='LIST code; a top code counts for all beneath it.', max_length=20)),
                ('claim', models.CharField(max_length=120)),
                ('amount', models.PositiveSmallIntegerField()),
                ('unit', models.CharField(choices=[('days', 'Days'), ('months', 'Months'), ('years', 'Years')], max_length=6)),
                ('begins', models.CharField(blank=True, default='', help_text='Key of the question that time runs from; empty: any event date.', max_length=60)),
                ('cite', models.CharField(max_length=200)),
                ('note', models.CharField(blank=True, default='', max_length=400)),
                ('source', models.CharField(blank=True, default='', max_length=300)),
                ('checked', models.DateField(blank=True, help_text='When the source was last read.', null=True)),
                ('example', models.BooleanField(default=False, help_text='Example, not verified: never counts.')),
                ('imported_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('imported_by', models.CharField(help_text='staff:<id>, or who ran the command.', max_length=200)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['state', 'area', 'claim', 'id'],
            },
        ),
        migrations.CreateModel(
            name='OnCall',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=1, help_text='Who is told first: the lowest.')),
                ('zone', models.CharField(default='America/New_York', max_length=40, verbose_name='time zone')),
                ('days', models.CharField(default='1234567', help_text='1 is Monday, 7 is Sunday.', max_length=7)),
                ('begins', models.TimeField(default=datetime.time(0, 0), verbose_name='from')),
                ('ends', models.TimeField(default=datetime.time(0, 0), verbose_name='until')),
                ('active', models.BooleanField(default=True)),
            ],
            options={
                'verbose_name': 'person on call',
                'verbose_name_plural': 'people on call',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Page',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('email', 'e-mail'), ('webhook', 'Webhook')], max_length=8)),
                ('round', models.PositiveSmallIntegerField()),
                ('step', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('failed', 'Failed'), ('dropped', 'Dropped')], default='waiting', max_length=8)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('try_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('code', models.CharField(blank=True, default='', help_text='Why the last try failed.', max_length=40)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Paging',
            fields=[
                ('alert', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='paging', serialize=False, to='intake.safetyalert')),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('next_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                ('outcome', models.CharField(blank=True, choices=[('', 'under way'), ('acknowledged', 'taken up'), ('unacknowledged', 'nobody took it up')], default='', max_length=16)),
            ],
            options={
                'ordering': ['alert_id'],
            },
        ),
        migrations.AddField(
            model_name='intake',
            name='urgency',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False, help_text='For staff alone: points of intake.urgency; kept to sort by.'),
        ),
        migrations.AddField(
            model_name='intake',
            name='urgency_due',
            field=models.DateField(blank=True, db_default=django.db.models.functions.datetime.TruncDate(django.db.models.functions.datetime.Now()), default=None, editable=False, help_text='The day on which the points may be others. Rows of an earlier release are due at once.', null=True),
        ),
        migrations.AddIndex(
            model_name='intake',
            index=models.Index(fields=['-urgency', '-created_at'], name='intake_by_urgency'),
        ),
        migrations.AddIndex(
            model_name='intake',
            index=models.Index(condition=models.Q(('urgency_due__isnull', False)), fields=['urgency_due'], name='intake_urgency_due'),
        ),
        migrations.AddConstraint(
            model_name='dutysettings',
            constraint=models.CheckConstraint(condition=models.Q(('one', 1)), name='intake_duty_settings_one'),
        ),
        migrations.AddField(
            model_name='limitationperiod',
            name='confirmed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='oncall',
            name='user',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='page',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='paging',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='intake_paging_due'),
        ),
        migrations.AddField(
            model_name='page',
            name='paging',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pages', to='intake.paging'),
        ),
        migrations.AddConstraint(
            model_name='limitationperiod',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at__isnull', True)), fields=('state', 'area', 'claim'), name='intake_limitation_row'),
        ),
        migrations.AddConstraint(
            model_name='limitationperiod',
            constraint=models.CheckConstraint(condition=models.Q(('example', False), ('confirmed_at__isnull', True), _connector='OR'), name='intake_limitation_no_example'),
        ),
        migrations.AddIndex(
            model_name='page',
            index=models.Index(condition=models.Q(('status', 'waiting')), fields=['try_at'], name='intake_page_waiting'),
        ),
        *(migrations.RunSQL(_create(table), _drop(table)) for table in TABLES),
    ]
