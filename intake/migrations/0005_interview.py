"""What the guided interview keeps: its sealed state, its events, alerts for staff, and facts with a type."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

import tenants.ids

STAGES = (
    "notice", "consent", "name", "other_side", "topic", "basics", "conflict_gate", "conflict_hold", "story",
    "questions", "review", "sent", "safety_pause", "stopped", "person_decides", "declined", "resumed",
)  # fmt: skip
#: Table -> the columns that may change.
TABLES = {
    "intake_interviewevent": "'data_ct'",
    "intake_safetyalert": "'acknowledged_by_id', 'acknowledged_at'",
}


def _create(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_keep BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {table}_keep_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION intake_append_only({TABLES[table]});
"""


def _drop(table: str) -> str:
    return "".join(f"DROP TRIGGER {table}_{name} ON {table};" for name in ("keep", "keep_all", "append_only"))


class Migration(migrations.Migration):
    """Expand only."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("intake", "0003_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar[list[Operation]] = [
        migrations.AddField("intake", "mind_ct", models.BinaryField(blank=True, editable=False, null=True)),
        migrations.AddField(
            "intake",
            "zone",
            models.CharField(
                db_default="UTC",
                default="UTC",
                help_text="The client's time zone, such as America/New_York.",
                max_length=40,
            ),
        ),
        migrations.AddField(
            "intake", "last_event", models.PositiveIntegerField(db_default=0, default=0, editable=False)
        ),
        migrations.AlterField(
            "intake",
            "stage",
            models.CharField(choices=[(stage, stage) for stage in STAGES], default="notice", max_length=20),
        ),
        migrations.AddField(
            "fact",
            "kind",
            models.CharField(
                blank=True, db_default="", default="", help_text="Type of the value; empty: text.", max_length=20
            ),
        ),
        migrations.AddField(
            "fact",
            "written_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "fact",
            "turn",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="facts",
                to="intake.turn",
            ),
        ),
        migrations.AlterField(
            "party",
            "role",
            models.CharField(
                choices=[
                    ("client", "Client"),
                    ("other_side", "other side"),
                    ("related", "Related"),
                    ("institution", "Institution"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="InterviewEvent",
            fields=[
                ("id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("sequence", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("at", models.DateTimeField()),
                ("zone", models.CharField(max_length=40)),
                ("locale", models.CharField(max_length=16)),
                ("playbook", models.CharField(max_length=60)),
                ("data_ct", models.BinaryField()),
                (
                    "intake",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interview_events",
                        to="intake.intake",
                    ),
                ),
            ],
            options={"ordering": ["intake", "sequence"]},
        ),
        migrations.AddConstraint(
            "interviewevent", models.UniqueConstraint(fields=("intake", "sequence"), name="intake_event_sequence")
        ),
        migrations.CreateModel(
            name="SafetyAlert",
            fields=[
                ("id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "level",
                    models.CharField(
                        choices=[("danger_now", "danger now"), ("urgent", "Urgent"), ("attention", "Attention")],
                        max_length=12,
                    ),
                ),
                ("kinds", models.JSONField(default=list)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "intake",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="safety_alerts", to="intake.intake"
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="intake.turn",
                    ),
                ),
            ],
            options={"ordering": ["intake", "id"]},
        ),
        migrations.AddIndex(
            "safetyalert", models.Index(fields=["acknowledged_at", "at"], name="intake_alert_open")
        ),
        *(migrations.RunSQL(_create(table), _drop(table)) for table in TABLES),
    ]
