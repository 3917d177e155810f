"""What a model may say that a turn answers: which questions, and what is taken of it.

Each fact stands on words that are there letter by letter, fits its question's type, and is no more than a reader of
ours makes of those words where there is one. It never is a name, an answer that the client gave, or a reason to stop.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from intake.interview.guided import frame
from intake.interview.guided.filling import context_of
from intake.interview.guided.reading import UNDERSTOOD, read
from intake.interview.stages import BEFORE_GATE
from intake.playbooks.evaluating import holds, red_flags

if TYPE_CHECKING:
    from intake.interview.events import Event, Proposal, Proposed
    from intake.interview.guided.step import Step
    from intake.interview.guided.talk import Talk
    from intake.playbooks.model import Playbook, Question

#: Types whose value our own reader has to find in the quote. The others (yes or no, a choice) are what it means.
_READ: Final = frozenset({"phone", "email", "date", "date_interval", "money", "count", "state", "address"})
#: Longer quotes say anything.
MOST_QUOTED: Final = 300


def questions_open(playbook: Playbook, talk: Talk) -> tuple[Question, ...]:
    """The questions that a model may propose an answer to: about the matter, not yet answered, not the open one, and
    nobody's name. Who the client is and how to reach them safely is never a model's to say."""
    return tuple(
        question
        for question in playbook.questions
        if question.party is None
        and question.key not in talk.known
        and question.key != talk.asking
        and question.key not in frame.frame()
        and not question.before_gate
        and talk.stage not in BEFORE_GATE
        and (question.ask_if is None or holds(question.ask_if, talk.answers) is not False)
    )


def take(step: Step, event: Proposed) -> None:
    """Keep what holds of a model's facts, as `inferred`; the rest is as if it had not been said."""
    for fact in event.facts:
        question = next((one for one in questions_open(step.playbook, step.talk) if one.key == fact.key), None)
        if question is None or not is_verbatim(fact, event.text):
            continue
        value = value_of(step.playbook, question, fact, event)
        if value is None or _stops(step, question, value):
            continue
        end = fact.start + len(fact.quote)
        step.learn(question, value, "inferred", event.turn, (fact.start, end), asked=False)


def is_verbatim(fact: Proposal, text: str) -> bool:
    """Whether the quote stands in `text` where it is said to stand."""
    end = fact.start + len(fact.quote)
    return bool(fact.quote.strip()) and fact.start >= 0 and end <= UNDERSTOOD and text[fact.start : end] == fact.quote


def value_of(playbook: Playbook, question: Question, fact: Proposal, event: Event) -> Any:
    """The value as the playbook counts it; None: not of the question's type, or not in the quote."""
    if len(fact.quote) > MOST_QUOTED:
        return None
    if question.type == "yes_no":
        return fact.value if fact.value in ("yes", "no") else None
    if question.type == "choice":
        return fact.value if fact.value in [choice.code for choice in question.choices] else None
    if question.type == "text":
        return fact.quote.strip()
    if question.type not in _READ:
        return None
    answer = read(fact.quote, question, event, context=context_of(playbook, question))
    found = answer.value if answer.fact is not None else None
    return found if found is not None and _same(question.type, found, fact.value) else None


def _same(kind: str, ours: Any, theirs: Any) -> bool:
    """Whether the model says what we read. Of a place and of parts of an address ours is the one that is kept."""
    if kind in {"address", "state"}:
        return True
    if kind == "date_interval":
        return _interval(theirs) == _interval(ours)
    if isinstance(ours, tuple | list):
        return isinstance(theirs, tuple | list) and [*map(_number, theirs)] == [*map(_number, ours)]
    if kind in {"money", "count"}:
        return _number(theirs) is not None and _number(theirs) == _number(ours)
    return isinstance(theirs, str) and theirs.strip().casefold() == str(ours).casefold()


def _interval(value: Any) -> tuple[date, date] | None:
    first, _, last = str(value).partition("/")
    try:
        return date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        return None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _stops(step: Step, question: Question, value: Any) -> bool:
    """Whether this answer would hold the client back for a person. A model's word is too little for that."""

    def flags(answers: dict[str, Any]) -> set[str]:
        return {flag.key for flag in red_flags(step.playbook, answers) if flag.level == "person"}

    answers = step.talk.answers
    return not flags({**answers, question.key: value}) <= flags(answers)
