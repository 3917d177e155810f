"""Who is in danger, and what to say then: pure Python, no Django, no network, no clock."""

from intake.safety.helping import Hotline, countries, hotlines, words_for
from intake.safety.loading import KINDS, Level
from intake.safety.watching import Alarm, not_yet_seen, watch

__all__ = ["KINDS", "Alarm", "Hotline", "Level", "countries", "hotlines", "not_yet_seen", "watch", "words_for"]
