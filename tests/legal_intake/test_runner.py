"""`make run`, for real: in a folder and on a port of its own."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.legal_intake.test_embedded import gone
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]
SLOTS = 2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Run:
    """One runner and what it printed."""

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        self.folder, self.port = folder, port
        self.output = folder.with_name(f"{folder.name}-{time.monotonic_ns()}.txt")
        ours = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "PORT": str(port), "AUDIO_SLOTS": str(SLOTS)}
        self.began = time.monotonic()
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "legal_intake.runner"],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**ours, **environment},
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> float:
        """Seconds until the addresses were printed."""
        wait_for(lambda: "is ready" in self.said or self.process.poll() is not None, 120)
        assert "is ready" in self.said, self.said
        return time.monotonic() - self.began

    def stop(self) -> float:
        """Seconds from Ctrl-C to the end."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0, self.said
        return time.monotonic() - began

    def children(self) -> dict[str, int]:
        rows: list[dict[str, Any]] = json.loads((self.folder / "children.json").read_text())
        return {row["name"]: row["pid"] for row in rows}

    def get(self, host: str, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": f"{host}:{self.port}"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runner") / "data"


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def starting(port: int | None = None, **environment: str) -> Run:
        runs.append(Run(folder, port or free_port(), **environment))
        return runs[-1]

    yield starting
    for run in runs:
        if run.process.poll() is None:
            run.stop()


def test_it_starts_prints_addresses_stops_and_starts_again_with_its_data(
    start: Callable[..., Run], folder: Path
) -> None:
    first = start()
    first.wait_ready()
    said = first.said
    for host in ("harbor.localhost", "summit.localhost"):
        assert f"http://{host}:{first.port}/\n" in said
        assert f"http://{host}:{first.port}/docs" in said
        assert first.get(host, "/api/firm")[0] == 200
    assert f"http://admin.localhost:{first.port}/admin/" in said
    assert first.get("other.localhost", "/")[0] == 404
    assert first.get("other.localhost", "/static/admin/css/base.css")[0] == 404
    assert first.get("harbor.localhost", "/static/admin/css/base.css")[0] == 200
    assert oct((folder / "passwords.txt").stat().st_mode)[-3:] == "600"
    assert set(first.children()) == {
        "postgres", "redis-broker", "redis-journal", "redis-cache", "server", "worker", "scheduler", "slot-1", "slot-2",
    }  # fmt: skip
    pids = first.children().values()
    assert first.stop() < 5
    assert all(gone(pid) for pid in pids)
    assert not (folder / "addresses.json").exists()

    second = start()
    second.wait_ready()
    passwords = [re.findall(r"(\S+@\S+)  (\S+)", run.said) for run in (first, second)]
    assert len(passwords[0]) == 3
    assert passwords[0] == passwords[1]
    assert second.stop() < 5


def test_after_kill_9_nothing_is_left_and_the_next_run_works(start: Callable[..., Run]) -> None:
    first = start()
    first.wait_ready()
    pids = list(first.children().values())
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    second = start(first.port)
    second.wait_ready()
    assert all(gone(pid) for pid in pids)
    assert "Cannot run" not in second.said


def test_a_killed_slot_comes_back_and_the_others_stay(start: Callable[..., Run]) -> None:
    run = start()
    run.wait_ready()
    before = run.children()
    assert os.getpgid(before["slot-1"]) == before["slot-1"], "a slot is a process group of its own"
    os.kill(before["slot-1"], signal.SIGKILL)
    wait_for(lambda: run.children().get("slot-1", before["slot-1"]) != before["slot-1"], 20)
    after = run.children()
    assert psutil.pid_exists(after["slot-1"])
    assert {name: pid for name, pid in after.items() if name != "slot-1"} == {
        name: pid for name, pid in before.items() if name != "slot-1"
    }


def test_a_killed_redis_comes_back_on_its_port(start: Callable[..., Run]) -> None:
    run = start()
    run.wait_ready()
    before = run.children()["redis-journal"]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: run.children().get("redis-journal", before) != before, 20)
    wait_for(lambda: run.get("harbor.localhost", "/healthz/ready")[0] == 200, 20)


def test_a_busy_port_is_named(start: Callable[..., Run]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = start(port)
        assert run.process.wait(30) == 1
    assert f"Port {port} is busy" in run.said


def test_a_second_runner_on_the_same_data_is_refused(start: Callable[..., Run]) -> None:
    first = start()
    first.wait_ready()
    second = start()
    assert second.process.wait(30) == 1
    assert "Another `make run` is using" in second.said


@pytest.mark.parametrize("environment", [{"DEBUG": "0"}, {"ENVIRONMENT": "production"}])
def test_it_is_for_development(start: Callable[..., Run], environment: dict[str, str]) -> None:
    run = start(**environment)
    assert run.process.wait(30) == 2
    assert "development" in run.said
