"""What this service remembers: last successes (its metrics), what was shipped, what the last index of files said."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from legal_intake_backup.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ("base", "wal", "media", "export", "drill")


class State:
    """A JSON file, changed under a lock: the service and a command may run at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "state.json"

    def read(self) -> dict[str, Any]:
        """All of it; empty at first."""
        try:
            found: dict[str, Any] = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    @contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """Change it in the block."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        with (self._folder / "state.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            values = self.read()
            yield values
            part = self._path.with_name(f".state.part-{os.getpid()}")
            with part.open("w") as file:
                json.dump(values, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)

    def succeeded(self, kind: str, size: int = 0) -> None:
        """A backup of this kind was made just now."""
        with self.change() as values:
            values.setdefault("success", {})[kind] = time.time()
            if size:
                values.setdefault("size", {})[kind] = size

    def failed(self, kind: str) -> None:
        """One was tried and failed."""
        with self.change() as values:
            values.setdefault("failure", {})[kind] = time.time()

    def age(self, kind: str) -> float:
        """Seconds since the last success; endless when there was none."""
        at = self.read().get("success", {}).get(kind)
        return float("inf") if at is None else time.time() - at

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """One at a time. Raises BackupError when another runs."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        with (self._folder / f"{what}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupError(f"a backup ({what}) runs already: wait for it to end") from None
            yield


def exposition(values: dict[str, Any]) -> str:
    """What Prometheus reads."""
    lines = []
    for name, key, text in (
        ("last_success_timestamp_seconds", "success", "When a backup of this kind last succeeded."),
        ("last_failure_timestamp_seconds", "failure", "When a backup of this kind last failed."),
        ("last_size_bytes", "size", "Size of the last backup of this kind as stored."),
    ):
        full = f"legal_intake_backup_{name}"
        lines += [f"# HELP {full} {text}", f"# TYPE {full} gauge"]
        lines += [f'{full}{{kind="{kind}"}} {values[key][kind]:.3f}' for kind in KINDS if kind in values.get(key, {})]
    return "\n".join(lines) + "\n"
