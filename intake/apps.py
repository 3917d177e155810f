"""App configuration."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """The conversation. Knows nothing of voice."""

    name = "intake"
    default_auto_field = "django.db.models.BigAutoField"
