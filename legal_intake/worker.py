"""A Dramatiq worker as one process: `python -m legal_intake.worker` (every queue but the voice's).

Dramatiq's own command starts a parent and children and ends them all when one dies. Here a worker is the
process that was started, so whoever supervises it sees it die, and only it.
"""

from __future__ import annotations

import logging
import sys

from legal_intake.process import prepare, until_told_to_stop

logger = logging.getLogger("legal_intake.worker")

# What a job may still take after SIGTERM; then it is put back when its lease or heartbeat ends.
STOP_SECONDS = 3.0


def work(queues: set[str], *, threads: int, poll_ms: int) -> None:
    """Run actors of these queues until told to stop.

    Args:
        queues: names of the queues.
        threads: how many jobs at a time.
        poll_ms: the longest sleep between two looks into an empty queue.
    """
    from dramatiq import Worker

    from legal_intake.metrics import SLOTS
    from tenants.jobs import broker

    stop = until_told_to_stop()
    broker.emit_after("process_boot")
    worker = Worker(broker, queues=queues, worker_timeout=poll_ms, worker_threads=threads)
    worker.start()
    for queue in queues:
        SLOTS.labels(queue).set(threads)
    logger.info("worker_ready", extra={"queues": " ".join(sorted(queues)), "threads": threads})
    stop.wait()
    logger.info("worker_stopping")
    worker.stop(timeout=int(STOP_SECONDS * 1000))
    broker.close()


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
