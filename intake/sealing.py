"""What was told before the firm knew that it is free to listen: kept, shown to nobody, and purged on a "no"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.interview.guided import frame
from intake.interview.stages import Stage
from intake.interviews import guided_named, talk_of
from intake.language.tokens import words_of
from intake.models import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from intake.interview.guided.talk import Talk
    from intake.models import Intake
    from intake.playbooks.model import Playbook
    from intake.selectors import TurnView

#: A turn of more words than an answer to a first question needs may hold what was told too early.
_ANSWER_WORDS: Final = 15
#: First questions whose answers tell of the matter.
_TELLING: Final = frozenset({frame.TOPIC, frame.AREA, frame.STORY})


def sealed_turns(intake: Intake, turns: Iterable[TurnView | Turn]) -> frozenset[int]:
    """Of all turns of a conversation, in order: those that may tell what nobody may read before the firm is free to
    listen, and the answers to them, which may read it back."""
    talk = talk_of(intake)
    if talk is None or not _keeps_sealed(intake, talk):
        return frozenset()
    plain = _plain_keys(guided_named(intake.playbook))
    found: set[int] = set()
    after_sealed = False
    for turn in turns:
        if turn.role == Turn.Role.CLIENT:
            after_sealed = is_early(turn.question or "", turn.text or "", plain)
        if after_sealed:
            found.add(turn.number)
    return frozenset(found)


def sealed_in(intake: Intake) -> frozenset[int]:
    """`sealed_turns` of a row whose turns are not loaded."""
    talk = talk_of(intake)
    if talk is None or not _keeps_sealed(intake, talk):
        return frozenset()
    return sealed_turns(intake, Turn.objects.filter(intake=intake).order_by("number"))


def sealed_utterances(intake: Intake) -> frozenset[UUID]:
    """The utterances in which such turns were heard."""
    numbers = sealed_in(intake)
    heard = Turn.objects.filter(intake=intake, number__in=numbers, utterance_id__isnull=False) if numbers else ()
    return frozenset(turn.utterance_id for turn in heard if turn.utterance_id)


def keeps_sealed(intake: Intake) -> bool:
    """Whether the firm is not free to listen yet: what was heard and understood by nobody may be the story, too."""
    talk = talk_of(intake)
    return talk is not None and _keeps_sealed(intake, talk)


def is_early(question: str, text: str, plain: frozenset[str]) -> bool:
    """Whether these words, said before the gate, are more than an answer to one of the first questions in `plain`."""
    return question not in plain or len(words_of(text[:2_000])) > _ANSWER_WORDS


def _keeps_sealed(intake: Intake, talk: Talk) -> bool:
    if talk.gate_passed or intake.stage == Stage.SENT:
        return False
    # Let through once and stopped since for a reason that is no conflict: the firm was free to hear it.
    return not (intake.stage in {Stage.PERSON_DECIDES, Stage.DECLINED} and frame.STORY in talk.asked)


def _plain_keys(playbook: Playbook) -> frozenset[str]:
    """Questions before the gate whose short answers tell nothing of the matter."""
    own = {question.key for question in playbook.questions if question.before_gate}
    return frozenset((own | frame.frame().keys()) - _TELLING)
