"""Which areas of law a person's words are about, by LIST codes; and the question that tells close ones apart."""

from intake.classify.areas import Area, areas, top_codes, top_of
from intake.classify.ensemble import Vote, combine
from intake.classify.questions import AuthoredQuestion, Choice, answered, questions, questions_between
from intake.classify.scoring import Areas, AreaScore, classify

__all__ = [
    "Area",
    "AreaScore",
    "Areas",
    "AuthoredQuestion",
    "Choice",
    "Vote",
    "answered",
    "areas",
    "classify",
    "combine",
    "questions",
    "questions_between",
    "top_codes",
    "top_of",
]
