"""Understanding what a person says: typed facts with their places, in English and Spanish, typed or recognised.

Pure: no clock, no network, no database; the same words give the same facts.
"""

from intake.understanding.facts import TYPES, Ask, Choice, Fact, Question, Reading, State
from intake.understanding.reading import understand

__all__ = ["TYPES", "Ask", "Choice", "Fact", "Question", "Reading", "State", "understand"]
