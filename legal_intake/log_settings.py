"""The value of LOGGING, apart from `logs.py`: reading the settings must not cost structlog's import.

A deploy with nothing to migrate ends before Django starts; structlog alone would be a third of its time.
"""

from __future__ import annotations

from typing import Any


def configuration(level: str = "INFO") -> dict[str, Any]:
    """The value of Django's LOGGING: every logger to stderr as JSON."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "legal_intake.logs.formatter"}},
        "handlers": {"json": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["json"], "level": level},
        "loggers": {
            # Django attaches handlers of its own; let everything reach the root alone.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "django.db.backends": {"level": "WARNING"},  # would print statements with values
            "daphne": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
        },
    }
