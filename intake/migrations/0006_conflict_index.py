"""The conflict index: entries found by keyed hashes, a firm's own thresholds, and what a check found. Expands only."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
import tenants.ids
from django.db import migrations, models

# A key rotation re-encrypts what a check found, also after the decision.
TRIGGERS = """
DROP TRIGGER intake_conflictcheck_undecided ON intake_conflictcheck;
DROP TRIGGER intake_conflictcheck_decided ON intake_conflictcheck;
CREATE TRIGGER intake_conflictcheck_undecided BEFORE UPDATE ON intake_conflictcheck FOR EACH ROW
    WHEN (OLD.decision = '')
    EXECUTE FUNCTION intake_append_only('decision', 'reason_ct', 'decided_by_id', 'decided_at', 'findings_ct');
CREATE TRIGGER intake_conflictcheck_decided BEFORE UPDATE ON intake_conflictcheck FOR EACH ROW
    WHEN (OLD.decision <> '') EXECUTE FUNCTION intake_append_only('reason_ct', 'findings_ct');
"""
TRIGGERS_BEFORE = """
DROP TRIGGER intake_conflictcheck_undecided ON intake_conflictcheck;
DROP TRIGGER intake_conflictcheck_decided ON intake_conflictcheck;
CREATE TRIGGER intake_conflictcheck_undecided BEFORE UPDATE ON intake_conflictcheck FOR EACH ROW
    WHEN (OLD.decision = '') EXECUTE FUNCTION intake_append_only('decision', 'reason_ct', 'decided_by_id', 'decided_at');
CREATE TRIGGER intake_conflictcheck_decided BEFORE UPDATE ON intake_conflictcheck FOR EACH ROW
    WHEN (OLD.decision <> '') EXECUTE FUNCTION intake_append_only('reason_ct');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0005_interview'),
    ]

    operations = [
        migrations.AddField(
            model_name='conflictcheck',
            name='findings_ct',
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='conflictcheck',
            name='matches',
            field=models.JSONField(default=list, help_text='Ids of the parties that matched, or of imported entries.'),
        ),
        migrations.CreateModel(
            name='ConflictRules',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('thresholds', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name_plural': 'conflict rules',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='intake_conflict_rules_one')],
            },
        ),
        migrations.CreateModel(
            name='ConflictEntry',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('client', 'Client'), ('former_client', 'former client'), ('prospect', 'Prospect'), ('adverse', 'Adverse'), ('related', 'Related'), ('institution', 'Institution')], max_length=14)),
                ('record_ct', models.BinaryField()),
                ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), editable=False, size=None)),
                ('rules', models.PositiveSmallIntegerField(editable=False)),
                ('imported_as', models.BinaryField(help_text='Keyed hash of the imported row.', max_length=32, null=True, unique=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('party', models.OneToOneField(blank=True, help_text='The party of an intake; empty for an imported one.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='conflict_entry', to='intake.party')),
            ],
            options={
                'verbose_name_plural': 'conflict entries',
                'ordering': ['id'],
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['keys'], name='intake_conflict_keys')],
            },
        ),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BEFORE),
    ]
