"""Why a check stopped, the firm's rules of the gate, where an intake was begun, and declinations. Expands only."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

import tenants.ids

TABLE = "intake_declination"
CHANGES = "'status', 'attempts', 'next_at', 'sent_at', 'note_ct', 'noted_by_id'"
TRIGGERS = f"""
CREATE TRIGGER {TABLE}_keep BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {TABLE}_keep_all BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION intake_append_only({CHANGES});
"""
TRIGGERS_BEFORE = "".join(f"DROP TRIGGER {TABLE}_{name} ON {TABLE};" for name in ("keep", "keep_all", "append_only"))


class Migration(migrations.Migration):
    """Expand only."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("intake", "0011_assistant"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar[list[Operation]] = [
        migrations.AddField(
            "conflictcheck",
            "why",
            models.CharField(
                blank=True,
                choices=[
                    ("", "-"),
                    ("hold_everyone", "the firm looks at everyone first"),
                    ("own_people", "the other side is the firm, or works for it"),
                    ("common_name", "a common name, and nothing that tells it apart"),
                    ("probing", "names were tried again and again"),
                ],
                db_default="",
                default="",
                help_text="Why it stopped, where it was not the names alone.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            "conflictrules",
            "hold_everyone",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="Everybody waits for a person after the conflict check.",
            ),
        ),
        migrations.AddField(
            "conflictrules",
            "stop_common",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="A common name that matches also stops when the client does not know what tells it apart; "
                "otherwise it is a note, and staff are alerted.",
                verbose_name="stop common names",
            ),
        ),
        migrations.AddField(
            "conflictrules",
            "alert_hours",
            models.PositiveSmallIntegerField(
                db_default=24,
                default=24,
                help_text="A stop that nobody has decided about for so long raises an alert.",
                verbose_name="hours until staff are alerted",
            ),
        ),
        migrations.AddField("intake", "device_hash", models.BinaryField(blank=True, max_length=32, null=True)),
        migrations.AddField("intake", "address_hash", models.BinaryField(blank=True, max_length=32, null=True)),
        migrations.CreateModel(
            name="Declination",
            fields=[
                ("id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("wording", models.CharField(help_text="Version of the words.", max_length=40)),
                ("locale", models.CharField(max_length=16)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting to be sent"),
                            ("sent", "Sent"),
                            ("failed", "could not be sent"),
                            ("no_channel", "no safe way to send it"),
                            ("otherwise", "told another way"),
                        ],
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "next_at",
                    models.DateTimeField(blank=True, help_text="When it is tried again, if it has to be.", null=True),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("note_ct", models.BinaryField(blank=True, default=bytes)),
                (
                    "intake",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="declination", to="intake.intake"
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["intake"],
                "indexes": [models.Index(fields=["status", "at"], name="intake_declination_open")],
            },
        ),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BEFORE),
    ]
