"""What an interview asks. Here one playbook is built in: name, other side, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from intake.interview.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

QuestionKind = Literal["name", "name_other", "story"]
PartyRole = Literal["client", "other_side"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `party` says whose name the answer is, when it is one."""

    key: str
    kind: QuestionKind
    stage: Stage
    party: PartyRole | None = None
    may_be_unknown: bool = False

    @property
    def wording(self) -> str:
        """Key of its text in the wordings."""
        return f"ask_{self.key}"


@dataclass(frozen=True, slots=True)
class Playbook:
    """Questions in the order they are asked."""

    key: str
    version: int
    questions: tuple[Question, ...]

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

    def at_stage(self, stage: Stage) -> Question | None:
        """The question that `stage` asks; None for a stage that asks nothing."""
        return next((question for question in self.questions if question.stage is stage), None)


FIRST_FORM: Final = Playbook(
    key="first-form",
    version=1,
    questions=(
        Question("name", "name", Stage.NAME, party="client"),
        Question("other_side", "name_other", Stage.OTHER_SIDE, party="other_side", may_be_unknown=True),
        Question("story", "story", Stage.STORY),
    ),
)
PLAYBOOKS: Final[Mapping[str, Playbook]] = {FIRST_FORM.name: FIRST_FORM}
