"""When the audio of one socket came in: what the age of a caption is reckoned from."""

from __future__ import annotations

from collections import deque
from typing import Final

#: Ten seconds of the usual frames. What is older than that is late, however late exactly.
MARKS: Final = 256


class Arrivals:
    """The newest frames of a socket with the time each came, both growing. `note` is O(1)."""

    __slots__ = ("_marks", "note")

    def __init__(self) -> None:
        self._marks: deque[tuple[int, int, float]] = deque(maxlen=MARKS)
        #: Takes `(first sample, sample after the last, time)`.
        self.note = self._marks.append

    def of(self, sample: int) -> float | None:
        """When what was said before `sample` had come in; None for audio of an earlier socket.

        For audio that is older than what is kept here, the time of the oldest frame that is: later than
        the truth, so an age reckoned from it is too short, but never short enough to look good.
        """
        found, first = None, 0
        for start, end, at in reversed(self._marks):
            if end < sample:
                return found
            found, first = at, start
        if sample <= first and len(self._marks) < MARKS:
            return None
        return found
