"""App configuration."""

from django.apps import AppConfig


class AudioConfig(AppConfig):
    """The voice: live socket, journal, recognition, recordings."""

    name = "audio"
    default_auto_field = "django.db.models.BigAutoField"
