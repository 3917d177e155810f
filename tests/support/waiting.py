"""Waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")


def wait_for(condition: Callable[[], Value], seconds: float = 60, log: Path | None = None) -> Value:
    """Until `condition` gives something true: that. Fails after `seconds`, with the end of `log`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        said = log.read_text()[-3000:] if log else "it did not come about in time"
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
    return found
