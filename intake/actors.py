"""Jobs of the conversation: workers import this, so that they know them."""

from __future__ import annotations

from intake.contact import actors as contact_actors

__all__ = ["contact_actors"]
