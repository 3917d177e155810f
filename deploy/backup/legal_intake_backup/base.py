"""The whole database at one moment, as PostgreSQL has it on disk, and a manifest of what is in it."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from legal_intake_backup import census, wal
from legal_intake_backup.config import FORMAT
from legal_intake_backup.errors import NotUsable

if TYPE_CHECKING:
    from legal_intake_backup.config import Config
    from legal_intake_backup.state import State
    from legal_intake_backup.vault import Vault

logger = logging.getLogger("backup")
STAMP = "%Y%m%dT%H%M%SZ"


def stamp() -> str:
    """Now, as a backup's id."""
    return datetime.now(UTC).strftime(STAMP)


def when(identity: str) -> datetime:
    """The time in an id."""
    return datetime.strptime(identity, STAMP).replace(tzinfo=UTC)


def make(config: Config, vault: Vault, state: State) -> dict[str, Any]:
    """Make one. It counts once its manifest is there, which is written last.

    Raises:
        ToolFailed: with what was left behind removed.
    """
    identity, started = stamp(), time.monotonic()
    folder = f"base/{identity}"
    first = census.query(config, "SELECT pg_walfile_name(redo_lsn) FROM pg_control_checkpoint()")[0][0]
    try:
        about = vault.put(
            f"{folder}/base.tar.zst.age",
            commands=[
                [config.program("pg_basebackup"), "-D", "-", "-Ft", "-X", "fetch", "-c", "fast", "-w",
                 "--label", f"legal-intake {identity}"],
                ["zstd", "-3", "-qc"],
            ],
            env=config.replication,
        )  # fmt: skip
        with census.moment(config) as moment:
            counted = census.take(config, snapshot=moment.snapshot)
        last, version, timeline = _places(config, moment.lsn)
        manifest = {
            "format": FORMAT,
            "id": identity,
            "made_at": datetime.now(UTC).isoformat(),
            "postgres": version,
            "base": about,
            "first_segment": first,
            "last_segment": last,
            "timeline": timeline,
            "lsn": moment.lsn,
            "census": counted,
        }
        wal.await_shipped(vault, last)
        vault.put_bytes(f"{folder}/manifest.json.age", json.dumps(manifest).encode())
    except BaseException:
        for name in vault.target.names(folder):
            vault.target.remove(name)
        raise
    with state.change() as values:
        values.setdefault("bases", {})[identity] = first
    state.succeeded("base", about["size"])
    firms, seconds = len(counted["firms"]), time.monotonic() - started
    logger.info("base backup %s: %s firms, %s bytes, %.0f s", identity, firms, about["size"], seconds)
    return manifest


def _places(config: Config, lsn: str) -> tuple[str, str, int]:
    """The segment of `lsn`, which is closed so that it is shipped; PostgreSQL's version; the timeline."""
    rows = census.query(
        config,
        f"SELECT pg_walfile_name('{lsn}'), current_setting('server_version_num'), pg_switch_wal()",
    )
    last, version, _ = rows[0]
    return last, version, int(last[:8], 16)


def ids(vault: Vault) -> list[str]:
    """Every finished base backup, oldest first."""
    ending = "/manifest.json.age"
    names = [name for name in vault.target.names("base") if name.endswith(ending)]
    return sorted(name.removeprefix("base/").removesuffix(ending) for name in names)


def read_manifest(vault: Vault, identity: str) -> dict[str, Any]:
    """A manifest. Raises NotUsable for one of another format."""
    found: dict[str, Any] = vault.get_json(f"base/{identity}/manifest.json.age")
    made_with = found.get("format")
    if not isinstance(made_with, int) or made_with > FORMAT:
        raise NotUsable(f"backup {identity} has format {made_with}, and this release reads {FORMAT}: use a newer one")
    if made_with < FORMAT:
        raise NotUsable(f"backup {identity} has format {made_with}, and this release reads {FORMAT}: use its own")
    return found


def prune(config: Config, vault: Vault, state: State) -> list[str]:
    """Remove base backups past their time, and WAL that none of the others needs. The newest stays whatever its age."""
    limit = datetime.now(UTC) - timedelta(days=config.retention_days)
    found = ids(vault)
    old = [identity for identity in found[:-1] if when(identity) < limit]
    for identity in old:
        # The manifest first: what is half removed is no backup any more.
        for name in sorted(vault.target.names(f"base/{identity}"), key=lambda name: "manifest" not in name):
            vault.target.remove(name)
    with state.change() as values:
        bases = {key: first for key, first in values.get("bases", {}).items() if key in found and key not in old}
        values["bases"] = bases
    # A base backup whose beginning nobody knows any more (this service lost its state) may need any of it.
    if bases and set(bases) == set(found) - set(old):
        wal.prune(vault, min(bases.values(), key=lambda segment: segment[8:]))
    return old
