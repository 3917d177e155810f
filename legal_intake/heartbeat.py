"""A sign of life of a process that answers no requests: a file that is touched while work goes on.

`HEARTBEAT_FILE` names it; without it (under `make run`) there is none. A thread that merely runs proves nothing, so
each process says what progress is: the file is touched only while that is so, and `legal_intake.healthcheck` looks at
its age. What stands still is said in the log, once.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

logger = logging.getLogger("legal_intake.heartbeat")

EVERY_SECONDS = 5.0
#: What says whether work goes on: None when it does, else what stands still.
Trouble = Callable[[], str | None]


def beat_while(trouble: Trouble, *, file: str | None = None, every: float = EVERY_SECONDS) -> threading.Event | None:
    """Touch the heartbeat file while there is no trouble; an event that ends it, or None without a file.

    Args:
        trouble: asked every few seconds, from a thread of its own. What it raises counts as trouble.
        file: instead of `HEARTBEAT_FILE`.
        every: seconds between two looks.
    """
    path = file or os.environ.get("HEARTBEAT_FILE", "")
    if not path:
        return None
    beat, stop = Beat(Path(path), trouble), threading.Event()

    def go_on() -> None:
        beat.look()
        while not stop.wait(every):
            beat.look()

    threading.Thread(target=go_on, name="heartbeat", daemon=True).start()
    return stop


class Beat:
    """One heartbeat. `look` asks once."""

    def __init__(self, file: Path, trouble: Trouble) -> None:
        self._file = file
        self._trouble = trouble
        self._said: str | None = None

    def look(self) -> bool:
        """Touch the file if all is well; whether it was."""
        try:
            wrong = self._trouble()
        except Exception as error:  # noqa: BLE001 - a look that fails is no reason to stop looking
            wrong = f"the look itself failed: {type(error).__name__}"
        if wrong is None:
            self._file.touch()
        if wrong != self._said:
            self._said = wrong
            if wrong is None:
                logger.info("work_goes_on_again")
            else:
                logger.error("work_stands_still", extra={"what": wrong})
        return wrong is None
