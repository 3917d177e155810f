"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """The conversation. Knows nothing of voice."""

    name = "intake"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what this app holds for a firm, and how it is checked."""
        from intake import agreed
        from intake.assistant.firm import firm_model
        from intake.holders import register

        register()
        agreed.register_model(lambda: firm_model() is not None)
