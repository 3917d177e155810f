"""Who phrases what the engine decided. The engine decides; an assistant only finds words.

`Guided` is the default and the fallback: the decision's own wordings, which are there at once. Another assistant may
put its own words in the place of those that `may_rephrase`; a question, a fixed text and a stop stay as they are,
and what it says passes the guard first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.interview.events import Saying

#: Wordings that only carry the tone: thanks, and what keeps a story going.
_TONE: Final = frozenset({"ack", "story_more", "story_hard", "story_done", "give_up", "corrected", "added"})


@dataclass(frozen=True, slots=True)
class Context:
    """What an assistant may know: the language, the stage, and whether the client agreed to AI processing."""

    locale: str
    stage: str
    may_process: bool = False


class Assistant(Protocol):
    """Finds words for what was decided. Never raises, never changes what is asked."""

    def phrase(self, said: Sequence[Saying], context: Context) -> Sequence[Saying]:
        """The same sayings, some of them in other words."""
        ...


class Guided:
    """The wordings as they are: no network, no key, no waiting."""

    def phrase(self, said: Sequence[Saying], context: Context) -> Sequence[Saying]:
        """As decided."""
        del context
        return said


def may_rephrase(saying: Saying) -> bool:
    """Whether other words may stand for these."""
    return saying.key.partition(".")[0] in _TONE


GUIDED: Final = Guided()
