"""The voice slots of one container: `python -m legal_intake.voice_pool`.

A slot is a process (legal_intake/voice_worker.py), so a container of several cores needs somebody who starts one for
each, starts again what died, and passes SIGTERM on, at which a slot leaves its session for another to go on with.

* `AUDIO_SLOTS` of them; 0 or nothing means one for each whole core that this container may use.
* Each is a process group of its own; one that dies is started again with a growing delay, the others go on.
* `METRICS_PORT` answers for all, each series with its `slot`.
* The heartbeat is touched while every slot gives its own.
"""

from __future__ import annotations

import logging
import logging.config
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from legal_intake.heartbeat import beat_while
from legal_intake.runner import children as family
from legal_intake.runner.children import Child, Process, Spawner

logger = logging.getLogger("legal_intake.voice_pool")

LOOK_SECONDS = 0.5
#: A slot has loaded its models and given a sign of life by then, also on a busy machine.
SILENT_SECONDS = 60.0
#: A slot leaves its session within a second; the rest is for what it is just writing.
STOP_SECONDS = 15.0

#: Limits of this container's processor: control groups, version 2 and version 1.
CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
CPU_QUOTA = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
CPU_PERIOD = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")


def whole_cores(cpu_max: Path = CPU_MAX, quota: Path = CPU_QUOTA, period: Path = CPU_PERIOD) -> int:
    """The whole cores that this container may use, at least one."""
    cores = float(len(os.sched_getaffinity(0)))
    limit = _limit(cpu_max.read_text().split() if cpu_max.exists() else ())
    if limit is None and quota.exists() and period.exists():
        limit = _limit((quota.read_text(), period.read_text()))
    return max(1, int(min(cores, limit if limit is not None else cores)))


def _limit(quota_and_period: tuple[str, ...] | list[str]) -> float | None:
    try:
        quota, period = (int(part) for part in quota_and_period)
    except ValueError:  # `max`, or no such file
        return None
    return quota / period if quota > 0 and period > 0 else None


@dataclass(slots=True)
class Pool:
    """Starts the slots, watches them, ends them.

    Args:
        count: how many slots.
        folder: for the slots' own heartbeat files.
        command: what a slot is.
    """

    count: int
    folder: Path
    command: list[str] = field(default_factory=lambda: [sys.executable, "-m", "legal_intake.voice_worker"])
    slots: list[Child] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    _wake: threading.Event = field(default_factory=threading.Event)
    _ports: dict[str, int] = field(default_factory=dict)
    _began: float = field(default_factory=time.time)

    def run(self) -> None:
        """Until SIGTERM, SIGINT or SIGHUP."""
        self._listen_to_signals()
        spawn = Spawner(Path.cwd(), None, dict(os.environ))
        self.slots += [self._slot(str(number), spawn) for number in range(1, self.count + 1)]
        for slot in self.slots:
            slot.launch()
        logger.info("voice_pool_started", extra={"slots": self.count})
        try:
            while not self.stop.is_set():
                for slot in self.slots:
                    if line := slot.watch():
                        logger.warning("slot_ended", extra={"what": line})
                self._wake.wait(LOOK_SECONDS)
                self._wake.clear()
        finally:
            logger.info("voice_pool_stopping")
            family.stop_all(self.slots, STOP_SECONDS)

    def ports(self) -> dict[str, int]:
        """Where each slot that runs now answers with its metrics."""
        alive = {slot.name.removeprefix("slot-") for slot in list(self.slots) if slot.alive}
        return {number: port for number, port in list(self._ports.items()) if number in alive}

    def trouble(self) -> str | None:
        """The slots that gave no sign of life for a minute; None when all did."""
        now = time.time()
        silent = [number for number in map(str, range(1, self.count + 1)) if now - self._heard(number) > SILENT_SECONDS]
        return f"slots without a sign of life: {', '.join(silent)}" if silent else None

    def _heard(self, number: str) -> float:
        try:
            return max(self._began, self._heartbeat(number).stat().st_mtime)
        except OSError:
            return self._began

    def _heartbeat(self, number: str) -> Path:
        return self.folder / f"slot-{number}"

    def _slot(self, number: str, spawn: Spawner) -> Child:
        def start() -> Process:
            self._ports[number] = port = _free_port()
            return spawn(
                f"slot-{number}",
                self.command,
                METRICS_PORT=str(port),
                METRICS_BIND="127.0.0.1",
                METRICS_NETWORKS="127.0.0.0/8",
                HEARTBEAT_FILE=str(self._heartbeat(number)),
            )

        return Child(f"slot-{number}", start)

    def _listen_to_signals(self) -> None:
        def told_to_stop(_number: int, _frame: FrameType | None) -> None:
            self.stop.set()
            self._wake.set()

        def child_died(_number: int, _frame: FrameType | None) -> None:
            self._wake.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, told_to_stop)
        signal.signal(signal.SIGCHLD, child_died)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve_metrics(pool: Pool) -> None:
    from prometheus_client import REGISTRY

    from legal_intake.metrics import start_exporter
    from legal_intake.slot_metrics import SlotMetrics

    start_exporter("voice_pool", SlotMetrics(pool.ports, REGISTRY))


def main() -> int:
    """Start the pool; the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "legal_intake.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        # Settings only: the applications are the slots' to load.
        logging.config.dictConfig(settings.LOGGING)
        count = settings.AUDIO_SLOTS or whole_cores()
        if count < 1:
            sys.exit(f"Refusing to start: AUDIO_SLOTS is {count}; use a number of 1 or more, or leave it out.")
    except (ImproperlyConfigured, ValueError) as error:
        sys.exit(f"Refusing to start: {error}")
    with tempfile.TemporaryDirectory(prefix="voice-pool-") as folder:
        pool = Pool(count, Path(folder))
        _serve_metrics(pool)
        beat_while(pool.trouble)
        pool.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
