"""One settings package. Every setting that an environment may change is documented in `.env.example`."""

from legal_intake.settings.base import *  # noqa: F403
