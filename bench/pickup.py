"""How long a lone job waits: one each 2 to 4 s at random, our voice slot's settings against Dramatiq's.

Both workers run in processes of their own on the same Redis, each on its queue; a job is sent to both in
turn. The job's argument is when it was sent; the worker writes down how much later it began. The CPU that an
idle poller uses is measured over the whole run, in which both are nearly always idle.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import dramatiq
import psutil
from dramatiq.brokers.redis import RedisBroker

from bench.report import Row, main, percentile
from legal_intake.embedded import start_redis
from tenants.watched_broker import WatchedBroker

ROOT = Path(__file__).parent.parent
#: Who reads the queue, and the longest time between two looks of its own into an empty one, in milliseconds.
SETTINGS: dict[str, tuple[type[RedisBroker], int | None]] = {"ours": (WatchedBroker, 200), "stock": (RedisBroker, None)}


def make_actor(url: str, queue: str) -> Any:
    """An actor that writes down how long its message waited, in milliseconds."""
    broker = SETTINGS[queue][0](url=url)

    @dramatiq.actor(broker=broker, queue_name=queue, actor_name=f"note_{queue}")
    def note(sent_at: float) -> None:
        waited = (time.time() - sent_at) * 1000
        broker.client.rpush(f"waited:{queue}", waited)

    return note


def work(url: str, queue: str) -> None:
    """One worker until it is killed: the slot's settings, or Dramatiq's own."""
    from dramatiq import Worker

    broker = make_actor(url, queue).broker
    poll = SETTINGS[queue][1]
    options: dict[str, Any] = {"worker_timeout": poll} if poll else {}
    worker = Worker(broker, worker_threads=1, **options)
    worker.start()
    while True:
        time.sleep(3600)


def run(quick: bool) -> list[Row]:
    """100 jobs each (quick: 5, closer together)."""
    count, pause = (5, (0.3, 0.6)) if quick else (100, (2.0, 4.0))
    rng = random.Random(5)
    with tempfile.TemporaryDirectory(prefix="legal-intake-bench-pickup-") as folder:
        redis = start_redis(Path(folder) / "redis")
        command = [sys.executable, "-m", "bench.pickup", "work", redis.url]
        # The slot fetches one job at a time (legal_intake/voice_worker.py).
        workers = {queue: subprocess.Popen([*command, queue], cwd=ROOT) for queue in SETTINGS}
        try:
            actors = {queue: make_actor(redis.url, queue) for queue in SETTINGS}
            time.sleep(4)
            idle = {queue: _cpu(worker.pid) for queue, worker in workers.items()}
            began = time.monotonic()
            for _ in range(count):
                for actor in actors.values():
                    time.sleep(rng.uniform(*pause) / len(actors))
                    actor.send(time.time())
            time.sleep(3)
            seconds = time.monotonic() - began
            busy = {queue: (_cpu(worker.pid) - idle[queue]) / seconds for queue, worker in workers.items()}
            client = actors["ours"].broker.client
            waited = {queue: [float(x) for x in client.lrange(f"waited:{queue}", 0, -1)] for queue in SETTINGS}
        finally:
            for worker in workers.values():
                worker.kill()
                worker.wait()
            redis.stop()
    ours, stock = waited["ours"], waited["stock"]
    note = f"{len(ours)} jobs each; idle CPU {busy['ours']:.1%} of a core, stock {busy['stock']:.1%}"
    return [
        Row("pick-up of a lone job, P95", percentile(ours, 0.95), percentile(stock, 0.95), "ms", 0.03, note),
        Row("pick-up of a lone job, P50", percentile(ours, 0.5), percentile(stock, 0.5), "ms"),
    ]


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        work(sys.argv[2], sys.argv[3])
    else:
        main(run(quick="--quick" in sys.argv))
