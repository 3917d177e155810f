"""When a server fails, the firm's turns do not wait for it again and again. Pure but for the lock: time is given."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final, Literal

State = Literal["closed", "open", "half_open"]
#: Seconds that it stays open after the first failure; doubled by each that follows a try.
FIRST_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 300.0
#: So many answers in a row that could not be used are a failure: the server works, the model does not.
MOST_UNUSABLE: Final = 5


@dataclass
class Breaker:
    """Closed: ask. Open: do not. Half open: its time is over, and the next question is a try, one alone."""

    opened_until: float = 0.0
    failures: int = 0
    unusable: int = 0
    trying: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def state(self, now: float) -> State:
        """Where it stands."""
        if not self.failures:
            return "closed"
        return "open" if now < self.opened_until else "half_open"

    def may_ask(self, now: float) -> bool:
        """Whether to ask now. True of a half-open one is a try: say how it went."""
        with self._lock:
            state = self.state(now)
            if state == "closed":
                return True
            if state == "open" or self.trying:
                return False
            self.trying = True
            return True

    def went_well(self) -> None:
        """A usable answer."""
        with self._lock:
            self.failures, self.unusable, self.trying, self.opened_until = 0, 0, False, 0.0

    def was_unusable(self, now: float) -> None:
        """An answer came in time, and may not be said."""
        with self._lock:
            self.unusable += 1
            if self.unusable < MOST_UNUSABLE:
                if self.trying:
                    self.failures, self.trying, self.opened_until = 0, False, 0.0
                return
        self.failed(now)

    def failed(self, now: float) -> None:
        """Slow, down, malformed or refused."""
        with self._lock:
            wait = min(FIRST_SECONDS * 2.0 ** min(self.failures, 10), LONGEST_SECONDS)
            self.failures += 1
            self.unusable, self.trying, self.opened_until = 0, False, now + wait

    def gave_up(self) -> None:
        """The try did not take place after all."""
        with self._lock:
            self.trying = False
