"""The project as an app: its checks and commands."""

from __future__ import annotations

from django.apps import AppConfig


class LegalIntakeConfig(AppConfig):
    """No models; settings checks, the scheduler's command."""

    name = "legal_intake"

    def ready(self) -> None:
        """Register the checks of `check --deploy`."""
        from legal_intake import safety  # noqa: F401
