"""Which process a number means: numbers are used again, a number with its start is not."""

from __future__ import annotations

from pathlib import Path


def start_time(pid: int) -> int | None:
    """A living process's start in clock ticks since boot (a number is reused, this pair is not)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = status[status.rindex(")") + 2 :].split()
    return None if state == "Z" else int(fields[18])
