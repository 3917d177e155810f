"""A PostgreSQL of our own on a restored folder, that nobody else can reach: recovery, and the census after it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from legal_intake_backup import tools
from legal_intake_backup.errors import NotUsable, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from legal_intake_backup.config import Config

RECOVERY_SECONDS = 24 * 3600
_SETTINGS = """
listen_addresses = ''
max_connections = 30
max_locks_per_transaction = 256
max_wal_size = 2GB
fsync = on
hot_standby = off
archive_mode = off
wal_level = replica
log_min_messages = log
log_min_error_statement = panic
"""


@contextmanager
def recovered(config: Config, data: Path, target: dict[str, str], log: Path) -> Iterator[dict[str, str]]:
    """Recover a restored folder up to a target and serve it for the block; what `psql` needs to reach it.

    Raises:
        NotUsable: it does not reach the target: WAL is missing, or the backup is damaged.
    """
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        _prepare(Path(folder), data, target)
        process = _start(config, Path(folder), data, log)
        env = {
            "PGHOST": folder, "PGPORT": "5432", "PGUSER": config.postgres["PGUSER"],
            "PGDATABASE": config.postgres["PGDATABASE"], "PGCONNECT_TIMEOUT": "10",
        }  # fmt: skip
        try:
            _await(config, process, env, log)
            yield env
        finally:
            _stop(config, process, data)
    _tidy(data)


def _prepare(folder: Path, data: Path, target: dict[str, str]) -> None:
    (folder / "hba.conf").write_text("local all all trust\n")
    (folder / "postgresql.conf").write_text(_SETTINGS)
    (data / "recovery.signal").touch()
    (data / "standby.signal").unlink(missing_ok=True)
    package = Path(__file__).resolve().parent.parent
    python = f"PYTHONPATH={shlex.quote(str(package))} {shlex.quote(sys.executable)}"
    command = f"{python} -m legal_intake_backup fetch-wal %f %p"
    settings = {
        "restore_command": command,
        "recovery_target_action": "promote",
        "recovery_target_timeline": "latest",
        **target,
    }
    quoted = {name: value.replace("'", "''") for name, value in settings.items()}
    lines = "".join(f"{name} = '{value}'\n" for name, value in quoted.items())
    (folder / "postgresql.conf").write_text(_SETTINGS + lines)
    # What ALTER SYSTEM left there is for the server it was said to.
    automatic = data / "postgresql.auto.conf"
    if automatic.exists():
        shutil.move(automatic, data / "postgresql.auto.conf.restored")
    automatic.write_text("")


def _start(config: Config, folder: Path, data: Path, log: Path) -> subprocess.Popen[bytes]:
    data.chmod(0o700)
    (data / "postmaster.pid").unlink(missing_ok=True)
    command = [
        config.program("postgres"), "-D", str(data), "-c", f"config_file={folder / 'postgresql.conf'}",
        "-c", f"hba_file={folder / 'hba.conf'}", "-c", f"unix_socket_directories={folder}", "-c", "port=5432",
    ]  # fmt: skip
    with log.open("wb") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=tools.environment(None)
        )


def _await(config: Config, process: subprocess.Popen[bytes], env: dict[str, str], log: Path) -> None:
    deadline = time.monotonic() + RECOVERY_SECONDS
    ask = [config.program("psql"), "-qAtXw", "-c", "SELECT pg_is_in_recovery()"]
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotUsable(f"the backup cannot be recovered: {_last_words(log)}")
        try:
            if tools.run(ask, env=env).strip() == "f":
                return
        except ToolFailed:
            pass  # not yet
        time.sleep(0.2)
    raise NotUsable(f"the recovery did not end within {RECOVERY_SECONDS} s: {_last_words(log)}")


def _stop(config: Config, process: subprocess.Popen[bytes], data: Path) -> None:
    if process.poll() is None:
        tools.run([config.program("pg_ctl"), "-D", str(data), "-m", "fast", "-w", "-t", "300", "stop"])
        process.wait()


def _tidy(data: Path) -> None:
    (data / "recovery.signal").unlink(missing_ok=True)
    kept = data / "postgresql.auto.conf.restored"
    if kept.exists():
        shutil.move(kept, data / "postgresql.auto.conf")


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    told = [line for line in lines if "FATAL" in line or "PANIC" in line or "ERROR" in line] or lines
    return " / ".join(told[-2:]) or f"see {os.fspath(log)}"
