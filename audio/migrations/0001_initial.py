"""The voice's tables."""

import django.db.models.deletion
import django.utils.timezone
import tenants.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('intake', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='Utterance',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('start_sample', models.PositiveBigIntegerField(help_text='First sample that the recogniser was fed.')),
                ('end_sample', models.PositiveBigIntegerField(help_text='The sample after its last.')),
                ('audio_start_ms', models.PositiveBigIntegerField(help_text='Where speech begins.')),
                ('audio_end_ms', models.PositiveBigIntegerField(help_text='Where speech ends.')),
                ('status', models.CharField(choices=[('committed', 'Committed'), ('empty', 'Empty'), ('failed', 'Failed')], default='committed', max_length=10)),
                ('error', models.CharField(blank=True, default='', max_length=40)),
                ('text_ct', models.BinaryField(blank=True, default=bytes)),
                ('words_ct', models.BinaryField(blank=True, default=bytes)),
                ('start_state_ct', models.BinaryField(blank=True, default=bytes)),
                ('recogniser', models.CharField(help_text='Name and version of what recognised it.', max_length=60)),
                ('turn_number', models.PositiveIntegerField(blank=True, null=True)),
                ('epoch', models.PositiveBigIntegerField(help_text='The lease under which it was committed.')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['session', 'start_sample'],
            },
        ),
        migrations.CreateModel(
            name='Recording',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(help_text="Its name in the firm's storage.", max_length=200)),
                ('sample_pos', models.PositiveBigIntegerField(help_text="Its first sample on the session's audio clock.")),
                ('samples', models.PositiveBigIntegerField()),
                ('size', models.PositiveBigIntegerField(help_text='Bytes of the FLAC before encryption.')),
                ('sha256', models.BinaryField(help_text='Of the FLAC before encryption.', max_length=32)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('utterance', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='recording', to='audio.utterance')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='VoiceSession',
            fields=[
                ('id', models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('resume_hash', models.BinaryField(max_length=32)),
                ('epoch', models.PositiveBigIntegerField(default=0, help_text='The highest lease that has committed here.')),
                ('committed_sample', models.PositiveBigIntegerField(default=0, help_text='Everything before this sample is committed; a replay starts here.')),
                ('state_ct', models.BinaryField(blank=True, default=bytes)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('committed_at', models.DateTimeField(blank=True, null=True)),
                ('intake', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='voice_sessions', to='intake.intake')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.AddField(
            model_name='utterance',
            name='session',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='utterances', to='audio.voicesession'),
        ),
        migrations.AddConstraint(
            model_name='utterance',
            constraint=models.UniqueConstraint(fields=('session', 'start_sample'), name='audio_utterance_once'),
        ),
    ]
