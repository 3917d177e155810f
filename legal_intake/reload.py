"""Development: run a program, and again whenever its Python changes.

    python -m legal_intake.reload [--watch FOLDER]... -- legal_intake.server --bind 0.0.0.0 --port 8000

The program is a module's name and its arguments. It is told to stop (SIGTERM) before it starts again; one that ends by
itself, by a mistake in the code for example, starts again at the next change. Looks twice a second, because
changes do not reach a container as events on every system.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

LOOK_SECONDS = 0.5
STOP_SECONDS = 10.0
SUFFIXES = frozenset({".py", ".html", ".sql", ".json"})
FOLDERS = ("legal_intake", "audio", "intake", "tenants")


def snapshot(folders: Sequence[Path]) -> dict[Path, int]:
    """When each file of the code changed last."""
    return dict(_times(folders))


def _times(folders: Sequence[Path]) -> Iterator[tuple[Path, int]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in SUFFIXES:
                try:
                    yield path, path.stat().st_mtime_ns
                except OSError:  # gone between the two looks
                    continue


def changed(before: dict[Path, int], after: dict[Path, int]) -> Path | None:
    """One file that differs; None when none does."""
    return next((path for path in before.keys() | after.keys() if before.get(path) != after.get(path)), None)


def run(command: Sequence[str], folders: Sequence[Path], stop: threading.Event) -> int:
    """Until `stop`; the program's last exit status."""
    while True:
        before = snapshot(folders)
        process = subprocess.Popen(command)
        change = None
        while change is None and not stop.wait(LOOK_SECONDS):
            change = changed(before, snapshot(folders))
        status = _end(process)
        if stop.is_set():
            return status
        sys.stderr.write(f"{change} changed: starting again\n")


def _end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def main(arguments: list[str]) -> int:
    """Parse, run; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m legal_intake.reload")
    parser.add_argument("--watch", action="append", type=Path, metavar="FOLDER", help="instead of our packages")
    parser.add_argument("module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args([word for word in arguments if word != "--"])
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    folders = options.watch or [Path(folder) for folder in FOLDERS]
    run([sys.executable, "-m", options.module, *options.arguments], folders, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
