"""What a model is told: a prompt, which is a file with a version, and one JSON object of data. Pure.

A client's words stand in that object alone, as a JSON string, so that nothing in them can end it or begin a message.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from intake.classify import areas, top_codes
from intake.interview.guided.saying import local
from intake.interview.wordings import DEFAULT_LOCALE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from intake.interview.events import Saying
    from intake.playbooks.model import Question

Task = Literal["phrase", "facts", "areas"]
_FOLDER: Final = Path(__file__).with_name("prompts")
#: Characters of a turn that a model is shown for its tone, and to read facts in.
HEARD: Final = 1_000
READ: Final = 6_000
_MOST_QUESTIONS: Final = 40
Messages = tuple["Mapping[str, str]", ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt: `name` and version are in its file's name."""

    name: str
    version: int
    text: str

    @property
    def id(self) -> str:
        """As a turn's record names it."""
        return f"{self.name}@{self.version}"


@cache
def prompt(name: Task) -> Prompt:
    """The newest version of a prompt. LookupError: there is none."""
    versions = {int(path.suffixes[0][1:]): path for path in _FOLDER.glob(f"{name}.*.md")}
    if not versions:
        raise LookupError(name)
    newest = max(versions)
    return Prompt(name, newest, versions[newest].read_text("utf-8").strip())


def to_phrase(asked: Saying, *, locale: str, question: str, heard: str) -> Messages:
    """Other words for one of ours. `heard`: the client's last words."""
    language = {"es": "Spanish"}.get(locale, "English")
    return _messages(
        "phrase", {"line": asked.text, "language": language, "question": question, "they_said": heard[:HEARD]}
    )


def to_read(questions: Sequence[Question], *, text: str, today: date) -> Messages:
    """Which of these questions a turn answers."""
    return _messages(
        "facts",
        {
            "questions": [_asked(question) for question in questions[:_MOST_QUESTIONS]],
            "today": today.isoformat(),
            "text": text[:READ],
        },
    )


def to_sort(text: str) -> Messages:
    """Which areas a line is about."""
    listed = [{"code": code, "what": areas()[code].description} for code in top_codes()]
    return _messages("areas", {"areas": listed, "text": text[:HEARD]})


def _asked(question: Question) -> dict[str, Any]:
    choices = [{"code": choice.code, "label": local(choice.labels, DEFAULT_LOCALE)} for choice in question.choices]
    return {
        "key": question.key, "type": question.type, "question": local(question.wording, DEFAULT_LOCALE),
        **({"choices": choices} if choices else {}),
    }  # fmt: skip


def _messages(name: Task, data: Mapping[str, Any]) -> Messages:
    return (
        {"role": "system", "content": prompt(name).text},
        {"role": "user", "content": json.dumps(data, ensure_ascii=False)},
    )
