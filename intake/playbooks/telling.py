"""Parts of a playbook in plain words, for somebody who never saw its text: when a question is asked, and where a
problem is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from intake.playbooks.model import AllOf, AnyOf, Condition, Not, Playbook, Question, Test

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.playbooks.comparing import Change

#: Question type -> what its answer is.
TYPE_WORDS: Final[Mapping[str, str]] = {
    "name": "a person's name", "phone": "a phone number", "email": "an e-mail address", "date": "a day",
    "date_interval": "a time, also a rough one", "money": "a sum of money", "count": "a number",
    "yes_no": "yes or no", "choice": "one of the answers given", "state": "a US state", "address": "an address",
    "organisation": "the name of a company or office", "text": "words of their own",
}  # fmt: skip
LANGUAGE_WORDS: Final[Mapping[str, str]] = {"en": "English", "es": "Spanish"}
_STEP: Final = re.compile(r"(\w+)\[(\d+)\]")
_PARTS: Final[Mapping[str, str]] = {
    "wording": "words", "help": "help", "need": "required or helpful", "labels": "words on the button",
    "titles": "name", "reason": "reason", "ask_if": "when it is asked", "list_codes": "areas", "type": "kind of answer",
    "follow_ups": "what follows", "choices": "answers to choose from", "if": "when it applies", "key": "short name",
    "section": "heading",
}  # fmt: skip


def when_asked(question: Question, playbook: Playbook) -> str:
    """When a question is asked, in English. Empty: always."""
    callers = [
        f"right after {_quoted(one.key, playbook)}, when {_held(follow_up.test, playbook, named=False)}"
        for one in playbook.questions
        for follow_up in one.follow_ups
        if question.key in follow_up.ask
    ]
    parts = ["; or ".join(callers)] if callers else []
    if question.ask_if is not None:
        parts.append(f"when {condition_words(question.ask_if, playbook)}")
    return ", and ".join(parts)


def condition_words(condition: Condition, playbook: Playbook) -> str:
    """A condition in English."""
    match condition:
        case Test():
            return _held(condition, playbook)
        case AllOf(parts):
            return " and ".join(_bracketed(part, playbook) for part in parts)
        case AnyOf(parts):
            return " or ".join(_bracketed(part, playbook) for part in parts)
        case Not(part):
            return f"it is not so that {_bracketed(part, playbook)}"


def place_words(path: str, playbook: Playbook | None) -> str:
    """`questions[3].wording.es` -> `Question "How much?": words (Spanish)`. The path itself where nothing is known."""
    found = _STEP.match(path)
    if found is None or playbook is None:
        return _rest_words(path) or "The whole text"
    name, index = found[1], int(found[2])
    rest = _rest_words(path[found.end() :].lstrip("."))
    lists: Mapping[str, tuple[object, ...]] = {
        "questions": playbook.questions, "documents": playbook.documents, "red_flags": playbook.red_flags,
        "scoring": playbook.scoring, "sections": playbook.sections,
    }  # fmt: skip
    parts = lists.get(name, ())
    if name not in lists:
        return _rest_words(path)
    if index >= len(parts):
        return path
    part = parts[index]
    texts = getattr(part, "wording", None) or getattr(part, "titles", None) or getattr(part, "reason", {})
    kind = {"questions": "Question", "documents": "Paper", "sections": "Heading"}.get(name, "Rule")
    head = f'{kind} "{next(iter(texts.values()), "")}"'
    return f"{head}: {rest}" if rest else head


def change_words(change: Change, old: Playbook, new: Playbook) -> tuple[str, str, str, str]:
    """A change for staff: what, where, before, after. Keys of questions are shown as their words."""
    questions = {one.key: shown(one) for one in (*old.questions, *new.questions)}
    first, _, rest = change.where.partition(" ")
    where = change.where if first not in questions else f'"{questions[first]}" {rest}'.strip()
    for code, name in LANGUAGE_WORDS.items():
        where = where.replace(f"({code})", f"({name})")
    values = [_plain(one, questions if change.kind == "moved" else {}) for one in (change.old, change.new)]
    if change.kind == "moved":
        values = [f"after {one}" if one else "first" for one in values]
    return f"{change.what.replace('_', ' ')} {change.kind}", where, values[0], values[1]


def _plain(value: object, questions: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, dict) and set(value) <= set(LANGUAGE_WORDS):
        return " / ".join(map(str, value.values()))
    if isinstance(value, str):
        return f'"{questions[value]}"' if value in questions else value
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)


def shown(question: Question) -> str:
    """A question as it is named to staff."""
    return question.wording.get("en") or next(iter(question.wording.values()), question.key)


def _rest_words(rest: str) -> str:
    steps = [step for step in re.split(r"[.\[\]]+", rest) if step and not step.isdigit()]
    words = [_PARTS.get(step, step) for step in steps if step not in LANGUAGE_WORDS]
    language = next((LANGUAGE_WORDS[step] for step in steps if step in LANGUAGE_WORDS), "")
    return f"{', '.join(words)} ({language})" if language else ", ".join(words)


def _bracketed(part: Condition, playbook: Playbook) -> str:
    words = condition_words(part, playbook)
    return f"({words})" if isinstance(part, (AllOf, AnyOf)) else words


def _quoted(key: str, playbook: Playbook) -> str:
    question = next((one for one in playbook.questions if one.key == key), None)
    return f'"{shown(question)}"' if question is not None else f'"{key}"'


def _held(test: Test, playbook: Playbook, *, named: bool = True) -> str:
    subject = f"the answer to {_quoted(test.question, playbook)}" if named else "the answer"
    match test.operator:
        case "known":
            return f"{subject} is {'known' if test.value else 'not known'}"
        case "at_least":
            return f"{subject} is {test.value} or more"
        case "at_most":
            return f"{subject} is {test.value} or less"
        case "in":
            return f"{subject} is {' or '.join(_value(one, test, playbook) for one in test.value)}"
        case "is":
            return f"{subject} is {_value(test.value, test, playbook)}"


def _value(value: object, test: Test, playbook: Playbook) -> str:
    question = next((one for one in playbook.questions if one.key == test.question), None)
    for choice in question.choices if question is not None else ():
        if choice.code == value:
            return f'"{choice.labels.get("en") or value}"'
    return str(value)
