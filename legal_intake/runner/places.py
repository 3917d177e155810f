"""The runner's folder: what is kept there, and who may read it."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from legal_intake.process_number import start_time


class RunnerError(RuntimeError):
    """The runner cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Places:
    """Every path of the runner, below one folder."""

    root: Path

    @property
    def addresses(self) -> Path:
        return self.root / "addresses.json"

    @property
    def passwords(self) -> Path:
        return self.root / "passwords.txt"

    @property
    def children(self) -> Path:
        return self.root / "children.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def master_key(self) -> Path:
        return self.root / "master.key"

    def prepare(self) -> None:
        """Make the folder. Others may pass through it (the database runs as another account when
        we are root) but see nothing in it."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o711)
        self.logs.mkdir(exist_ok=True, mode=0o700)

    def lock(self) -> int:
        """Take the folder for this runner; the descriptor holds it until the process ends.

        Raises:
            RunnerError: another runner has it.
        """
        descriptor = os.open(self.root / "runner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            message = f"Another `make run` is using {self.root}. Stop it, or set DATA_DIR to another folder."
            raise RunnerError(message) from None
        return descriptor

    def secret_key(self) -> str:
        """The key of Django's signatures, made on first use."""
        return _kept(self.root / "secret.key", lambda: secrets.token_urlsafe(60))

    def make_master_key(self) -> Path:
        """The file of the key that wraps every firm's keys, made on first use."""
        _kept(self.master_key, lambda: base64.b64encode(secrets.token_bytes(32)).decode())
        return self.master_key

    def write_addresses(self, addresses: dict[str, Any]) -> None:
        """Say where everything answers, and which process stands behind it."""
        runner = {"pid": os.getpid(), "started": start_time(os.getpid())}
        write_private(self.addresses, json.dumps({**addresses, "runner": runner}, indent=2) + "\n")


def write_private(file: Path, text: str) -> None:
    """Write a file of mode 0600 in one step."""
    partial = file.with_name(file.name + ".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(text)
    partial.replace(file)


def _kept(file: Path, make: Callable[[], str]) -> str:
    if not file.exists():
        write_private(file, make())
    return file.read_text().strip()
