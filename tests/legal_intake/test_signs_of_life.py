"""Heartbeats are touched while work goes on, and health checks tell the difference."""

from __future__ import annotations

import http.server
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legal_intake import healthcheck, scheduler, worker
from legal_intake.heartbeat import Beat, beat_while
from tenants import watched_broker
from tenants.plain_connection import parameters
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]


def test_a_heartbeat_stops_with_the_work_and_comes_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wrong: list[str | None] = [None]
    file = tmp_path / "heartbeat"
    beat = Beat(file, lambda: wrong[0])
    assert beat.look()
    os.utime(file, (1, 1))
    wrong[0] = "the queue is not read"
    with caplog.at_level(logging.INFO, "legal_intake.heartbeat"):
        assert not beat.look()
        assert not beat.look()
    assert file.stat().st_mtime == 1, "no sign of life while work stands still"
    assert [record.getMessage() for record in caplog.records] == ["work_stands_still"], "said once"
    wrong[0] = None
    assert beat.look()
    assert file.stat().st_mtime > 1


def test_a_look_that_fails_is_trouble(tmp_path: Path) -> None:
    def fail() -> str | None:
        raise RuntimeError("no")

    assert not Beat(tmp_path / "heartbeat", fail).look()
    assert not (tmp_path / "heartbeat").exists()


def test_without_a_file_there_is_no_heartbeat(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HEARTBEAT_FILE", raising=False)
    assert beat_while(lambda: None) is None
    monkeypatch.setenv("HEARTBEAT_FILE", str(tmp_path / "heartbeat"))
    stop = beat_while(lambda: None, every=0.05)
    assert stop is not None
    wait_for((tmp_path / "heartbeat").exists, 5)
    stop.set()


def test_a_health_check_reads_the_heartbeat(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    assert "not there" in (healthcheck.trouble("worker", file=str(file)) or "")
    file.touch()
    for role in healthcheck.HEARTBEAT_ROLES:
        assert healthcheck.trouble(role, file=str(file)) is None
    then = time.time() - healthcheck.STALE_SECONDS - 5
    os.utime(file, (then, then))
    assert "No sign of life for 35 s" in (healthcheck.trouble("scheduler", file=str(file)) or "")
    assert "no role" in (healthcheck.trouble("clerk") or "")


@pytest.fixture
def answers() -> Iterator[tuple[int, dict[str, int]]]:
    """A server and what it answers, by path."""
    statuses = {"/healthz/startup": 200, "/healthz/ready": 200, "/healthz": 200}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.get(self.path, 404))
            self.end_headers()
            self.wfile.write(b'{"checks": {"database": "OperationalError"}}')

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, statuses
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["/healthz/startup", "/healthz/ready"])
def test_the_api_is_well_when_it_has_started_and_is_ready(answers: tuple[int, dict[str, int]], path: str) -> None:
    port, statuses = answers
    assert healthcheck.trouble("api", port=port) is None
    statuses[path] = 503
    said = healthcheck.trouble("api", port=port) or ""
    assert f"{path} answered 503" in said
    assert "OperationalError" in said
    assert healthcheck.trouble("models", port=port) is None


def test_nobody_at_the_port_is_unwell_and_the_check_needs_nothing_but_python() -> None:
    command = [sys.executable, "-S", "-m", "legal_intake.healthcheck"]
    bare = {"PYTHONPATH": str(ROOT), "HEARTBEAT_FILE": "/nowhere/heartbeat"}
    done = subprocess.run([*command, "worker"], env=bare, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "No sign of life yet: /nowhere/heartbeat is not there.\n"
    assert subprocess.run(command, env=bare, capture_output=True, check=False).returncode == 2
    assert "does not answer" in (healthcheck.trouble("api", port=1) or "")


class Threads:
    """What a worker has of threads."""

    def __init__(self, alive: bool) -> None:
        self.workers = [self]
        self.consumers: dict[str, Any] = {"default": self}
        self.alive = alive

    def is_alive(self) -> bool:
        return self.alive


def test_a_worker_that_reads_no_queue_or_never_ends_a_job_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    from tenants.jobs import job_metrics

    running: Any = Threads(alive=True)
    monkeypatch.setattr(watched_broker, "_read_at", {"default": time.monotonic()})
    assert worker._trouble(running) is None
    watched_broker._read_at["other"] = time.monotonic() - 60
    assert "last read 60 s ago" in (worker._trouble(running) or "")
    watched_broker._read_at.pop("other")
    monkeypatch.setitem(job_metrics._began, "a job", time.monotonic() - 3600)
    assert "a job has run for 3600 s" in (worker._trouble(running) or "")
    job_metrics._began.pop("a job")
    assert worker._trouble(Threads(alive=False)) == "a thread of the worker has ended"  # type: ignore[arg-type]


def test_a_consumer_notes_each_look_that_redis_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setattr(watched_broker, "_read_at", {})
    broker = watched_broker.WatchedBroker(url=settings.REDIS_BROKER_URL)
    broker.declare_queue("watched")
    assert next(broker.consume("watched", timeout=10)) is None
    assert 0 <= watched_broker.seconds_unread() < 5
    broker.close()


def test_a_scheduler_that_cannot_ask_who_leads_stands_still() -> None:
    nobody = scheduler.Scheduler((), {"host": "127.0.0.1", "port": 1, "dbname": "none"})
    assert nobody.trouble() is None
    nobody.step()
    nobody._looked_at -= 60
    assert "60 s ago" in (nobody.trouble() or "")
    nobody.close()
    leader = scheduler.Scheduler((), parameters())
    leader._looked_at -= 60
    leader.step()
    assert leader.trouble() is None
    leader.close()
