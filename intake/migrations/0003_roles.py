"""The groups that are a firm's roles (intake/roles.py)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

ROLES = ("administrator", "attorney", "intake", "read-only")


def make_roles(apps: Any, schema_editor: Any) -> None:
    """Names only: what a role may do is code."""
    del schema_editor
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    """Seed rows."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("intake", "0002_append_only"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations: ClassVar[list[Operation]] = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
