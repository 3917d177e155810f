"""App configuration."""

from django.apps import AppConfig


class AudioConfig(AppConfig):
    """The voice: live socket, journal, recognition, recordings."""

    name = "audio"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put the player on every intake's page; say what this app holds for a firm, deletes of it, and can hear."""
        from audio.emptying import register
        from audio.erasing import register_erasers
        from audio.holders import register_holders
        from audio.playback import register_player
        from audio.recognisers.choice import languages
        from intake.hearing import register_hearing

        register()
        register_player()
        register_holders()
        register_erasers()
        register_hearing(languages)
