"""A playbook as conversations are held under it: without the questions that are switched off."""

from __future__ import annotations

from dataclasses import replace

from intake.playbooks.model import AllOf, AnyOf, Condition, FollowUp, Not, Playbook, Question, Test


def in_use(playbook: Playbook) -> Playbook:
    """The same playbook without what is not asked. A rule that looks at such a question never applies."""
    gone = never_asked(playbook)
    if not gone:
        return playbook
    kept = tuple(_without(question, gone) for question in playbook.questions if question.key not in gone)
    return replace(playbook, questions=kept)


def never_asked(playbook: Playbook) -> frozenset[str]:
    """Keys of the questions that are switched off, and of those that only follow from them.

    A follow-up whose every caller is gone must go too: without a caller it would be asked of everybody.
    """
    callers: dict[str, set[str]] = {}
    for question in playbook.questions:
        for follow_up in question.follow_ups:
            for key in follow_up.ask:
                callers.setdefault(key, set()).add(question.key)
    gone = {question.key for question in playbook.questions if question.switched_off}
    while more := {key for key, by in callers.items() if key not in gone and by <= gone}:
        gone |= more
    return frozenset(gone)


def tested(condition: Condition) -> frozenset[str]:
    """Keys of the questions whose answers a condition looks at."""
    match condition:
        case Test(question):
            return frozenset({question})
        case Not(part):
            return tested(part)
        case AllOf(parts) | AnyOf(parts):
            return frozenset().union(*map(tested, parts))


def _without(question: Question, gone: frozenset[str]) -> Question:
    calls = tuple(
        FollowUp(follow_up.test, kept)
        for follow_up in question.follow_ups
        if (kept := tuple(key for key in follow_up.ask if key not in gone))
    )
    return question if calls == question.follow_ups else replace(question, follow_ups=calls)
