"""Restore the newest backup where it harms nobody, and hold everything in it against what was said of it."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import time
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from legal_intake_backup import census, files, restore, tools
from legal_intake_backup.errors import Differs, NotUsable

if TYPE_CHECKING:
    from legal_intake_backup.config import Config
    from legal_intake_backup.state import State
    from legal_intake_backup.vault import Vault

logger = logging.getLogger("backup")


def drill(config: Config, vault: Vault, state: State, *, scratch: Path, identity: str = "") -> dict[str, Any]:
    """Restore into a scratch folder, compare, and remove it again; what was looked at.

    Needs no master key: what is sealed is compared as it is.

    Raises:
        Differs: the database, a file or an archive is not what its manifest says.
        NotUsable: something is missing or damaged.
    """
    started = time.monotonic()
    try:
        manifest = restore.choose(vault, identity=identity, moment=None)
        needed = ",".join(manifest["census"]["master_key_ids"])
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch, prefix="drill-") as folder:
            found = restore.restore_database(
                config, vault, data=Path(folder) / "data", to="manifest", identity=manifest["id"], key_ids=needed,
                mark=False,
            )  # fmt: skip
        census.compare(manifest["census"], found["census"])
        count = files.unpack_media(vault, files.media_index(vault, None), None)
        archives = check_exports(vault)
    except BaseException:
        state.failed("drill")
        raise
    state.succeeded("drill")
    report = {
        "backup": manifest["id"],
        "made_at": manifest["made_at"],
        "firms": len(manifest["census"]["firms"]),
        "rows": sum(int(t[0]) for tables in manifest["census"]["tables"].values() for t in tables.values()),
        "files": count,
        "archives": archives,
        "master_key_ids": manifest["census"]["master_key_ids"],
        "seconds": round(time.monotonic() - started, 1),
    }
    logger.info("drill: %s", json.dumps(report))
    return report


def check_exports(vault: Vault) -> int:
    """The newest archive of each firm opens and is whole; how many. Raises NotUsable or Differs."""
    newest: dict[str, str] = {}
    for name in vault.target.names("exports"):
        newest[base_name(name)] = max(name, newest.get(base_name(name), ""))
    for name in newest.values():
        with vault.get(name) as source, tempfile.TemporaryFile() as copy:
            for block in tools.blocks(source):
                copy.write(block)
            copy.seek(0)
            _check_archive(name, copy)
    return len(newest)


def base_name(name: str) -> str:
    """The firm's id in an archive's name."""
    return name.rpartition("/")[2].partition(".")[0]


def _check_archive(name: str, file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            parts = [part for parts in manifest["parts"].values() for part in parts]
            for member in [manifest["keys"], *manifest["tables"].values(), *parts]:
                digest = hashlib.sha256()
                with archive.open(member["member"]) as source:
                    for block in tools.blocks(source):
                        digest.update(block)
                if digest.hexdigest() != member["sha256"]:
                    raise Differs(f"{name}: {member['member']} is not what its manifest says")
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise NotUsable(f"{name} is damaged: {error}") from error
