"""A firm's own playbooks. Expands only: code of the release before does not know the table."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

import tenants.ids

TABLE = "intake_playbookversion"
# Drafts are written and thrown away; what was published stays, and goes on only to be retired.
TRIGGERS = f"""
CREATE TRIGGER {TABLE}_keep BEFORE DELETE ON {TABLE} FOR EACH ROW
    WHEN (OLD.status <> 'draft') EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {TABLE}_keep_all BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {TABLE}_one_way BEFORE UPDATE ON {TABLE} FOR EACH ROW
    WHEN (OLD.status <> 'draft' AND NEW.status NOT IN (OLD.status, 'retired'))
    EXECUTE FUNCTION intake_refuse_change();
CREATE TRIGGER {TABLE}_published BEFORE UPDATE ON {TABLE} FOR EACH ROW
    WHEN (OLD.status = 'published') EXECUTE FUNCTION intake_append_only('status', 'retired_at');
CREATE TRIGGER {TABLE}_retired BEFORE UPDATE ON {TABLE} FOR EACH ROW
    WHEN (OLD.status = 'retired') EXECUTE FUNCTION intake_append_only('-');
"""
DROP = "".join(
    f"DROP TRIGGER {TABLE}_{name} ON {TABLE};" for name in ("keep", "keep_all", "one_way", "published", "retired")
)


def _user(**more: object) -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
        **more,
    )


class Migration(migrations.Migration):
    """One table."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("intake", "0006_conflict_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="PlaybookVersion",
            fields=[
                ("id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=50)),
                ("version", models.PositiveIntegerField()),
                ("source", models.TextField(blank=True, help_text="The playbook as YAML.")),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("published", "Published"), ("retired", "Retired")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("switched_off", models.BooleanField(default=False)),
                (
                    "note",
                    models.CharField(
                        blank=True, help_text="What is new, in the words of who wrote it.", max_length=200
                    ),
                ),
                (
                    "based_on",
                    models.CharField(
                        blank=True, help_text="Key and version that it began as a copy of.", max_length=60
                    ),
                ),
                ("restores", models.PositiveIntegerField(blank=True, null=True)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("made_by", _user(help_text="Who began it; nobody: an operator.")),
                ("changed_by", _user()),
                ("published_by", _user()),
            ],
            options={
                "verbose_name": "playbook",
                "ordering": ["key", "-version"],
                "constraints": [
                    models.UniqueConstraint(fields=("key", "version"), name="intake_playbook_version"),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "published")),
                        fields=("key",),
                        name="intake_playbook_one_published",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "draft")), fields=("key",), name="intake_playbook_one_draft"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1001)), name="intake_playbook_own_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at__isnull", True), ("status", "draft")),
                            models.Q(
                                models.Q(("status", "draft"), _negated=True), ("published_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="intake_playbook_when_published",
                    ),
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, DROP),
    ]
