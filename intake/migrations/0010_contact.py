"""Codes that are sent, ways back into a conversation, and how often either was tried. New tables only."""

from __future__ import annotations

from typing import ClassVar

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

import tenants.ids


class Migration(migrations.Migration):
    """Expand only."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("intake", "0009_consents"),
    ]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="ResumeLock",
            fields=[
                ("id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("key_hash", models.BinaryField(max_length=32, unique=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("locked_until", models.DateTimeField(blank=True, null=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="ContactCount",
            fields=[
                ("id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("key_hash", models.BinaryField(max_length=32)),
                ("begins_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("key_hash", "begins_at"), name="intake_contact_count_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactSettings",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                (
                    "verify",
                    models.CharField(
                        choices=[
                            ("when_possible", "when a code can be sent to a safe e-mail or phone"),
                            ("off", "never"),
                        ],
                        default="when_possible",
                        help_text="Before the conflict check. Who has no safe way, or gets no code, goes on and is marked unverified.",
                        max_length=14,
                        verbose_name="ask for a code",
                    ),
                ),
                (
                    "sender",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="What a message is signed with. Somebody else may read it: leave it empty for a neutral one.",
                        max_length=40,
                        verbose_name="sender's name",
                    ),
                ),
                (
                    "text_messages",
                    models.BooleanField(
                        default=False,
                        help_text="Only where this service is set up to send them.",
                        verbose_name="send text messages",
                    ),
                ),
                (
                    "resume_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="days to come back",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact settings",
                "verbose_name_plural": "contact settings",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="intake_contact_settings_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="ResumePass",
            fields=[
                ("id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("code_hash", models.BinaryField(max_length=32, unique=True)),
                ("token_hash", models.BinaryField(max_length=32, null=True, unique=True)),
                ("pin_hash", models.CharField(blank=True, default="", editable=False, max_length=160)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("expires_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "intake",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="resume_passes", to="intake.intake"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "resume passes",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ContactMessage",
            fields=[
                ("id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("verify", "confirm an address"),
                            ("resume", "come back"),
                            ("link", "link to come back"),
                        ],
                        max_length=8,
                    ),
                ),
                ("way", models.CharField(choices=[("email", "e-mail"), ("phone", "text message")], max_length=8)),
                ("address_ct", models.BinaryField(blank=True, default=bytes)),
                ("address_hash", models.BinaryField(max_length=32)),
                ("secret_ct", models.BinaryField(blank=True, default=bytes)),
                ("code_hash", models.BinaryField(blank=True, default=bytes, max_length=32)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Failed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, default="", max_length=40)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("expires_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "intake",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="contact_messages", to="intake.intake"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["intake", "purpose", "-at"], name="intake_contact_newest")],
            },
        ),
    ]
