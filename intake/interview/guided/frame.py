"""The questions that come before any playbook's own: who, against whom, about what."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from intake.interview.wordings import LOCALES, texts
from intake.playbooks.evaluating import questions_for
from intake.playbooks.model import Playbook, Question, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.playbooks.model import Party, QuestionType

NAME: Final = "name"
OTHER_SIDE: Final = "other_side"
TOPIC: Final = "topic"
AREA: Final = "area"
STORY: Final = "story"
#: The six digits that show that a client can be reached; no question of a playbook.
CONTACT_CODE: Final = "contact_code"
BIRTH_YEAR: Final = "birth_year"
OTHER_PLACE: Final = "other_place"
#: Question for a name -> the question whose answer tells people of that name apart.
DETAILS: Final = {NAME: BIRTH_YEAR, OTHER_SIDE: OTHER_PLACE}
#: Sections on how to reach the client.
_CONTACT: Final = frozenset({"contact", "contact_safety"})
#: Before the gate: who and where it is about goes first, then the client's standing, then how to reach them.
_RANKS: Final = {"standing": 1, "contact": 2, "contact_safety": 3}


@cache
def frame() -> Mapping[str, Question]:
    """The engine's own questions, by key."""

    def question(key: str, kind: QuestionType, party: Party | None = None) -> Question:
        wording = {locale: texts(f"ask.{key}", locale)[0] for locale in LOCALES}
        helped = {locale: texts(f"help.{key}", locale)[0] for locale in LOCALES}
        return Question(
            key,
            "people" if party or key in DETAILS.values() else "events",
            kind,
            "required",
            wording,
            helped,
            None,
            (),
            (),
            True,
            party,
        )

    return {
        NAME: question(NAME, "name", "client"),
        OTHER_SIDE: question(OTHER_SIDE, "name", "adverse"),
        TOPIC: question(TOPIC, "text"),
        AREA: question(AREA, "choice"),
        STORY: question(STORY, "text"),
        BIRTH_YEAR: question(BIRTH_YEAR, "text"),
        OTHER_PLACE: question(OTHER_PLACE, "text"),
    }


def question_of(playbook: Playbook, key: str) -> Question | None:
    """The question of this key: ours, or the playbook's."""
    found = frame().get(key)
    if found is not None:
        return found
    return next((one for one in playbook.questions if one.key == key), None)


def sections_of(playbook: Playbook) -> tuple[Section, ...]:
    """The playbook's sections, and those of our own questions where it has none of that name."""
    own = {section.key for section in playbook.sections}
    ours = tuple(
        Section(key, {locale: texts(f"section.{key}", locale)[0] for locale in LOCALES})
        for key in ("people", "events")
        if key not in own
    )
    return (*ours, *playbook.sections)


def first_questions(playbook: Playbook, answers: Mapping[str, Any]) -> tuple[Question, ...]:
    """What is asked before the conflict check: required questions that tell no story, every name, and the address of
    who said that e-mail is safe: by it they are told when the firm does not take them on."""
    early = [
        question
        for question in questions_for(playbook, answers)
        if question.before_gate
        and (
            question.need == "required"
            or question.party is not None
            or (question.type == "email" and answers.get("safe_to_email") == "yes")
        )
    ]
    return tuple(sorted(early, key=rank))


def rank(question: Question) -> int:
    """Where a first question stands among the others, by its section: lower goes first."""
    return _RANKS.get(question.section, 0)


def next_after_gate(playbook: Playbook, answers: Mapping[str, Any]) -> Question | None:
    """The first question without an answer: those about the matter, then what is left of the first questions."""
    left = [question for question in questions_for(playbook, answers) if question.key not in answers]
    return next(iter(sorted(left, key=lambda question: question.before_gate)), None)


def kept_on_refusal(playbook: Playbook) -> frozenset[str]:
    """Questions whose answers stay where the firm does not take somebody on: the names and what tells them apart, and
    how the person can be reached safely."""
    ours = {key for key, question in frame().items() if question.party is not None} | set(DETAILS.values())
    theirs = {
        question.key for question in playbook.questions if question.party is not None or question.section in _CONTACT
    }
    return frozenset(ours | theirs)
