"""Who is in danger: pure Python, no Django, no network, no clock."""

from intake.safety.loading import KINDS, Level
from intake.safety.watching import Alarm, not_yet_seen, watch

__all__ = ["KINDS", "Alarm", "Level", "not_yet_seen", "watch"]
