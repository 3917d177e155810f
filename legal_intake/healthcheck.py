"""A container's health check: `python -m legal_intake.healthcheck ROLE`. Status 0 when well; else 1 and why.

    api                            it has started, and its database and Redis answer
    worker, audio_worker, scheduler   the heartbeat file is fresh: queues are read, jobs end, the lead is kept
    models                         its own /healthz

Runs every few seconds in every container, so it imports nothing but the standard library.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from pathlib import Path

SECONDS = 4.0
STALE_SECONDS = 30.0
HEARTBEAT_ROLES = ("worker", "audio_worker", "scheduler")
#: Port and paths of what is asked over HTTP, each in turn.
ASKED: dict[str, tuple[int, tuple[str, ...]]] = {
    "api": (8000, ("/healthz/startup", "/healthz/ready")),
    "models": (8090, ("/healthz",)),
}


def trouble(role: str, *, port: int | None = None, file: str | None = None) -> str | None:
    """What is wrong with this container; None when it is well.

    Args:
        role: one of `ASKED` or `HEARTBEAT_ROLES`.
        port, file: instead of the role's port or `HEARTBEAT_FILE`.
    """
    if role in HEARTBEAT_ROLES:
        return _stale(Path(file or os.environ.get("HEARTBEAT_FILE", "") or "/tmp/heartbeat"))  # noqa: S108 - a tmpfs
    if role not in ASKED:
        return f"There is no role {role!r}: use one of {', '.join((*ASKED, *HEARTBEAT_ROLES))}."
    usual, paths = ASKED[role]
    for path in paths:
        if wrong := _unwell(port or usual, path):
            return wrong
    return None


def _stale(heartbeat: Path) -> str | None:
    try:
        age = time.time() - heartbeat.stat().st_mtime
    except OSError:
        return f"No sign of life yet: {heartbeat} is not there."
    return f"No sign of life for {age:.0f} s: work stands still; the log says what." if age > STALE_SECONDS else None


def _unwell(port: int, path: str) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{path} on port {port} does not answer: {type(error).__name__}."
    finally:
        connection.close()
    return None if answer.status == http.client.OK else f"{path} answered {answer.status}: {body}"


def main(arguments: list[str]) -> int:
    """Print what is wrong; the exit status for Docker."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m legal_intake.healthcheck ROLE\n")
        return 2
    wrong = trouble(arguments[0])
    if wrong is None:
        return 0
    sys.stdout.write(wrong + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
