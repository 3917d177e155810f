"""The log of deletions, kept outside the database: a restore must not bring back what was removed since.

One JSON object a line, appended under a lock and on disk before anything is removed. Each line names the
SHA-256 of the one before it, so a line that was changed or taken out is noticed. It holds ids only: no
name, nothing a client said.

Format 1: `{"v": 1, "at": UTC time, "kind": ..., "act": ..., "firm": id, "schema": name, "subject": id or
null, "actor": who, "reason": text, "prev": hex}`. Kinds: `firm` (acts `deleted`, and `restored` when an
operator brought the firm back on purpose), and reserved for later work `erasure` and `legal_hold`, whose
`subject` is what they are about. A kind that no code here replays stops a restore: it is never skipped.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings

from tenants.errors import TenancyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tenants.context import FirmRef

VERSION: Final = 1
FIRM: Final = "firm"
ERASURE: Final = "erasure"
LEGAL_HOLD: Final = "legal_hold"
KINDS: Final = frozenset({FIRM, ERASURE, LEGAL_HOLD})
DELETED: Final = "deleted"
RESTORED: Final = "restored"
_START: Final = "0" * 64


class DeletionLogUnusable(TenancyError):
    """The log of deletions cannot be written or read: nothing is deleted, nothing restored."""

    code = "deletion_log_unusable"


class DeletionLogBroken(DeletionLogUnusable):
    """A line was altered, taken out, or is of a later format."""

    code = "deletion_log_broken"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line."""

    at: datetime
    kind: str
    act: str
    firm: UUID
    schema: str
    subject: str | None = None
    actor: str = ""
    reason: str = ""


Replayer = Callable[[Entry], list[str]]
_replayers: dict[str, Replayer] = {}


def register_replayer(kind: str, replay: Replayer) -> None:
    """Say how deletions of a kind are made again after a restore. Called with each one in order."""
    _replayers[kind] = replay


def replayers() -> dict[str, Replayer]:
    """By kind."""
    return dict(_replayers)


def replay() -> Iterator[str]:
    """After a restore: make every deletion again that the log has, a line for each that had something to do.

    Of a firm only its last word counts: one that an operator brought back on purpose stays.

    Raises:
        DeletionLogUnusable: the log cannot be read, or has kinds that nothing here replays.
    """
    found = entries()
    unknown = sorted({entry.kind for entry in found}.difference(_replayers))
    if unknown:
        raise DeletionLogUnusable(
            f"the log of deletions has {', '.join(unknown)}, which this release cannot replay: use the release that "
            "wrote them, or a newer one, before anybody is let in"
        )
    last = {entry.firm: entry for entry in found if entry.kind == FIRM}
    for entry in found:
        if entry.kind != FIRM or (entry is last[entry.firm] and entry.act == DELETED):
            for line in _replayers[entry.kind](entry):
                yield f"{entry.schema}: {line}"


def log_path() -> Path:
    """Where the log is."""
    return Path(settings.DELETIONS_LOG)


def append(*, kind: str, act: str, ref: FirmRef, actor: str, subject: str | None = None, reason: str = "") -> Entry:
    """Add a line; after return it is on disk.

    Raises:
        DeletionLogUnusable: it cannot be written; then nothing may be deleted.
        DeletionLogBroken: what it holds does not verify.
    """
    entry = Entry(datetime.now(UTC), kind, act, ref.id, ref.schema, subject, actor, reason[:500])
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            _append(handle, entry)
        finally:
            os.close(handle)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise DeletionLogUnusable(
            f"the log of deletions cannot be written ({error}): make {path} writable, or set DELETIONS_LOG"
        ) from error
    return entry


def entries() -> list[Entry]:
    """Every line, oldest first; none when there is no file yet.

    Raises:
        DeletionLogBroken: a line does not follow from the one before, or is no line of this format.
        DeletionLogUnusable: it cannot be read.
    """
    path = log_path()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DeletionLogUnusable(
            f"the log of deletions cannot be read ({error}): make {path} readable, or set DELETIONS_LOG"
        ) from error
    return [entry for entry, _ in _parse(content)]


def deleted_firms() -> dict[UUID, Entry]:
    """The firms whose last word in the log is that they were deleted."""
    last = {entry.firm: entry for entry in entries() if entry.kind == FIRM}
    return {firm: entry for firm, entry in last.items() if entry.act == DELETED}


def of_firm_since(firm: UUID, moment: datetime) -> list[Entry]:
    """What was written about a firm after a moment."""
    return [entry for entry in entries() if entry.firm == firm and entry.at > moment]


def _append(handle: int, entry: Entry) -> None:
    size = os.fstat(handle).st_size
    content = os.pread(handle, size, 0)
    complete = content[: content.rfind(b"\n") + 1]
    if complete != content:  # a line that a power cut broke off was never acknowledged
        os.ftruncate(handle, len(complete))
    previous = _START
    for _, previous in _parse(complete):  # noqa: B007 - the last one's hash is wanted
        pass
    line = _line(entry, previous)
    written = 0
    while written < len(line):
        written += os.write(handle, line[written:])
    os.fsync(handle)


def _line(entry: Entry, previous: str) -> bytes:
    values: dict[str, Any] = {
        "v": VERSION,
        "at": entry.at.isoformat(timespec="microseconds"),
        "kind": entry.kind,
        "act": entry.act,
        "firm": str(entry.firm),
        "schema": entry.schema,
        "subject": entry.subject,
        "actor": entry.actor,
        "reason": entry.reason,
        "prev": previous,
    }
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def _parse(content: bytes) -> Iterator[tuple[Entry, str]]:
    """Each entry with the hash of its line. A last line without its end was never acknowledged."""
    previous = _START
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        entry = _entry(line, number, previous)
        previous = hashlib.sha256(line).hexdigest()
        yield entry, previous


def _entry(line: bytes, number: int, previous: str) -> Entry:
    broken = f"line {number} of the log of deletions ({log_path()})"
    try:
        values = json.loads(line)
        version, kind = values["v"], values["kind"]
        if version != VERSION or kind not in KINDS:
            raise DeletionLogBroken(f"{broken} is of a later release: use that release, or a newer one")
        if values["prev"] != previous:
            raise DeletionLogBroken(f"{broken} does not follow the one before: bring back the log's last good copy")
        return Entry(
            datetime.fromisoformat(values["at"]), kind, values["act"], UUID(values["firm"]), values["schema"],
            values["subject"], values["actor"], values["reason"],
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise DeletionLogBroken(f"{broken} cannot be read: bring back the log's last good copy") from error
