"""Files of a firm, under `MEDIA_ROOT/firms/<firm id>/`. What is in them is the caller's to encrypt."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from django.conf import settings

from tenants.context import FirmRef, current_firm
from tenants.errors import InvalidName

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


class FirmStorage:
    """The current firm's files. Names are ours: parts of letters, digits, `.`, `_`, `-`, joined by `/`."""

    def save(self, name: str, content: bytes) -> None:
        """Write or replace. After return the content is on disk; a crash leaves the old or the new."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def open(self, name: str) -> BinaryIO:
        """Open for reading, seekable. Raises FileNotFoundError."""
        return self._path(name).open("rb")

    def delete(self, name: str) -> None:
        """Remove; nothing happens when it is not there."""
        self._path(name).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        """Whether the firm has such a file."""
        return self._path(name).is_file()

    def names(self) -> Iterator[str]:
        """Every name the firm holds, in no order."""
        root = firm_folder(current_firm())
        for path in root.rglob("*"):
            if path.is_file() and not path.name.startswith(".new-"):
                yield path.relative_to(root).as_posix()

    def _path(self, name: str) -> Path:
        parts = name.split("/")
        if not all(_PART.fullmatch(part) for part in parts):
            raise InvalidName("a file's name may not leave the firm's folder")
        return firm_folder(current_firm()).joinpath(*parts)


def firm_folder(ref: FirmRef) -> Path:
    """Where a firm's files lie."""
    return Path(settings.MEDIA_ROOT) / "firms" / str(ref.id)


def delete_all(ref: FirmRef) -> int:
    """Remove a firm's folder. Returns how many files it held."""
    folder = firm_folder(ref)
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    if folder.exists():
        shutil.rmtree(folder)
    drop_aside(ref)
    return count


def set_aside(ref: FirmRef) -> Path | None:
    """Move a firm's folder out of the way while another takes its place; None when there is none."""
    folder = firm_folder(ref)
    if not folder.exists():
        return None
    aside = folder.with_name(f".{folder.name}.aside-{os.urandom(4).hex()}")
    folder.rename(aside)
    return aside


def put_back(ref: FirmRef, aside: Path | None) -> None:
    """Undo `set_aside`; what was written since goes."""
    folder = firm_folder(ref)
    shutil.rmtree(folder, ignore_errors=True)
    if aside is not None:
        aside.rename(folder)


def drop_aside(ref: FirmRef) -> None:
    """Remove what was set aside, now and in attempts that were cut off."""
    folder = firm_folder(ref)
    for aside in folder.parent.glob(f".{folder.name}.aside-*"):
        shutil.rmtree(aside)
