"""Children of the runner: started, watched, restarted with back-off, and gone when it is gone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from legal_intake.embedded import EmbeddedServer
from legal_intake.embedded.process import dying_with_parent
from legal_intake.process_number import start_time
from legal_intake.runner.places import write_private

FIRST_BACKOFF = 0.25
LONGEST_BACKOFF = 30.0
STEADY_SECONDS = 60.0  # having lived this long, a child's next death is a first one again
LOG_LIMIT = 20 * 2**20


class Process(Protocol):
    """What a child needs of a process: `subprocess.Popen` has it."""

    pid: int

    def poll(self) -> int | None: ...
    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


@dataclass(slots=True)
class Child:
    """One child and how to start it again.

    `start` returns the process; it may raise, which counts as a death.
    """

    name: str
    start: Callable[[], Process]
    stop_signal: signal.Signals = signal.SIGTERM
    process: Process | None = None
    _failures: int = 0
    _started_at: float = 0.0
    _retry_at: float = 0.0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def launch(self) -> None:
        """Start it now."""
        self._started_at = time.monotonic()
        self.process = self.start()

    def watch(self) -> str | None:
        """Start it again when it died and its time has come; a line to print when something happened."""
        if self.alive:
            return None
        now = time.monotonic()
        if self.process is not None:
            status = self.process.poll()
            self.process = None
            self._back_off(now)
            return f"{self.name} ended (status {status}); starting it again in {self._retry_at - now:.2g} s"
        if now < self._retry_at:
            return None
        try:
            self.launch()
        except (OSError, RuntimeError) as error:
            self._back_off(now)
            return f"{self.name} does not start: {error}"
        return None

    def _back_off(self, now: float) -> None:
        if now - self._started_at > STEADY_SECONDS:
            self._failures = 0
        self._retry_at = now + min(LONGEST_BACKOFF, FIRST_BACKOFF * 2**self._failures)
        self._failures += 1

    def signal_stop(self) -> None:
        if self.process is not None and self.alive:
            self.process.send_signal(self.stop_signal)


def stop_all(children: Sequence[Child], seconds: float) -> None:
    """Ask all at once, wait together, kill what is left."""
    for child in children:
        child.signal_stop()
    deadline = time.monotonic() + seconds
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


@dataclass(frozen=True, slots=True)
class Spawner:
    """Starts our own programs, each in a process group of its own.

    Its log goes to a file of `logs`, or where this process's own goes when there is no such folder.
    """

    folder: Path
    logs: Path | None
    environment: dict[str, str] = field(repr=False)

    def __call__(self, name: str, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """Start `command`; it gets SIGTERM when this process dies."""
        prefix, options = dying_with_parent(signal.SIGTERM)
        with self._log(name) as output:
            return subprocess.Popen(
                [*prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output is not None else None,
                cwd=self.folder,
                env={**self.environment, **environment},
                start_new_session=True,
                **options,
            )

    def _log(self, name: str) -> AbstractContextManager[BinaryIO | None]:
        if self.logs is None:
            return nullcontext()
        file = os.open(self.logs / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(file, "ab")


def shorten_logs(logs: Path) -> None:
    """Keep one older part of a log that has grown long. Its writer appends, so it goes on at the start."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LOG_LIMIT:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def record(file: Path, children: Sequence[Child]) -> None:
    """Write down who our children are, for the next runner should this one be killed."""
    rows = [
        {"name": child.name, "pid": child.process.pid, "started": start_time(child.process.pid)}
        for child in children
        if child.process is not None
    ]
    write_private(file, json.dumps(rows))


def clear_leftovers(file: Path, seconds: float = 8.0) -> list[str]:
    """Wait for the children of a killed runner, then end them; the names of those that needed it.

    A recorded number counts only with its recorded start, so a stranger that got the number is safe.
    """
    try:
        rows = json.loads(file.read_text())
    except (OSError, ValueError):
        return []
    forced = []
    for name, send in (("waited", None), ("term", signal.SIGTERM), ("kill", signal.SIGKILL)):
        left = [row for row in rows if row["started"] and start_time(row["pid"]) == row["started"]]
        if not left:
            break
        if send is not None:
            forced += [f"{row['name']} ({name})" for row in left]
            for row in left:
                os.kill(row["pid"], send)
        _await_end(left, seconds)
    file.unlink(missing_ok=True)
    return forced


def _await_end(rows: list[dict[str, int]], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(start_time(row["pid"]) == row["started"] for row in rows):
            return
        time.sleep(0.05)


def embedded(name: str, start: Callable[[int | None], EmbeddedServer]) -> tuple[Child, EmbeddedServer]:
    """Start an embedded server as a child that comes back on the same port."""
    server = start(None)
    port = server.port
    child = Child(name, lambda: start(port).process, stop_signal=signal.SIGINT, process=server.process)
    return child, server
