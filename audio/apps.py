"""App configuration."""

from django.apps import AppConfig


class AudioConfig(AppConfig):
    """The voice: live socket, journal, recognition, recordings."""

    name = "audio"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put the player on every intake's page; say what this app holds for a firm."""
        from audio.erasing import register
        from audio.holders import register_holders
        from audio.playback import register_player

        register()
        register_player()
        register_holders()
