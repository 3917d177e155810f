"""The pool of voice slots: as many as cores, each for itself, one page of metrics, SIGTERM passed on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from legal_intake.slot_metrics import SlotMetrics
from legal_intake.voice_pool import Pool, whole_cores
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
HERE = len(os.sched_getaffinity(0))
TOKEN = "a-token-of-the-test"
# A slot that needs no models: it writes down what it is and what it is told.
SLOT = """
import json, os, signal, sys, time
from pathlib import Path
from prometheus_client import Counter, start_http_server
Counter("heard", "What it heard.", ["who"]).labels("me").inc(os.getpid())
start_http_server(int(os.environ["METRICS_PORT"]), os.environ["METRICS_BIND"])
note = Path(os.environ["NOTES"]) / Path(os.environ["HEARTBEAT_FILE"]).name
Path(os.environ["HEARTBEAT_FILE"]).touch()
def told(*_):
    note.with_suffix(".told").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, told)
part = note.with_suffix(".part")
part.write_text(json.dumps({"pid": os.getpid(), "group": os.getpgid(0)}))
part.rename(note)
while True:
    time.sleep(0.1)
"""
POOL = """
import os, sys, tempfile
from pathlib import Path
import legal_intake.voice_pool as vp
plain = vp.Pool
vp.Pool = lambda count, folder: plain(count, folder, command=[sys.executable, "-c", os.environ["SLOT"]])
sys.exit(vp.main())
"""


@pytest.mark.parametrize(
    ("cpu_max", "quota", "cores"),
    [
        ("max 100000", None, HERE),
        ("150000 100000", None, 1),
        ("50000 100000", None, 1),
        (None, "100000", 1),
        (None, "-1", HERE),
    ],
)
def test_a_slot_for_each_whole_core_of_the_container(
    tmp_path: Path, cpu_max: str | None, quota: str | None, cores: int
) -> None:
    second, first, period = (tmp_path / name for name in ("cpu.max", "quota", "period"))
    if cpu_max is not None:
        second.write_text(f"{cpu_max}\n")
    if quota is not None:
        first.write_text(f"{quota}\n")
        period.write_text("100000\n")
    assert whole_cores(second, first, period) == cores


def test_a_limit_above_what_there_is_counts_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("6400000 100000\n")
    assert whole_cores(tmp_path / "cpu.max", tmp_path / "none", tmp_path / "none") == HERE


class Running:
    """A pool in a process of its own, with slots that only note what happens to them."""

    def __init__(self, folder: Path, slots: int) -> None:
        self.notes, self.slots = folder, slots
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        environment = {
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "development",
            "AUDIO_SLOTS": str(slots),
            "METRICS_PORT": str(self.port),
            "METRICS_TOKEN": TOKEN,
            "METRICS_NETWORKS": "192.0.2.0/24",
            "HEARTBEAT_FILE": str(folder / "pool"),
            "NOTES": str(folder),
            "SLOT": SLOT,
            "DATA_DIR": str(folder / "data"),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", POOL], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        )

    def slot(self, number: int) -> dict[str, int]:
        note = self.notes / f"slot-{number}"
        wait_for(note.exists, 20)
        found: dict[str, int] = json.loads(note.read_text())
        return found

    def metrics(self, token: str = TOKEN) -> str:
        request = Request(f"http://127.0.0.1:{self.port}/metrics", headers={"Authorization": f"Bearer {token}"})
        with urlopen(request, timeout=10) as answer:
            text: str = answer.read().decode()
        return text


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path, 2)
    yield running
    running.process.kill()
    running.process.communicate()


def heard(text: str) -> dict[str, float]:
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return {sample.labels["slot"]: sample.value for sample in families["heard"].samples if sample.name == "heard_total"}


def test_slots_live_and_die_apart_and_answer_on_one_port(pool: Running) -> None:
    first, second = pool.slot(1), pool.slot(2)
    for slot in (first, second):
        assert slot["group"] == slot["pid"], "a process group of its own"
    assert heard(pool.metrics()) == {"1": first["pid"], "2": second["pid"]}
    assert 'legal_intake_process{role="voice_pool"} 1.0' in pool.metrics()
    with pytest.raises(HTTPError, match="403"):
        pool.metrics("another token")

    (pool.notes / "slot-1").unlink()
    os.kill(first["pid"], signal.SIGKILL)
    again = pool.slot(1)
    assert again["pid"] != first["pid"]
    wait_for(lambda: heard(pool.metrics()) == {"1": again["pid"], "2": second["pid"]}, 10)
    assert psutil.pid_exists(second["pid"]), "the other one went on"
    wait_for((pool.notes / "pool").exists, 10)


def test_sigterm_reaches_every_slot_and_waits_for_it(pool: Running) -> None:
    slots = [pool.slot(1), pool.slot(2)]
    pool.process.send_signal(signal.SIGTERM)
    assert pool.process.wait(15) == 0
    assert all((pool.notes / f"slot-{number}.told").exists() for number in (1, 2))
    assert not any(psutil.pid_exists(slot["pid"]) for slot in slots)


def test_slots_do_not_outlive_a_pool_that_was_killed(pool: Running) -> None:
    slots = [pool.slot(1), pool.slot(2)]
    pool.process.kill()
    pool.process.wait()
    wait_for(lambda: not any(psutil.pid_exists(slot["pid"]) for slot in slots), 10)


def test_a_slot_without_a_sign_of_life_is_named(tmp_path: Path) -> None:
    pool = Pool(2, tmp_path)
    assert pool.trouble() is None, "it has just begun"
    pool._began -= 120
    (tmp_path / "slot-1").touch()
    assert pool.trouble() == "slots without a sign of life: 2"
    (tmp_path / "slot-2").touch()
    assert pool.trouble() is None
    old = time.time() - 61
    os.utime(tmp_path / "slot-1", (old, old))
    assert pool.trouble() == "slots without a sign of life: 1"


def test_series_of_slots_are_merged_into_one_family_each() -> None:
    ports, servers = {}, []
    for number in (1, 2):
        registry = CollectorRegistry()
        Counter("frames", "Frames.", ["outcome"], registry=registry).labels("kept").inc(number)
        Histogram("seconds", "Seconds.", buckets=(1,), registry=registry).observe(number)
        server, _thread = start_http_server(0, "127.0.0.1", registry)
        servers.append(server)
        ports[str(number)] = server.server_port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        ports["3"] = probe.getsockname()[1]
    own = CollectorRegistry()
    Counter("frames", "Frames.", ["outcome"], registry=own).labels("lost").inc(5)
    text = generate_latest(SlotMetrics(lambda: ports, own)).decode()
    for server in servers:
        server.shutdown()
        server.server_close()
    assert text.count("# TYPE frames_total counter") == 1
    values: dict[Any, float] = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert values["frames_total", ("outcome", "kept"), ("slot", "1")] == 1
    assert values["frames_total", ("outcome", "kept"), ("slot", "2")] == 2
    assert values["frames_total", ("outcome", "lost")] == 5
    assert values["seconds_bucket", ("le", "1.0"), ("slot", "1")] == 1
    assert values["seconds_bucket", ("le", "1.0"), ("slot", "2")] == 0
    up = {labels[0][1]: value for (name, *labels), value in values.items() if name == "legal_intake_voice_slot_up"}
    assert up == {"1": 1, "2": 1, "3": 0}
