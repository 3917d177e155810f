"""What to ask next, and what follows from the answers. Pure: no clock, no words of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from intake.playbooks.model import (
    AllOf,
    AnyOf,
    Condition,
    Document,
    Not,
    Playbook,
    Question,
    RedFlag,
    Scoring,
    Test,
)

Answers = Mapping[str, Any]
"""Question key -> value as it was understood: a word for yes_no (`yes`, `no`), choice (its code) and state;
a number or `[low, high]` for money and count. None: asked, and not known or not said. No key: not asked yet."""


@dataclass(frozen=True, slots=True)
class Score:
    """`total` of the `points`, each with its reason."""

    total: int
    points: tuple[Scoring, ...]


def holds(condition: Condition, answers: Answers) -> bool | None:
    """Whether `condition` holds; None while that depends on an answer which is not there yet.

    Not knowing is an answer: a test on a value does not hold for it, `known: false` does.
    A range passes `at_least` or `at_most` only when all of it does.
    """
    match condition:
        case Test():
            return _passes(condition, answers[condition.question]) if condition.question in answers else None
        case Not(part):
            inner = holds(part, answers)
            return None if inner is None else not inner
        case AllOf(parts):
            found = [holds(part, answers) for part in parts]
            return False if False in found else None if None in found else True
        case AnyOf(parts):
            found = [holds(part, answers) for part in parts]
            return True if True in found else None if None in found else False


def applies(condition: Condition | None, answers: Answers) -> bool:
    """Whether `condition` holds for sure. No condition always does."""
    return condition is None or holds(condition, answers) is True


def next_question(playbook: Playbook, answers: Answers, *, before_gate: bool = False) -> Question | None:
    """The first question that applies and has no answer; None: all is asked.

    `before_gate`: only of those that may be asked before the conflict check is passed.
    """
    for question in questions_for(playbook, answers):
        if question.key not in answers and (question.before_gate or not before_gate):
            return question
    return None


def questions_for(playbook: Playbook, answers: Answers) -> tuple[Question, ...]:
    """The questions that apply, in the order they are asked, answered ones too."""
    return tuple(_walk(playbook, answers, lambda condition: applies(condition, answers)))


def relevant(playbook: Playbook, answers: Answers) -> dict[str, Any]:
    """The answers that count: not those to a question which a later correction has ruled out.

    An answer that came before its turn counts as long as nothing said rules its question out.
    """
    possible = {q.key for q in _walk(playbook, answers, lambda c: c is None or holds(c, answers) is not False)}
    return {key: value for key, value in answers.items() if key in possible}


def score(playbook: Playbook, answers: Answers) -> Score:
    """The points that apply, in the playbook's order."""
    counted = relevant(playbook, answers)
    points = tuple(rule for rule in playbook.scoring if applies(rule.condition, counted))
    return Score(sum(rule.points for rule in points), points)


def red_flags(playbook: Playbook, answers: Answers) -> tuple[RedFlag, ...]:
    """The red flags that apply, in the playbook's order."""
    counted = relevant(playbook, answers)
    return tuple(flag for flag in playbook.red_flags if applies(flag.condition, counted))


def documents(playbook: Playbook, answers: Answers) -> tuple[Document, ...]:
    """The papers to bring, in the playbook's order."""
    counted = relevant(playbook, answers)
    return tuple(paper for paper in playbook.documents if applies(paper.condition, counted))


def _walk(playbook: Playbook, answers: Answers, may: Callable[[Condition | None], bool]) -> Iterator[Question]:
    """Questions in order, each follow-up right after the answer that calls for it, none twice."""
    by_key = {question.key: question for question in playbook.questions}
    called = {key for question in playbook.questions for follow_up in question.follow_ups for key in follow_up.ask}
    seen: set[str] = set()
    waiting = [question for question in reversed(playbook.questions) if question.key not in called]
    while waiting:
        question = waiting.pop()
        if question.key in seen or not may(question.ask_if):
            continue
        seen.add(question.key)
        yield question
        calls = [key for follow_up in question.follow_ups if may(follow_up.test) for key in follow_up.ask]
        waiting.extend(by_key[key] for key in reversed(calls))


def _passes(test: Test, value: Any) -> bool:
    if test.operator == "known":
        return (value is not None) is test.value
    if test.operator == "is":
        return _equal(value, test.value)
    if test.operator == "in":
        return any(_equal(value, one) for one in test.value)
    span = _range(value)
    if span is None:
        return False
    return bool(span[0] >= test.value) if test.operator == "at_least" else bool(span[1] <= test.value)


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return isinstance(value, str) and value == wanted
    return _range(value) == (wanted, wanted)


def _range(value: Any) -> tuple[float, float] | None:
    ends = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    if len(ends) != 2 or any(isinstance(end, bool) or not isinstance(end, (int, float)) for end in ends):
        return None
    return ends[0], ends[1]
