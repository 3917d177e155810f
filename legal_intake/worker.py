"""A Dramatiq worker as one process: `python -m legal_intake.worker` (every queue but the voice's).

Dramatiq's own command starts a parent and children and ends them all when one dies. Here a worker is the
process that was started, so whoever supervises it sees it die, and only it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from legal_intake.heartbeat import beat_while
from legal_intake.process import prepare, until_told_to_stop

if TYPE_CHECKING:
    from dramatiq import Worker

logger = logging.getLogger("legal_intake.worker")

# What a job may still take after SIGTERM; then it is put back when its lease or heartbeat ends.
STOP_SECONDS = 3.0
# Queues are looked into several times a second; jobs have limits of their own, the longest of ten minutes.
LONGEST_UNREAD_SECONDS = 15.0
LONGEST_JOB_SECONDS = 15 * 60.0


def work(queues: set[str], *, threads: int, poll_ms: int, on_stop: Callable[[], object] | None = None) -> None:
    """Run actors of these queues until told to stop.

    Args:
        queues: names of the queues.
        threads: how many jobs at a time.
        poll_ms: the longest sleep between two looks into an empty queue.
        on_stop: told when the process is to end, before its jobs get their last seconds.
    """
    from dramatiq import Worker

    from legal_intake.metrics import SLOTS
    from tenants.jobs import broker

    stop = until_told_to_stop()
    broker.emit_after("process_boot")
    worker = Worker(broker, queues=queues, worker_timeout=poll_ms, worker_threads=threads)
    worker.start()
    heart = beat_while(lambda: _trouble(worker))
    for queue in queues:
        SLOTS.labels(queue).set(threads)
    logger.info("worker_ready", extra={"queues": " ".join(sorted(queues)), "threads": threads})
    stop.wait()
    logger.info("worker_stopping")
    if heart is not None:
        heart.set()
    if on_stop is not None:
        on_stop()
    worker.stop(timeout=int(STOP_SECONDS * 1000))
    broker.close()


def _trouble(worker: Worker) -> str | None:
    """What stands still in this worker; None while it reads its queues and ends its jobs."""
    from tenants.jobs import job_metrics
    from tenants.watched_broker import seconds_unread

    if (unread := seconds_unread()) > LONGEST_UNREAD_SECONDS:
        return f"a queue was last read {unread:.0f} s ago"
    if (longest := job_metrics.oldest()) > LONGEST_JOB_SECONDS:
        return f"a job has run for {longest:.0f} s"
    if not all(thread.is_alive() for thread in (*worker.workers, *worker.consumers.values())):
        return "a thread of the worker has ended"
    return None


def import_actors() -> set[str]:
    """Import every app's actors; the names of all their queues."""
    from django.utils.module_loading import autodiscover_modules

    from tenants.jobs import broker

    autodiscover_modules("actors")
    return set(broker.get_declared_queues())


def main() -> int:
    """The default worker."""
    prepare("worker")
    from django.conf import settings

    queues = import_actors() - {settings.VOICE_QUEUE}
    # An installation without jobs of its own still has a worker, on the default queue.
    work(queues or {"default"}, threads=settings.WORKER_THREADS, poll_ms=settings.WORKER_POLL_MS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
