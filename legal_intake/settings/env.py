"""Where settings come from: the environment, then `.env`, then what `make run` wrote down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))


def running_addresses() -> dict[str, Any]:
    """What a living `make run` wrote to `DATA_DIR/addresses.json`; empty when none runs here.

    The file outlives a runner that was killed; its process number with its start time tells.
    """
    try:
        loaded: dict[str, Any] = json.loads((DATA_DIR / "addresses.json").read_text())
        runner = loaded["runner"]
    except (OSError, ValueError, KeyError):
        return {}
    return loaded if start_time(runner["pid"]) == runner["started"] else {}


def start_time(pid: int) -> int | None:
    """A living process's start in clock ticks since boot (a number is reused, this pair is not)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = status[status.rindex(")") + 2 :].split()
    return None if state == "Z" else int(fields[18])
