"""`firm export`: everything of one firm into one file, while it goes on being served."""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from tenants import releases
from tenants.archive.container import BLOCK, FORMAT, FORMAT_VERSION, Writer
from tenants.archive.errors import ExportDisturbed
from tenants.archive.snapshot import Snapshot, snapshot
from tenants.context import firm_scope
from tenants.errors import InvalidInput, WrongState
from tenants.holders import holders
from tenants.selectors import WITHOUT_SCHEMA
from tenants.services import record_operator_act

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tenants.models import Firm


@dataclass
class Exported:
    """What an export wrote."""

    path: Path
    manifest: dict[str, Any]
    missing: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table["lines"] for table in self.manifest["tables"].values())

    @property
    def files(self) -> int:
        """Files outside the schema."""
        return sum(len(parts) for parts in self.manifest["parts"].values())


def export_firm(*, firm: Firm, path: Path, actor: str) -> Exported:
    """Write the firm to `path`, which appears there only when it is whole and on disk.

    Raises:
        WrongState: the firm has no schema.
        InvalidInput: the file cannot be written.
        ExportDisturbed: its keys changed meanwhile; a second try succeeds.
    """
    if firm.status in WITHOUT_SCHEMA:
        raise WrongState(f"{firm.name} is {firm.status}: there is nothing whole to export")
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        with part.open("xb") as file:
            part.chmod(0o600)
            with firm_scope(firm.ref), snapshot(firm.ref) as at:
                exported = Exported(path, *_write(at, file))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    record_operator_act(actor=actor, action="firm.export", firm=firm, rows=exported.rows, files=exported.files)
    return exported


def _write(at: Snapshot, file: IO[bytes]) -> tuple[dict[str, Any], list[str]]:
    with Writer(file) as writer:
        manifest = _describe(at, writer)
        missing = _write_parts(at, writer, manifest)
        with snapshot(at.ref) as now:
            if [row[0] for row in now.key_rows()] != [row[0] for row in at.key_rows()]:
                raise ExportDisturbed("the firm's keys changed during the export: run it again")
        writer.finish(manifest)
    return manifest, missing


def _describe(at: Snapshot, writer: Writer) -> dict[str, Any]:
    """Write keys and tables; the manifest so far."""
    made_at = datetime.now(UTC)
    stored_keys = at.key_rows()
    lines = (
        b"\t".join(
            (str(key).encode(), purpose.encode(), b64encode(wrapped), master.encode(),
             created.isoformat().encode(), retired.isoformat().encode() if retired else b"")
        ) + b"\n"
        for key, purpose, wrapped, master, created, retired in stored_keys
    )  # fmt: skip
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "made_at": made_at.isoformat(),
        "made_by": {"version": releases.version(), "release": releases.number()},
        "firm": at.public_rows("firm")[0],
        "domains": at.public_rows("domains"),
        "wave": at.wave(),
        "master_key_ids": sorted({row[3] for row in stored_keys}),
        "migrations": sorted(name for (name,) in at.rows("SELECT app || '.' || name FROM django_migrations")),
        "sequences": at.sequences(),
        "keys": writer.add("keys.tsv", lines),
        "tables": {},
        "parts": {},
    }
    transient = {table for holder in holders() for table in holder.transient}
    for table in at.tables():
        blocks: Iterator[bytes] = iter(()) if table.name in transient else at.copy(table)
        about = writer.add(f"tables/{table.name}.copy", blocks)
        manifest["tables"][table.name] = {**about, "columns": list(table.columns)}
    return manifest


def _write_parts(at: Snapshot, writer: Writer, manifest: dict[str, Any]) -> list[str]:
    missing: list[str] = []
    for holder in holders():
        if holder.export is None:
            continue
        parts: list[dict[str, Any]] = []
        for number, (name, file) in enumerate(holder.export(at)):
            if file is None:
                missing.append(f"{holder.name}: {name}")
                continue
            with file:
                # What lies in storage is sealed and does not shrink.
                about = writer.add(f"parts/{holder.name}/{number}", _blocks(file), compress=False)
            parts.append({**about, "name": name})
        manifest["parts"][holder.name] = parts
    manifest["missing"] = missing
    return missing


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
