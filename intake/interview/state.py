"""What the engine remembers of a conversation: keys and turn numbers, never a word of it.

That is why it may stand in plain JSON beside the sealed turns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from intake.interview.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class State:
    """`answers`: question key -> numbers of the turns that answer it, corrections in their place.

    `return_to`: the stage that the conflict gate or a hold leads back to. `replies`: how often a
    story turn was acknowledged, so that the same words are never used twice running.
    """

    stage: Stage = Stage.NOTICE
    answers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    consents: frozenset[str] = frozenset()
    gate_passed: bool = False
    return_to: Stage | None = None
    replies: int = 0

    def answered_by(self, number: int) -> str | None:
        """Key of the question that turn `number` answers."""
        return next((key for key, numbers in self.answers.items() if number in numbers), None)

    def as_json(self) -> dict[str, Any]:
        """The same state as JSON types, in a fixed order."""
        return {
            "stage": self.stage.value,
            "answers": {key: list(self.answers[key]) for key in sorted(self.answers)},
            "consents": sorted(self.consents),
            "gate_passed": self.gate_passed,
            "return_to": self.return_to.value if self.return_to else None,
            "replies": self.replies,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> State:
        """What `as_json` wrote; an empty mapping is the state before anything happened."""
        return_to = data.get("return_to")
        return cls(
            stage=Stage(data.get("stage", Stage.NOTICE)),
            answers={key: tuple(numbers) for key, numbers in data.get("answers", {}).items()},
            consents=frozenset(data.get("consents", ())),
            gate_passed=bool(data.get("gate_passed", False)),
            return_to=Stage(return_to) if return_to else None,
            replies=int(data.get("replies", 0)),
        )
