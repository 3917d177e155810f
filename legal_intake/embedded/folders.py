"""Folders, passwords and accounts of the embedded servers."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PREDECESSOR_SECONDS = 15.0
POLL_SECONDS = 0.02
UNPRIVILEGED_ACCOUNT = "nobody"


class EmbeddedServerError(RuntimeError):
    """A server could not be started; the message says which and ends with its last log lines."""


def wheel_folder(package: str) -> Path:
    """Where a wheel's files lie, without importing it (its import has side effects)."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        message = f"The package {package} is not installed; run `make venv`."
        raise EmbeddedServerError(message)
    return Path(spec.origin).parent


def unprivileged_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; None when we are an ordinary user already."""
    return pwd.getpwnam(UNPRIVILEGED_ACCOUNT) if os.geteuid() == 0 else None


def own_folder(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """Make the folder, closed to everyone but the server's account; its resolved path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)
    return folder.resolve()


@contextlib.contextmanager
def folder_lock(folder: Path, name: str) -> Iterator[int]:
    """The folder's lock. The server inherits the descriptor, so the lock is held exactly as long
    as any of its processes lives."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + PREDECESSOR_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = f"Another {name} is running on {folder}."
                    raise EmbeddedServerError(message) from None
                time.sleep(POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def kept_password(folder: Path, account: pwd.struct_passwd | None) -> str:
    """The password kept in the folder, made on first use."""
    file = folder / "password"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24), account)
    return file.read_text().strip()


def write_private(file: Path, text: str, account: pwd.struct_passwd | None) -> None:
    """Write a file of mode 0600 in one step, so that a reader never sees half of it."""
    partial = file.with_suffix(".new")
    with create_private(partial) as output:
        output.write(text.encode())
    if account is not None:
        os.chown(partial, account.pw_uid, account.pw_gid)
    partial.replace(file)


@contextlib.contextmanager
def create_private(file: Path) -> Iterator[BinaryIO]:
    """Open a new file of mode 0600 for writing."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(file, flags, 0o600), "wb") as output:
        yield output


def reachable(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether ``account`` (alone in its group) may enter every folder above ``path``."""
    for folder in path.resolve().parents:
        about = folder.stat()
        if about.st_uid == account.pw_uid:
            allowed = stat.S_IXUSR
        elif about.st_gid == account.pw_gid:
            allowed = stat.S_IXGRP
        else:
            allowed = stat.S_IXOTH
        if not about.st_mode & allowed:
            return False
    return True
