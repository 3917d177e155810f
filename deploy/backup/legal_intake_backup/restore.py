"""Bring a whole backup back: the database to a point in time, and the files that belong to it.

The folder is filled beside its place and changes places only when the recovery has ended, so a restore that
fails leaves what was there.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from legal_intake_backup import base, census, files, scratch, tools, wal
from legal_intake_backup.errors import BackupError, NotUsable, ToolFailed, WouldOverwrite

if TYPE_CHECKING:
    from legal_intake_backup.config import Config
    from legal_intake_backup.vault import Vault

logger = logging.getLogger("backup")


def parse_time(text: str) -> datetime | None:
    """`latest`, or a time with its zone (UTC without one). Raises BackupError."""
    if text in ("", "latest"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BackupError(f"{text!r} is no time: give it as 2026-11-25T13:30:00Z, or latest") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def choose(vault: Vault, *, identity: str, moment: datetime | None) -> dict[str, Any]:
    """The manifest to restore from: the named backup, or the last that was whole at the moment. Raises NotUsable."""
    found = base.ids(vault)
    if not found:
        raise NotUsable("there is no finished base backup in the target: look at BACKUP_TARGET")
    if identity:
        if identity not in found:
            raise NotUsable(f"there is no backup {identity}: `restore.sh list` names them")
        return base.read_manifest(vault, identity)
    for candidate in reversed(found):
        manifest = base.read_manifest(vault, candidate)
        if moment is None or datetime.fromisoformat(manifest["made_at"]) <= moment:
            return manifest
    raise NotUsable(f"no backup is as old as {moment}: the first is {found[0]}")


def check_master_key(manifest: dict[str, Any], key_ids: str) -> None:
    """Refuse without the master keys that the backup needs. Raises NotUsable, naming them."""
    needed = set(manifest["census"]["master_key_ids"])
    given = {part for part in key_ids.replace(",", " ").split() if part}
    if not needed <= given:
        lacking = ", ".join(sorted(needed - given))
        have = f"{', '.join(sorted(given))} is here" if given else "none was named (--master-key-ids)"
        raise NotUsable(
            f"the backup needs master key {lacking}, and {have}: without it nothing that clients said can be read. "
            "Bring that key back first"
        )


def restore_database(
    config: Config,
    vault: Vault,
    *,
    data: Path,
    to: str = "latest",
    identity: str = "",
    key_ids: str = "",
    force: bool = False,
    mark: bool = True,
) -> dict[str, Any]:
    """Fill PostgreSQL's folder from a backup and recover it; what is in it afterwards (a census).

    Args:
        config: where things are.
        vault: the target.
        data: PostgreSQL's data folder. No server may run on it.
        to: a time, `latest`, or `manifest` for the moment that the backup's manifest counted.
        identity: a base backup's id; without it the one that fits.
        key_ids: ids of the master keys that are at hand.
        force: put what is there aside, as `<folder>.before-<time>`.
        mark: let the service know that WAL begins anew; not for a drill.

    Raises:
        WouldOverwrite: there is data, and no `force`; or a server runs on it.
        NotUsable: the backup cannot be used.
    """
    moment = None if to == "manifest" else parse_time(to)
    manifest = choose(vault, identity=identity, moment=moment)
    check_master_key(manifest, key_ids)
    _check_place(config, data, force=force)
    if moment is None and to != "manifest":
        wal.check_unbroken(vault, manifest["last_segment"])
    part = data.with_name(f"{data.name}.restoring")
    shutil.rmtree(part, ignore_errors=True)
    log = Path(tempfile.gettempdir()) / "restore.log"
    try:
        _unpack(config, vault, manifest, part)
        if to == "manifest":
            target = {"recovery_target_lsn": manifest["lsn"], "recovery_target_inclusive": "false"}
        elif moment is not None:
            target = {"recovery_target_time": moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")}
        else:
            target = {}
        with scratch.recovered(config, part, target, log) as env:
            found = census.take(config, env=env)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    if data.exists() and any(data.iterdir()):
        aside = data.with_name(f"{data.name}.before-{base.stamp()}")
        data.rename(aside)
        logger.info("what was there is kept in %s: remove it when all is well", aside)
    elif data.exists():
        data.rmdir()
    part.rename(data)
    if mark and config.state.is_dir():
        (config.state / wal.RESTORED).touch()
    logger.info("database of backup %s restored to %s: %s firms", manifest["id"], to, len(found["firms"]))
    return {"manifest": manifest, "census": found}


def restore_files(config: Config, vault: Vault, *, to: str = "latest", force: bool = False) -> int:
    """Bring recordings and uploads back, and the log of deletions. How many files.

    Raises:
        WouldOverwrite: there are files, and no `force`.
    """
    index = files.media_index(vault, parse_time(to))
    config.media.mkdir(parents=True, exist_ok=True)
    present = [path for path in config.media.iterdir() if not path.name.startswith(".")]
    if any(path.is_file() or any(path.rglob("*")) for path in present) and not force:
        raise WouldOverwrite(f"{config.media} has files: --force puts them aside, in {config.media}/.before-<time>")
    part = config.media / ".restoring"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    count = files.unpack_media(vault, index, part)
    logger.info(files.restore_deletions(config, vault))
    if present:
        aside = config.media / f".before-{base.stamp()}"
        aside.mkdir(mode=0o700)
        for path in present:
            path.rename(aside / path.name)
    for path in part.iterdir():
        path.rename(config.media / path.name)
    part.rmdir()
    logger.info("%s files of %s restored", count, index["id"])
    return count


def _check_place(config: Config, data: Path, *, force: bool) -> None:
    pid_file = data / "postmaster.pid"  # a server that ended well has taken it away
    if pid_file.exists() and (_alive(pid_file) or _answers(config)):
        raise WouldOverwrite(f"a PostgreSQL server runs on {data}: stop it first")
    if data.exists() and any(data.iterdir()) and not force:
        raise WouldOverwrite(f"{data} holds a database: --force puts it aside and restores in its place")
    try:
        with tempfile.TemporaryFile(dir=data.parent):
            pass
    except OSError as error:
        raise WouldOverwrite(
            f"{data.parent} cannot be written ({error.strerror}): mount PostgreSQL's volume, and run as its account"
        ) from error


def _answers(config: Config) -> bool:
    """A server in another container is none of our processes; it answers all the same."""
    try:
        tools.run([config.program("pg_isready"), "-q", "-t", "3"], env=config.postgres)
    except ToolFailed:
        return False
    return True


def _alive(pid_file: Path) -> bool:
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        return Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
    except (OSError, ValueError):
        return False  # of a container that is gone; the folder is put aside, not written to


def _unpack(config: Config, vault: Vault, manifest: dict[str, Any], into: Path) -> None:
    """Check the stored object while it is read, open it, and unpack it."""
    vault.check(manifest["base"])
    into.mkdir(parents=True, mode=0o700)
    with vault.get(manifest["base"]["name"], [["zstd", "-dc"]]) as source:
        _untar(source, into)
    version = (into / "PG_VERSION").read_text().strip()
    here = tools.run([config.program("postgres"), "--version"]).split()[2].partition(".")[0]
    if version != here:
        raise NotUsable(f"the backup is of PostgreSQL {version}, and {here} is here: restore with an image of that one")


def _untar(source: IO[bytes], into: Path) -> None:
    command = ["tar", "-xf", "-", "-C", str(into), "--no-same-owner"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    if process.stdin is None:
        raise AssertionError("unreachable")
    with suppress(BrokenPipeError):
        shutil.copyfileobj(source, process.stdin, tools.BLOCK)
        process.stdin.close()
    if process.wait():
        raise NotUsable("the base backup cannot be unpacked: it is damaged")
