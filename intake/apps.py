"""App configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from intake.models import Party


class IntakeConfig(AppConfig):
    """The conversation. Knows nothing of voice."""

    name = "intake"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what this app holds for a firm, and how it is checked; keep the conflict index in step."""
        from django.db.models.signals import post_save

        from intake.holders import register

        register()
        post_save.connect(_index_party, sender="intake.Party", dispatch_uid="intake.conflicts")


def _index_party(instance: Party, *, created: bool, raw: bool, **_given: object) -> None:
    """Whoever is named in an intake is found by the next one."""
    from intake.conflicts.entries import index_party

    if created and not raw:
        index_party(instance)
