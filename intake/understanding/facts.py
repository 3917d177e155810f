"""What is asked and what was understood: the types every reader here shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

State = Literal["stated", "inferred", "unknown", "refused", "contradicted"]
Ask = Literal["human", "lawyer?", "advice", "cost", "repeat", "language", "back", "done", "help"]
TYPES: Final = (
    "name", "phone", "email", "date", "date_interval", "money", "count", "yes_no", "choice", "state", "address",
    "organisation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer a choice question offers. `label` is what the client sees and what a fact's value is."""

    code: str
    label: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. `type` is one of TYPES; `key` names the fact where it is not the type."""

    type: str
    text: str = ""
    choices: tuple[Choice, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing understood. `text[start:end]` are the words it came from; `value` is None when unknown or refused."""

    key: str
    value: Any
    state: State
    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one turn holds. `unusable`: a question was asked, and no fact answers it, not even "I do not know"."""

    facts: tuple[Fact, ...] = ()
    unusable: bool = False
    is_correction: bool = False
    asks: frozenset[Ask] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a part of the text, before it is known what it answers."""

    value: Any
    start: int
    end: int
    why: str
    state: State = "stated"

    def as_fact(self, key: str) -> Fact:
        return Fact(key, self.value, self.state, self.start, self.end, self.why)
