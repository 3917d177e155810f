"""A server as a child process: started, waited for, stopped, and never left behind."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from legal_intake.embedded.folders import (
    UNPRIVILEGED_ACCOUNT,
    EmbeddedServerError,
    create_private,
    reachable,
)

READY_SECONDS = 60.0
POLL_SECONDS = 0.02

__all__ = ["EmbeddedServer", "EmbeddedServerError", "Launcher", "start_on_port"]


@dataclass(slots=True)
class EmbeddedServer:
    """A running server: where it answers and the process that is it."""

    name: str
    url: str
    port: int
    data_dir: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, timeout: float = 5.0) -> None:
        """Stop cleanly; SIGKILL only after ``timeout`` seconds. Safe to call twice."""
        if self.alive:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process.wait()

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone (what a test of recovery wants)."""
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts children that get SIGINT when this process's starting thread dies.

    Linux ties the parent-death signal to the thread that forked, so start servers from a thread
    that lives as long as they should (the main thread).
    """

    account: pwd.struct_passwd | None
    must_reach: Sequence[Path]

    def popen(self, command: list[str], data_dir: Path, lock: int) -> subprocess.Popen[bytes]:
        log = data_dir / "server.log"
        with contextlib.suppress(FileNotFoundError):
            log.replace(log.with_suffix(".log.1"))
        prefix, options = self._privileges()
        with create_private(log) as output:
            return subprocess.Popen(
                [*prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=data_dir,
                env=environment(),
                pass_fds=(lock,),
                start_new_session=True,  # a Ctrl-C in the terminal is for the runner alone
                **options,
            )

    def run(self, command: list[str], cwd: Path) -> None:
        prefix, options = self._privileges()
        done = subprocess.run(
            [*prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=environment(),
            check=False,
            **options,
        )
        if done.returncode:
            text = done.stdout.decode(errors="replace").strip()
            message = f"{Path(command[0]).name} failed with status {done.returncode}: {text}"
            raise EmbeddedServerError(message)

    def _privileges(self) -> tuple[list[str], dict[str, Any]]:
        prefix, options = dying_with_parent(signal.SIGINT)
        account = self.account
        if account is None:
            return prefix, options
        if not prefix:
            return prefix, options | {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        prefix += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        if not all(reachable(path, account) for path in self.must_reach):
            # A closed home above the wheel or the data: let this one process look through
            # it rather than open the folder to every account of the machine.
            grant = "+" + traversal_capability()
            prefix += [f"--inh-caps={grant}", f"--ambient-caps={grant}"]
        return prefix, options


def dying_with_parent(number: signal.Signals) -> tuple[list[str], dict[str, Any]]:
    """How to start a child that gets a signal when the thread that starts it dies.

    Returns what goes before its command, and options of `subprocess.Popen`.
    """
    if setpriv := shutil.which("setpriv"):
        return [setpriv, "--pdeathsig", number.name.removeprefix("SIG")], {}
    return [], {"preexec_fn": functools.partial(_signal_on_parents_death, number)}


def _signal_on_parents_death(number: signal.Signals) -> None:
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, int(number))


def start_on_port(
    port: int | None,
    spawn: Callable[[int], subprocess.Popen[bytes]],
    ready: Callable[[subprocess.Popen[bytes], int], bool],
    data_dir: Path,
    name: str,
) -> tuple[subprocess.Popen[bytes], int]:
    """Spawn and wait. A free port may be taken by another process before ours binds it, hence
    up to three of them when the caller did not ask for one."""
    attempts = 1 if port else 3
    for attempt in range(attempts):
        chosen = port or _free_port()
        process = spawn(chosen)
        if _wait_ready(process, lambda p=process, c=chosen: ready(p, c)):  # type: ignore[misc]
            return process, chosen
        if attempt + 1 < attempts and "Address already in use" in log_tail(data_dir):
            continue
        break
    message = f"{name} on port {chosen} did not start. Its last words:\n{log_tail(data_dir)}"
    raise EmbeddedServerError(message)


def _wait_ready(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        if ready():
            return True
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """Nothing of ours: a server must not inherit secrets or PG* variables."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def traversal_capability() -> str:
    """The least capability this process may hand on that passes a closed folder.

    Containers often run without CAP_DAC_READ_SEARCH but with CAP_DAC_OVERRIDE.
    """
    effective = 0
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            effective = int(line.split()[1], 16)
    for name, bit in (("dac_read_search", 2), ("dac_override", 1)):
        if effective & (1 << bit):
            return name
    message = (
        f"PostgreSQL must run as {UNPRIVILEGED_ACCOUNT}, which cannot reach this folder. "
        "Run as an ordinary user, or from a folder that other accounts may enter."
    )
    raise EmbeddedServerError(message)


def log_tail(data_dir: Path, lines: int = 8) -> str:
    try:
        text = (data_dir / "server.log").read_text(errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])
