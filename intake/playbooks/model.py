"""What a playbook is, once it has been read and found good. Frozen values; nothing here can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

QuestionType = Literal[
    "name", "phone", "email", "date", "date_interval", "money", "count",
    "yes_no", "choice", "state", "address", "organisation", "text",
]  # fmt: skip
TYPES: Final[tuple[QuestionType, ...]] = get_args(QuestionType)
Need = Literal["required", "strengthens"]
#: Whose name an answer is, as the conflict index keeps it.
Party = Literal["client", "adverse", "related", "institution"]
#: `person`: take no story, a person at the firm decides. `urgent`: alert staff. `attention`: show it.
Level = Literal["person", "urgent", "attention"]
Operator = Literal["is", "in", "at_least", "at_most", "known"]
#: Words by language code.
Texts = Mapping[str, str]

FORMAT: Final = "intake.playbook.v1"
SHARED_FORMAT: Final = "intake.playbook-sections.v1"


@dataclass(frozen=True, slots=True)
class Test:
    """One test on one earlier answer. `value` is a word, a number, a tuple of them (`in`) or a boolean (`known`)."""

    __test__ = False  # pytest takes every class of this name for its own

    question: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = Test | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer. `synonyms`: other words people use for it, by language."""

    code: str
    labels: Texts
    synonyms: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """When `test` holds for this question's own answer, the questions `ask` come right after it."""

    test: Test
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """`before_gate`: may be asked before the conflict check is passed, so its answer tells no story.

    `switched_off`: it stands in the playbook and is not asked (see `using.in_use`)."""

    key: str
    section: str
    type: QuestionType
    need: Need
    wording: Texts
    help: Texts | None = None
    ask_if: Condition | None = None
    choices: tuple[Choice, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    before_gate: bool = False
    party: Party | None = None
    switched_off: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A heading under which staff and the client see answers together."""

    key: str
    titles: Texts


@dataclass(frozen=True, slots=True)
class Scoring:
    """Points for staff's order of work, with the reason that is shown beside them."""

    condition: Condition
    points: int
    reason: Texts


@dataclass(frozen=True, slots=True)
class RedFlag:
    """Something a person at the firm has to see."""

    key: str
    condition: Condition
    level: Level
    reason: Texts


@dataclass(frozen=True, slots=True)
class Document:
    """A paper to bring; always, or when `condition` holds."""

    key: str
    titles: Texts
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Questions that several playbooks share, with what follows from them."""

    key: str
    questions: tuple[Question, ...]
    scoring: tuple[Scoring, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Playbook:
    """A firm's interview on one subject. Included blocks are written out in it."""

    key: str
    version: int
    languages: tuple[str, ...]
    titles: Texts
    list_codes: tuple[str, ...]
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    scoring: tuple[Scoring, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    documents: tuple[Document, ...] = ()

    @property
    def name(self) -> str:
        """Key and version, as an intake stores it."""
        return f"{self.key}@{self.version}"

    def question(self, key: str) -> Question:
        """The question of this key. KeyError: none."""
        for question in self.questions:
            if question.key == key:
                return question
        raise KeyError(key)
