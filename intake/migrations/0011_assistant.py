"""The firm's language model: its settings, and what it did beside which turn. Expands only."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

import tenants.ids

TABLE = "intake_modeluse"
TRIGGERS = f"""
CREATE TRIGGER {TABLE}_keep BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {TABLE}_keep_all BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION intake_append_only('-');
"""
NO_TRIGGERS = "".join(f"DROP TRIGGER {TABLE}_{name} ON {TABLE};" for name in ("keep", "keep_all", "append_only"))


def _id() -> tuple[str, models.UUIDField]:
    return (
        "id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)
    )


class Migration(migrations.Migration):
    """Expand only."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("intake", "0010_contact")]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="AssistantSettings",
            fields=[
                _id(),
                ("only", models.PositiveSmallIntegerField(default=1, editable=False, unique=True)),
                ("enabled", models.BooleanField(default=False)),
                ("base_url", models.CharField(blank=True, default="", max_length=300)),
                (
                    "weights",
                    models.JSONField(default=list, help_text="[name, weight] of each model; the first one phrases."),
                ),
                ("key_ct", models.BinaryField(blank=True, default=bytes)),
                ("timeout_ms", models.PositiveIntegerField(default=3_000)),
                ("no_train_note", models.CharField(blank=True, default="", max_length=500)),
                ("phrases", models.BooleanField(default=True)),
                ("proposes", models.BooleanField(default=True)),
                ("votes", models.BooleanField(default=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={"verbose_name": "language model", "verbose_name_plural": "language model"},
        ),
        migrations.AddConstraint(
            "assistantsettings",
            models.CheckConstraint(condition=models.Q(only=1), name="intake_assistant_one"),
        ),
        migrations.CreateModel(
            name="ModelUse",
            fields=[
                _id(),
                (
                    "task",
                    models.CharField(
                        choices=[
                            ("phrase", "worded the reply"),
                            ("facts", "proposed facts"),
                            ("areas", "voted on the area"),
                        ],
                        max_length=10,
                    ),
                ),
                ("model", models.CharField(max_length=100)),
                (
                    "prompt",
                    models.CharField(help_text="Name and version of the prompt, such as phrase@1.", max_length=20),
                ),
                (
                    "keys",
                    models.JSONField(default=list, help_text="Wordings, questions or areas that it was about."),
                ),
                ("first_ms", models.PositiveIntegerField(help_text="Until its first words came.")),
                ("total_ms", models.PositiveIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "intake",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="model_uses", to="intake.intake"
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="model_uses", to="intake.turn"
                    ),
                ),
            ],
            options={"ordering": ["intake", "id"]},
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
