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
    """The addresses that `make run` wrote to `DATA_DIR/addresses.json`; empty when it never ran."""
    try:
        loaded: dict[str, Any] = json.loads((DATA_DIR / "addresses.json").read_text())
    except (OSError, ValueError):
        return {}
    return loaded
