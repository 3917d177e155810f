"""Consents by kind with their place, what is deleted when one is taken back, and legal holds. Expands only."""

import django.db.models.deletion
import django.utils.timezone
import tenants.ids
from django.conf import settings
from django.db import migrations, models

# A hold's reasons may be re-encrypted (a key rotation); its release is written once.
TRIGGERS = """
CREATE TRIGGER intake_legalhold_keep BEFORE DELETE ON intake_legalhold
    FOR EACH ROW EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER intake_legalhold_keep_all BEFORE TRUNCATE ON intake_legalhold
    FOR EACH STATEMENT EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER intake_legalhold_in_force BEFORE UPDATE ON intake_legalhold FOR EACH ROW
    WHEN (OLD.released_at IS NULL)
    EXECUTE FUNCTION intake_append_only('released_by_id', 'released_at', 'released_because_ct', 'reason_ct');
CREATE TRIGGER intake_legalhold_released BEFORE UPDATE ON intake_legalhold FOR EACH ROW
    WHEN (OLD.released_at IS NOT NULL) EXECUTE FUNCTION intake_append_only('released_because_ct', 'reason_ct');
CREATE TRIGGER intake_erasure_keep BEFORE DELETE ON intake_erasure
    FOR EACH ROW EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER intake_erasure_keep_all BEFORE TRUNCATE ON intake_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER intake_erasure_append_only BEFORE UPDATE ON intake_erasure FOR EACH ROW
    EXECUTE FUNCTION intake_append_only('state', 'next_at', 'attempts', 'count', 'error', 'done_at');
"""
DROP_TRIGGERS = """
DROP TRIGGER intake_erasure_append_only ON intake_erasure;
DROP TRIGGER intake_erasure_keep_all ON intake_erasure;
DROP TRIGGER intake_erasure_keep ON intake_erasure;
DROP TRIGGER intake_legalhold_released ON intake_legalhold;
DROP TRIGGER intake_legalhold_in_force ON intake_legalhold;
DROP TRIGGER intake_legalhold_keep_all ON intake_legalhold;
DROP TRIGGER intake_legalhold_keep ON intake_legalhold;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0008_playbooks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='consent',
            name='place',
            field=models.CharField(blank=True, db_default='', default='', help_text='Where on the page: start, microphone, talk, choices.', max_length=12),
        ),
        migrations.AlterField(
            model_name='consent',
            name='kind',
            field=models.CharField(choices=[('service', 'use this service'), ('transcription', 'turn speech into words'), ('keep_audio', 'keep the recording'), ('ai_processing', 'a language model may read the words'), ('sms', 'text messages')], max_length=20),
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('what', models.CharField(help_text='Name of the eraser: recordings, voice_journal.', max_length=20)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('held', 'kept: legal hold'), ('done', 'deleted'), ('failed', 'not deleted')], default='waiting', max_length=10)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('next_at', models.DateTimeField(default=django.utils.timezone.now, help_text='Not tried before this.')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('count', models.PositiveIntegerField(default=0, help_text='How many pieces were deleted.')),
                ('error', models.CharField(blank=True, default='', help_text='Kind of the last failure.', max_length=60)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('consent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='intake.consent')),
                ('intake', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='intake.intake')),
            ],
            options={
                'ordering': ['intake', 'id'],
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['next_at'], name='intake_erasure_due')],
            },
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('placed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('reason_ct', models.BinaryField(blank=True, default=bytes)),
                ('released_at', models.DateTimeField(blank=True, null=True)),
                ('released_because_ct', models.BinaryField(blank=True, default=bytes)),
                ('intake', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='legal_holds', to='intake.intake')),
                ('placed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('released_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['intake', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('released_at__isnull', True)), fields=('intake',), name='intake_one_legal_hold')],
            },
        ),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
