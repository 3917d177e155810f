"""The embedded servers: ready when they say so, gone with their parent, back with their data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from legal_intake.embedded import EmbeddedServer, EmbeddedServerError, folders, start_postgres, start_redis
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded")


@pytest.fixture
def keep() -> Iterator[Callable[[EmbeddedServer], EmbeddedServer]]:
    running: list[EmbeddedServer] = []

    def remember(server: EmbeddedServer) -> EmbeddedServer:
        running.append(server)
        return server

    yield remember
    for server in running:
        server.stop()


Keep = Callable[[EmbeddedServer], EmbeddedServer]


def gone(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


@pytest.mark.slow
def test_postgres_keeps_its_data_over_a_kill_and_asks_for_a_password(folder: Path, keep: Keep) -> None:
    server = keep(start_postgres(folder / "pg"))
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    server.kill()
    again = keep(start_postgres(folder / "pg", server.port))
    with psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    wrong = again.url.replace(again.url.split(":")[2].split("@")[0], "wrong")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(wrong)
    assert oct((folder / "pg" / "password").stat().st_mode)[-3:] == "600"


@pytest.mark.slow
def test_postgres_survives_a_pid_file_that_names_a_stranger(folder: Path, keep: Keep) -> None:
    server = keep(start_postgres(folder / "pg", fsync=False))
    server.stop()
    pid_file = folder / "pg" / "cluster" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n")
    assert keep(start_postgres(folder / "pg", fsync=False)).alive


@pytest.mark.slow
def test_postgres_says_no_clients_word_in_its_log(folder: Path, keep: Keep) -> None:
    server = keep(start_postgres(folder / "pg", fsync=False))
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE words (said text PRIMARY KEY, many int)")
        connection.execute("INSERT INTO words VALUES ('Bartholomew', 1)")
        for statement in ("INSERT INTO words VALUES ('Bartholomew', 1)", "SELECT 'Bartholomew'::int"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
    server.stop()
    log = (folder / "pg" / "server.log").read_text()
    assert "ready to accept connections" in log
    assert "Bartholomew" not in log


def test_redis_keeps_every_acknowledged_write_over_a_kill(folder: Path, keep: Keep) -> None:
    server = keep(start_redis(folder / "redis", appendfsync="always"))
    redis.Redis.from_url(server.url).set("kept", "yes")
    server.kill()
    again = keep(start_redis(folder / "redis", server.port, appendfsync="always"))
    assert redis.Redis.from_url(again.url).get("kept") == b"yes"
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=again.port).ping()


def test_a_folder_serves_one_server(folder: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(start_redis(folder / "redis"))
    monkeypatch.setattr(folders, "PREDECESSOR_SECONDS", 0.2)
    with pytest.raises(EmbeddedServerError, match=r"Another Redis is running on .*redis"):
        start_redis(folder / "redis")


def test_a_busy_port_is_named(folder: Path, keep: Keep) -> None:
    first = keep(start_redis(folder / "one"))
    with pytest.raises(EmbeddedServerError, match=f"(?s)Redis on port {first.port} did not start.*in use"):
        start_redis(folder / "two", first.port)


@pytest.mark.slow
def test_servers_end_when_their_parent_is_killed_and_the_next_start_works(folder: Path, keep: Keep) -> None:
    program = (
        "import sys, time, pathlib; from legal_intake.embedded import *; folder = pathlib.Path(sys.argv[1]);"
        "a = start_postgres(folder / 'pg', fsync=False); b = start_redis(folder / 'redis', appendfsync='always');"
        "print(a.process.pid, b.process.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(folder)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    keep(start_postgres(folder / "pg", fsync=False))
    keep(start_redis(folder / "redis", appendfsync="always"))
    wait_for(lambda: all(gone(pid) for pid in pids), 5)
    log = (folder / "pg" / "server.log.1").read_text()
    assert "database system is shut down" in log, "it was killed, not stopped"


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server to another account")
def test_root_below_a_closed_folder_opens_nothing(folder: Path, keep: Keep) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    assert keep(start_postgres(closed / "data" / "pg", fsync=False)).alive
    assert oct(closed.stat().st_mode)[-3:] == "700"
