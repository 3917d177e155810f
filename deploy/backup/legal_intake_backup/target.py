"""Where backups go: a folder, or S3 by rclone. Objects appear whole, under their names, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from legal_intake_backup import tools
from legal_intake_backup.errors import BackupError, NotUsable, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager


class Target(Protocol):
    """What every target can."""

    def put(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write or replace an object. When it returns, the object is stored."""

    def get(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Read an object. Raises NotUsable when there is none."""

    def names(self, under: str) -> list[str]:
        """Every object below a folder, sorted."""

    def remove(self, name: str) -> None:
        """Remove an object; nothing happens when there is none."""


def open_target(where: str) -> Target:
    """A folder, or `s3://bucket/folder`."""
    if where.startswith("s3://"):
        return Bucket(where)
    if where.startswith("/"):
        return Folder(Path(where))
    raise BackupError(f"BACKUP_TARGET is {where!r}: give a folder from the root, or s3://bucket/folder")


class Folder:
    """A folder, which may be another machine's."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, blocks: Iterable[bytes]) -> None:
        path = self.root / name
        part = path.with_name(f".{path.name}.part-{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            with part.open("wb") as file:
                for block in blocks:
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            part.chmod(0o640)
            part.replace(path)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise ToolFailed(f"{path} cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def get(self, name: str) -> Iterator[IO[bytes]]:
        try:
            file = (self.root / name).open("rb")
        except OSError as error:
            raise NotUsable(f"{name} is not in the backup: {error.strerror}") from error
        with file:
            yield file

    def names(self, under: str) -> list[str]:
        found = (path for path in (self.root / under).rglob("*") if path.is_file() and ".part-" not in path.name)
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    def remove(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)


class Bucket:
    """S3 or what speaks like it, by rclone: keys and endpoint come from AWS_* and RCLONE_S3_* variables."""

    def __init__(self, where: str) -> None:
        # RCLONE_TARGET names another remote of rclone's, such as `:local:`.
        remote = os.environ.get("RCLONE_TARGET", ":s3,env_auth=true:")
        self.root = remote + where.removeprefix("s3://").rstrip("/")

    def put(self, name: str, blocks: Iterable[bytes]) -> None:
        size = 0
        command = ["rclone", "rcat", f"{self.root}/{name}"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        if process.stdin is None or process.stderr is None:
            raise AssertionError("unreachable")
        try:
            for block in blocks:
                process.stdin.write(block)
                size += len(block)
            process.stdin.close()
        except BrokenPipeError:
            pass
        except BaseException:
            process.kill()
            process.wait()
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.stderr.close()
            raise
        with process.stderr:
            complaints = process.stderr.read().decode(errors="replace")
        if process.wait():
            raise ToolFailed(f"{name} cannot be stored: {complaints.strip()[-300:]}")
        about = json.loads(tools.run(["rclone", "lsjson", "--stat", f"{self.root}/{name}"]))
        if about.get("Size") != size:
            raise ToolFailed(f"{name} was stored with {about.get('Size')} bytes instead of {size}")

    @contextmanager
    def get(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with tools.chain([["rclone", "cat", f"{self.root}/{name}"]]) as file:
                yield file
        except ToolFailed as error:
            raise NotUsable(f"{name} cannot be read from the backup: {error}") from error

    def names(self, under: str) -> list[str]:
        try:
            found = tools.run(["rclone", "lsf", "--recursive", "--files-only", f"{self.root}/{under}"])
        except ToolFailed as error:
            if "not found" in str(error):
                return []
            raise
        return sorted(f"{under.rstrip('/')}/{name}" for name in found.splitlines())

    def remove(self, name: str) -> None:
        if name in self.names(name.rpartition("/")[0]):
            tools.run(["rclone", "deletefile", f"{self.root}/{name}"])
