"""Programs that we run, one after another, without a shell."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any

from legal_intake_backup.errors import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BLOCK = 1 << 20


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None, text: str | None = None) -> str:
    """What a program writes to standard output. Raises ToolFailed with what it complained of."""
    try:
        done = subprocess.run(
            list(command), env=environment(env), input=text, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ToolFailed(f"{command[0]} is not installed here") from error
    if done.returncode:
        raise ToolFailed(_complaint(command, done.returncode, done.stderr))
    return done.stdout


@contextmanager
def chain(
    commands: Sequence[Sequence[str]], *, source: IO[bytes] | None = None, env: Mapping[str, str] | None = None
) -> Iterator[IO[bytes]]:
    """What the last of several programs writes, each reading from the one before; `source` feeds the first.

    Raises:
        ToolFailed: any of them failed, or the reader left before the end.
    """
    processes: list[tuple[Sequence[str], subprocess.Popen[bytes], IO[bytes]]] = []
    before: Any = source if source is not None else subprocess.DEVNULL
    with ExitStack() as stack:
        try:
            for command in commands:
                complaints: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
                process = _start(command, before, complaints, env)
                if processes:
                    before.close()  # the program before hears when this one ends
                processes.append((command, process, complaints))
                before = process.stdout
            yield before
        except BaseException:
            for _, process, _ in processes:
                process.kill()
            raise
        finally:
            for _, process, _ in processes[-1:]:
                if process.stdout is not None:
                    process.stdout.close()
            statuses = [process.wait() for _, process, _ in processes]
        for (program, _, said), status in zip(processes, statuses, strict=True):
            if status:
                said.seek(0)
                raise ToolFailed(_complaint(program, status, said.read().decode(errors="replace")))


def _start(
    command: Sequence[str], source: Any, complaints: IO[bytes], env: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command), stdin=source, stdout=subprocess.PIPE, stderr=complaints, env=environment(env)
        )
    except FileNotFoundError as error:
        raise ToolFailed(f"{command[0]} is not installed here") from error


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """A file in pieces."""
    while block := file.read(BLOCK):
        yield block


def environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """Ours, and more."""
    return {**os.environ, **(extra or {})}


def _complaint(command: Sequence[str], status: int, errors: str) -> str:
    lines = [line for line in errors.strip().splitlines() if line.strip()]
    name = os.path.basename(command[0])  # noqa: PTH119 - a name out of a command line
    return f"{name} failed ({status}): {' / '.join(lines[-3:]) or 'it did not say why'}"
