"""Archives of every firm that changed since its last one: what the backup takes away.

Whether a firm changed is told by its rows alone (each file is spoken of by a row): a count and hash of each
table, kept beside the archives in `state.json`. The backup encrypts what it finds in the folder, carries it off
and removes it here; the state stays.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from psycopg import sql

from tenants.archive.errors import ExportDisturbed
from tenants.archive.export import export_firm
from tenants.archive.snapshot import snapshot
from tenants.context import public_scope
from tenants.errors import TenancyError
from tenants.holders import holders
from tenants.models import Firm
from tenants.selectors import WITHOUT_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

STATE = "state.json"
_DIGEST = (
    "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text, "
    "coalesce(sum(hashtextextended(t::text, 1)::numeric), 0)::text FROM {} t"
)


@dataclass
class Report:
    """What a run did: paths written, firms unchanged, firms that failed with the reason."""

    written: list[Path] = field(default_factory=list)
    unchanged: int = 0
    failed: list[tuple[Firm, str]] = field(default_factory=list)


def export_changed(*, folder: Path, actor: str, everything: bool = False, say: Callable[[str], None]) -> Report:
    """Write `FIRM-ID.TIME.firm` for each firm that changed. One firm's failure does not stop the others."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    state = _read(folder)
    report = Report()
    with public_scope():
        firms = list(Firm.objects.exclude(status__in=WITHOUT_SCHEMA).order_by("created_at"))
    for firm in firms:
        try:
            now = fingerprint(firm)
            if state.get(str(firm.pk)) == now and not everything:
                report.unchanged += 1
                continue
            path = folder / f"{firm.pk}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}.firm"
            _export(firm, path, actor)
        except TenancyError as error:
            report.failed.append((firm, f"{error} [{error.code}]"))
            say(f"FAILED {firm.name}: {error} [{error.code}]")
            continue
        state[str(firm.pk)] = now
        _write(folder, state)
        report.written.append(path)
        say(f"{firm.name}: {path.name}")
    living = {str(firm.pk) for firm in firms}
    _write(folder, {key: value for key, value in state.items() if key in living})
    return report


def fingerprint(firm: Firm) -> str:
    """What changes whenever a row of the firm does: counts and sums of hashes, over its schema and its shared rows."""
    transient = {table for holder in holders() for table in holder.transient}
    with snapshot(firm.ref) as at:
        parts = [
            f"{table.name}:{at.one(sql.SQL(_DIGEST).format(sql.Identifier(firm.schema_name, table.name)))}"
            for table in at.tables()
            if table.name not in transient
        ]
        parts += [f"keys:{[(str(row[0]), row[3], str(row[5])) for row in at.key_rows()]}"]
        parts += [f"{what}:{at.public_rows(what)}" for what in ("firm", "domains")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _export(firm: Firm, path: Path, actor: str) -> None:
    try:
        export_firm(firm=firm, path=path, actor=actor)
    except ExportDisturbed:
        export_firm(firm=firm, path=path, actor=actor)


def _read(folder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / STATE).read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        logger.warning("exports_state_unreadable")  # then every firm is exported anew
        return {}
    return found


def _write(folder: Path, state: dict[str, str]) -> None:
    part = folder / f".{STATE}.part-{os.getpid()}"
    part.write_text(json.dumps(state))
    part.replace(folder / STATE)
