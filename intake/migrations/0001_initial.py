"""The conversation's tables."""

import django.db.models.deletion
import django.utils.timezone
import tenants.ids
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('chain', models.UUIDField(default=uuid.UUID('00000000-0000-0000-0000-000000000000'))),
                ('sequence', models.PositiveBigIntegerField()),
                ('at', models.DateTimeField()),
                ('actor', models.CharField(help_text='client, system, or staff:<id>.', max_length=80)),
                ('action', models.CharField(max_length=60)),
                ('target_type', models.CharField(max_length=40)),
                ('target_id', models.CharField(max_length=40)),
                ('data', models.JSONField(default=dict)),
                ('previous_hash', models.BinaryField(max_length=32)),
                ('hash', models.BinaryField(max_length=32)),
            ],
            options={
                'ordering': ['chain', 'sequence'],
                'constraints': [models.UniqueConstraint(fields=('chain', 'sequence'), name='intake_audit_sequence')],
            },
        ),
        migrations.CreateModel(
            name='Intake',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('secret_hash', models.BinaryField(max_length=32, unique=True)),
                ('reference', models.CharField(blank=True, editable=False, max_length=12, null=True, unique=True)),
                ('stage', models.CharField(choices=[('notice', 'notice'), ('consent', 'consent'), ('name', 'name'), ('other_side', 'other_side'), ('conflict_gate', 'conflict_gate'), ('conflict_hold', 'conflict_hold'), ('story', 'story'), ('questions', 'questions'), ('review', 'review'), ('sent', 'sent'), ('safety_pause', 'safety_pause'), ('stopped', 'stopped'), ('person_decides', 'person_decides'), ('declined', 'declined'), ('resumed', 'resumed')], default='notice', max_length=20)),
                ('playbook', models.CharField(help_text='Key and version of the playbook, such as first-form@1.', max_length=60)),
                ('state', models.JSONField(default=dict)),
                ('locale', models.CharField(default='en', max_length=16)),
                ('last_turn', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('sent_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['stage', '-created_at'], name='intake_stage_age')],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('service', 'Service'), ('keep_audio', 'keep the recording')], max_length=20)),
                ('granted', models.BooleanField()),
                ('wording_version', models.CharField(max_length=40)),
                ('locale', models.CharField(max_length=16)),
                ('channel', models.CharField(help_text='Where it was given: web.', max_length=10)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('intake', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='intake.intake')),
            ],
            options={
                'ordering': ['intake', 'id'],
            },
        ),
        migrations.CreateModel(
            name='ConflictCheck',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('result', models.CharField(choices=[('clear', 'Clear'), ('hit', 'Hit')], max_length=10)),
                ('matches', models.JSONField(default=list, help_text='Ids of the parties that matched.')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('decision', models.CharField(blank=True, choices=[('', '-'), ('cleared', 'Cleared'), ('confirmed', 'Confirmed')], default='', max_length=10)),
                ('reason_ct', models.BinaryField(blank=True, default=bytes)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('intake', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflict_checks', to='intake.intake')),
            ],
            options={
                'ordering': ['intake', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Turn',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('role', models.CharField(choices=[('client', 'Client'), ('assistant', 'Assistant'), ('staff', 'Staff'), ('notice', 'Notice')], max_length=10)),
                ('modality', models.CharField(blank=True, choices=[('', '-'), ('typed', 'Typed'), ('voice', 'Voice')], default='', max_length=10)),
                ('question', models.CharField(blank=True, help_text='Key of the question asked, or answered.', max_length=60)),
                ('text_ct', models.BinaryField()),
                ('client_ref', models.UUIDField(blank=True, help_text="The client's own id of this turn: sending twice makes one.", null=True)),
                ('utterance_id', models.UUIDField(blank=True, help_text='The utterance these words were heard in.', null=True)),
                ('audio_start_ms', models.PositiveBigIntegerField(blank=True, null=True)),
                ('audio_end_ms', models.PositiveBigIntegerField(blank=True, null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('intake', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='turns', to='intake.intake')),
                ('supersedes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='intake.turn')),
            ],
            options={
                'ordering': ['intake', 'number'],
            },
        ),
        migrations.CreateModel(
            name='Party',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('client', 'Client'), ('other_side', 'other side')], max_length=12)),
                ('name_ct', models.BinaryField()),
                ('name_hash', models.BinaryField(max_length=32)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('intake', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parties', to='intake.intake')),
                ('supersedes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='intake.party')),
                ('turn', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parties', to='intake.turn')),
            ],
            options={
                'verbose_name_plural': 'parties',
                'ordering': ['intake', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Fact',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=60)),
                ('state', models.CharField(choices=[('stated', 'Stated'), ('inferred', 'Inferred'), ('unknown', 'Unknown'), ('refused', 'Refused'), ('contradicted', 'Contradicted'), ('confirmed', 'Confirmed')], default='stated', max_length=12)),
                ('value_ct', models.BinaryField()),
                ('span_start', models.PositiveIntegerField(help_text="First character of the evidence in the turn's text.")),
                ('span_end', models.PositiveIntegerField(help_text='The character after its last.')),
                ('audio_start_ms', models.PositiveBigIntegerField(blank=True, null=True)),
                ('audio_end_ms', models.PositiveBigIntegerField(blank=True, null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('supersedes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='intake.fact')),
                ('intake', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='facts', to='intake.intake')),
                ('turn', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='facts', to='intake.turn')),
            ],
            options={
                'ordering': ['intake', 'id'],
            },
        ),
        migrations.AddConstraint(
            model_name='turn',
            constraint=models.UniqueConstraint(fields=('intake', 'number'), name='intake_turn_number'),
        ),
        migrations.AddConstraint(
            model_name='turn',
            constraint=models.UniqueConstraint(fields=('intake', 'client_ref'), name='intake_turn_client_ref'),
        ),
        migrations.AddIndex(
            model_name='party',
            index=models.Index(fields=['name_hash', 'role'], name='intake_party_match'),
        ),
    ]
