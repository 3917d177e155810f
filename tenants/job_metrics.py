"""What a worker tells Prometheus about its jobs, in the process's own registry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dramatiq.middleware import Middleware
from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from dramatiq import Broker
    from dramatiq.broker import MessageProxy

jobs = Counter("tenants_jobs_total", "Jobs by what became of them.", ["queue", "actor", "outcome"])
running = Gauge("tenants_jobs_running", "Jobs being processed now.", ["queue", "actor"])
seconds = Histogram(
    "tenants_job_seconds",
    "Time a job took.",
    ["queue", "actor"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600),
)
waited = Histogram(
    "tenants_job_waited_seconds",
    "Time from the first enqueueing to the pick-up.",
    ["queue"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600),
)


class JobMetrics(Middleware):
    """Counts and times jobs. Dramatiq's own needs a directory of files and a server of its own."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}

    def oldest(self) -> float:
        """For how long the oldest job at hand has run; 0 without one."""
        return max((time.monotonic() - began for began in list(self._began.values())), default=0.0)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """A job begins."""
        self._began[message.message_id] = time.monotonic()
        running.labels(message.queue_name, message.actor_name).inc()
        waited.labels(message.queue_name).observe(max(0.0, time.time() - message.message_timestamp / 1000))

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """A job ends: done, or failed (it may be retried; the last failure is `given_up`)."""
        failed = "given_up" if message.failed else "failed"
        self._end(message, "done" if exception is None else failed)

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        """A job was skipped, by us before it began or by a middleware after us."""
        self._end(message, "skipped")

    def _end(self, message: MessageProxy, outcome: str) -> None:
        labels = (message.queue_name, message.actor_name)
        jobs.labels(*labels, outcome).inc()
        began = self._began.pop(message.message_id, None)
        if began is not None:
            running.labels(*labels).dec()
            seconds.labels(*labels).observe(time.monotonic() - began)
