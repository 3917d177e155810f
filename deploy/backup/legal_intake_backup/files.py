"""Recordings and uploads (sealed by the application already), archives of single firms, the log of deletions."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import tarfile
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from legal_intake_backup import base, tools
from legal_intake_backup.config import FORMAT
from legal_intake_backup.errors import NotUsable, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from legal_intake_backup.config import Config
    from legal_intake_backup.state import State
    from legal_intake_backup.vault import Vault

logger = logging.getLogger("backup")
ANSWER_SECONDS = 900


def back_up_media(config: Config, vault: Vault, state: State) -> dict[str, Any]:
    """Every file under MEDIA_ROOT: those that are new or changed in one archive, all of them in an index.

    Once in `BACKUP_FULL_DAYS` all go into the archive, so that old ones can be removed.
    """
    identity = base.stamp()
    known: dict[str, Any] = state.read().get("media", {})
    full_at = known.get("full_at")
    full = full_at is None or time.time() - full_at > config.full_days * 86400
    before: dict[str, Any] = {} if full else known.get("files", {})
    now = {name: path.stat() for name, path in _walk(config.media)}
    changed = [name for name, about in now.items() if _stamp(about) != before.get(name, {}).get("stamp")]
    archive = f"media/{identity}.tar.age"
    files = {name: before[name] for name in now if name not in changed}
    size = 0
    if changed:
        with tempfile.TemporaryFile(dir=config.state) as tar:
            for name, entry in _pack(config.media, changed, tar):
                files[name] = {**entry, "archive": archive}
            tar.seek(0)
            size = vault.put(archive, source=tar)["size"]
    index = {"format": FORMAT, "id": identity, "files": files}
    vault.put_bytes(f"media/{identity}.index.json.age", json.dumps(index).encode())
    with state.change() as values:
        values["media"] = {"files": files, "full_at": time.time() if full else full_at}
    state.succeeded("media", size)
    logger.info("files %s: %s in all, %s new or changed", identity, len(files), len(changed))
    return index


def prune_media(config: Config, vault: Vault) -> None:
    """Remove indexes past their time, and archives that lie before the oldest full one still needed."""
    limit = (datetime.now(UTC) - timedelta(days=config.retention_days)).strftime(base.STAMP)
    indexes = sorted(name for name in vault.target.names("media") if name.endswith(".index.json.age"))
    for name in indexes[:-1]:
        if _id(name) < limit:
            vault.target.remove(name)
    # An index within its time may lean on archives up to one full round older.
    margin = (datetime.now(UTC) - timedelta(days=config.retention_days + 2 * config.full_days + 1)).strftime(base.STAMP)
    for name in vault.target.names("media"):
        if name.endswith(".tar.age") and _id(name) < margin:
            vault.target.remove(name)


def back_up_exports(config: Config, vault: Vault, state: State, *, ask: bool = True) -> int:
    """Ask the scheduler for archives of the firms that changed, and carry off what lies there; how many.

    Raises:
        ToolFailed: nobody answered, so what was carried off may be old.
    """
    answered = not ask or _asked(config.exports)
    count = 0
    for path in sorted(config.exports.glob("*.firm")):
        with path.open("rb") as file:
            vault.put(f"exports/{path.name}.age", source=file)
        path.unlink()
        count += 1
    if not answered:
        raise ToolFailed(
            f"the scheduler made no archives of changed firms within {ANSWER_SECONDS} s: see its log (firms_exported)"
        )
    state.succeeded("export")
    return count


def prune_exports(config: Config, vault: Vault) -> None:
    """Remove archives past their time; of a firm that lives the newest stays."""
    limit = (datetime.now(UTC) - timedelta(days=config.retention_days)).strftime(base.STAMP)
    deleted = _deleted_firms(config.deletions)
    newest: dict[str, str] = {}
    names = vault.target.names("exports")
    for name in names:
        firm = name.removeprefix("exports/").partition(".")[0]
        newest[firm] = max(newest.get(firm, ""), name)
    for name in names:
        firm, made, *_ = name.removeprefix("exports/").split(".")
        if made < limit and (name != newest[firm] or firm in deleted):
            vault.target.remove(name)


def back_up_deletions(config: Config, vault: Vault, state: State) -> bool:
    """Carry off the log of deletions when it grew. Whether it had."""
    try:
        content = config.deletions.read_bytes()
    except FileNotFoundError:
        return False
    digest = hashlib.sha256(content).hexdigest()
    if state.read().get("deletions") == digest:
        return False
    vault.put_bytes("deletions/deletions.jsonl.age", content)
    with state.change() as values:
        values["deletions"] = digest
    return True


def restore_deletions(config: Config, vault: Vault) -> str:
    """Bring the log back; the longer of the two when one is the beginning of the other. Raises NotUsable."""
    there = b""
    if vault.target.names("deletions"):
        with vault.get("deletions/deletions.jsonl.age") as file:
            there = file.read()
    here = config.deletions.read_bytes() if config.deletions.exists() else b""
    if there.startswith(here) and len(there) > len(here):
        config.deletions.parent.mkdir(parents=True, exist_ok=True)
        part = config.deletions.with_name(f".{config.deletions.name}.part")
        with part.open("wb") as file:
            file.write(there)
            file.flush()
            os.fsync(file.fileno())
        part.replace(config.deletions)
        return f"log of deletions: {there.count(10)} lines, from the backup"
    if not here.startswith(there):
        raise NotUsable(
            f"the log of deletions here ({config.deletions}) and in the backup are two different ones: keep the right "
            "one at that place and start again"
        )
    return f"log of deletions: {here.count(10)} lines, as it is here"


def _asked(folder: Path) -> bool:
    """Write a question and wait for its answer (tenants/archive/schedule.py)."""
    words = f"{time.time_ns()}"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / ".request.part"
    part.write_text(words)
    part.replace(folder / "request")
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        answer = folder / "answered"
        if answer.exists() and answer.read_text() == words:
            return True
        time.sleep(0.5)
    return False


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.is_file() and not path.is_symlink() and not hidden:
            yield path.relative_to(root).as_posix(), path


def _stamp(about: os.stat_result) -> list[int]:
    return [about.st_size, about.st_mtime_ns, about.st_ino]


def _pack(root: Path, names: list[str], tar: IO[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Write files into a tar; each with size, SHA-256 and what a change is told by. One that went is left out."""
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in names:
            try:
                content = (root / name).read_bytes()
                about = (root / name).stat()
            except FileNotFoundError:
                continue
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), 0o600, int(about.st_mtime)
            archive.addfile(member, io.BytesIO(content))
            digest = hashlib.sha256(content).hexdigest()
            yield name, {"size": len(content), "sha256": digest, "stamp": _stamp(about)}


def _id(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


def _deleted_firms(path: Path) -> set[str]:
    last: dict[str, str] = {}
    if path.exists():
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if entry.get("kind") == "firm":
                last[entry["firm"]] = entry["act"]
    return {firm for firm, act in last.items() if act == "deleted"}


def media_index(vault: Vault, moment: datetime | None) -> dict[str, Any]:
    """The index to restore: the first made at or after a moment, else the last. Raises NotUsable."""
    indexes = sorted(name for name in vault.target.names("media") if name.endswith(".index.json.age"))
    if not indexes:
        raise NotUsable("the backup has no files")
    chosen = indexes[-1]
    if moment is not None:
        chosen = next((name for name in indexes if base.when(_id(name)) >= moment), chosen)
    found: dict[str, Any] = vault.get_json(chosen)
    if found.get("format") != FORMAT:
        raise NotUsable(f"{chosen} has format {found.get('format')}; this release reads {FORMAT}")
    return found


def unpack_media(vault: Vault, index: dict[str, Any], into: Path | None) -> int:
    """Read every file of an index from its archive, check it, and write it (or only check). Raises NotUsable."""
    wanted: dict[str, dict[str, dict[str, Any]]] = {}
    for name, entry in index["files"].items():
        wanted.setdefault(entry["archive"], {})[name] = entry
    for archive, files in wanted.items():
        with vault.get(archive) as source, tarfile.open(fileobj=source, mode="r|") as tar:
            for member in tar:
                entry = files.pop(member.name, None)
                content = tar.extractfile(member)
                if entry is None or content is None:
                    continue
                _unpack(member.name, content.read(), entry, into)
            for _ in tools.blocks(source):
                pass  # the padding at the end belongs to what was sealed
        if files:
            raise NotUsable(f"{archive} lacks {next(iter(files))}")
    return len(index["files"])


def _unpack(name: str, content: bytes, entry: dict[str, Any], into: Path | None) -> None:
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise NotUsable(f"{name} is not what the index says")
    if into is None:
        return
    path = into / name
    if ".." in Path(name).parts or into not in path.parents:
        raise NotUsable(f"{name} would be written elsewhere")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(content)
    path.chmod(0o600)
