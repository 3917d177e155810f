"""What the environment says. Every value has a default that fits docker-compose.yml."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from legal_intake_backup.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
SLOT = "legal_intake_backup"


@dataclass(frozen=True)
class Config:
    """Where things are, and how often."""

    target: str
    retention_days: float
    base_hours: float
    media_hours: float
    full_days: float
    partial_seconds: float
    state: Path
    media: Path
    exports: Path
    deletions: Path
    recipients: Path
    identity: Path
    port: int
    bind: str
    pg_bin: str
    postgres: dict[str, str] = field(repr=False)
    replication: dict[str, str] = field(repr=False)

    @property
    def spool(self) -> Path:
        """Where WAL lands before it is carried off."""
        return self.state / "wal"

    def program(self, name: str) -> str:
        """A program of PostgreSQL."""
        return str(Path(self.pg_bin) / name) if self.pg_bin else name


def load(environment: Mapping[str, str] | None = None) -> Config:
    """Read the environment. Raises BackupError for what cannot be."""
    env = os.environ if environment is None else environment
    folder = Path(env.get("BACKUP_STATE", "/var/lib/backup"))
    secrets = Path(env.get("SECRETS", "/run/secrets"))
    host = {
        "PGHOST": env.get("PGHOST", "postgres"),
        "PGPORT": env.get("PGPORT", "5432"),
        "PGTARGETSESSIONATTRS": "read-write",
        "PGCONNECT_TIMEOUT": "10",
        "PGAPPNAME": "backup",
    }
    database = {"PGDATABASE": env.get("PGDATABASE", "legal_intake")}
    return Config(
        target=env.get("BACKUP_TARGET") or "/backups",
        retention_days=_number(env, "BACKUP_RETENTION_DAYS", "30"),
        base_hours=_number(env, "BACKUP_HOURS", "24"),
        media_hours=_number(env, "BACKUP_MEDIA_HOURS", "24"),
        full_days=_number(env, "BACKUP_FULL_DAYS", "7"),
        partial_seconds=_number(env, "BACKUP_PARTIAL_SECONDS", "60"),
        state=folder,
        media=Path(env.get("MEDIA_ROOT", "/data/media")),
        exports=Path(env.get("EXPORTS_DIR") or "/data/exports"),
        deletions=Path(env.get("DELETIONS_LOG") or "/data/deletions/deletions.jsonl"),
        recipients=Path(env.get("BACKUP_AGE_RECIPIENTS_FILE") or secrets / "backup_age_recipients"),
        identity=Path(env.get("BACKUP_AGE_IDENTITY_FILE") or secrets / "backup_age_identity"),
        port=int(_number(env, "METRICS_PORT", "9210")),
        bind=env.get("METRICS_BIND", "127.0.0.1"),
        pg_bin=env.get("PG_BIN", ""),
        postgres={
            **host, **database,
            "PGUSER": env.get("POSTGRES_USER", "postgres"),
            "PGPASSWORD": _secret(env, "POSTGRES_PASSWORD"),
        },
        replication={
            **host,
            "PGUSER": env.get("POSTGRES_REPLICATION_USER", "replicator"),
            "PGPASSWORD": _secret(env, "POSTGRES_REPLICATION_PASSWORD"),
        },
    )  # fmt: skip


def _number(env: Mapping[str, str], name: str, default: str) -> float:
    text = env.get(name) or default
    try:
        number = float(text)
    except ValueError:
        raise BackupError(f"{name} is {text!r}: give a number") from None
    if not 0 < number < 1e6:
        raise BackupError(f"{name} is {text}: give a number above 0")
    return number


def _secret(env: Mapping[str, str], name: str) -> str:
    file = env.get(f"{name}_FILE")
    if not file:
        return env.get(name, "")
    try:
        return Path(file).read_text().strip()
    except OSError:
        return ""  # a restore needs none of them; what does need it is told by PostgreSQL
