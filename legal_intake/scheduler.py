"""The scheduler: every app's periodic work, on one leader of the whole deployment.

Any number may run; the one that holds a PostgreSQL advisory lock leads. The lock belongs to a connection
of its own, so a leader that dies, hangs up or loses the database loses it, and another takes over
within a second. A region that has Redis of its own and the database elsewhere (`REGION`) has a leader of
its own too, for what lies in that Redis and nothing else.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import zlib
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
from django.conf import settings
from django.db import connections
from django.utils.module_loading import autodiscover_modules
from prometheus_client import Counter, Gauge

from legal_intake.heartbeat import beat_while
from legal_intake.process import prepare, until_told_to_stop
from tenants.periodic import PeriodicTask, registered
from tenants.plain_connection import parameters

logger = logging.getLogger("legal_intake.scheduler")

LEADER_LOCK = 0x1E6A_15C4_ED01  # any number that nothing else locks
LOOK_SECONDS = 1.0
# Without a word of the database for so long, the connection is given up and the lead with it.
SILENT_MS = 5_000
STILL_SECONDS = 15.0
THREADS = 4

LEADING = Gauge("legal_intake_scheduler_leading", "1 while this process is the scheduler's leader.")
RUNS = Counter("legal_intake_scheduler_runs", "Runs of periodic tasks.", ["task", "outcome"])


class Scheduler:
    """Runs tasks while it leads. `step` is one look; call it every `LOOK_SECONDS` or sooner."""

    def __init__(self, tasks: tuple[PeriodicTask, ...], database: dict[str, object], region: str = "") -> None:
        self._tasks = tasks
        self._number = LEADER_LOCK + (zlib.crc32(region.encode()) if region else 0)
        self._database = database
        self._lock: psycopg.Connection | None = None
        self._looked_at = time.monotonic()
        self._due: dict[str, float] = {}
        self._running: dict[str, Future[None]] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="scheduler")

    @property
    def leads(self) -> bool:
        """Whether this scheduler held the lock at its last look."""
        return self._lock is not None

    def trouble(self) -> str | None:
        """What stands still; None while this one leads, or knows that another does."""
        still = time.monotonic() - self._looked_at
        return f"the lead was last looked at {still:.0f} s ago" if still > STILL_SECONDS else None

    def step(self) -> float:
        """Take or check the lock, start what is due; the seconds until the next look."""
        self._look()
        LEADING.set(self.leads)
        if not self.leads:
            return LOOK_SECONDS
        now = time.monotonic()
        for task in self._tasks:
            running = self._running.get(task.name)
            if now >= self._due.get(task.name, 0) and (running is None or running.done()):
                self._due[task.name] = now + task.seconds
                self._running[task.name] = self._pool.submit(_run, task)
        return max(0.05, min([LOOK_SECONDS, *(due - now for due in self._due.values())]))

    def close(self) -> None:
        """Let what runs finish its run, then give up the lead."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._lock is not None:
            self._lock.close()

    def _look(self) -> None:
        try:
            if self._lock is None:
                self._lock = self._try_lock()
            else:
                self._lock.execute("SELECT 1")
            self._looked_at = time.monotonic()
        except psycopg.Error as error:
            logger.warning("scheduler_lost_database", exc_info=error)
            self._lock = None

    def _try_lock(self) -> psycopg.Connection | None:
        connection = psycopg.connect(
            autocommit=True,
            connect_timeout=2,
            tcp_user_timeout=SILENT_MS,
            **self._database,  # type: ignore[arg-type]
        )
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [self._number]).fetchone()
        if row is not None and row[0]:
            logger.info("scheduler_leads")
            return connection
        connection.close()
        return None


def _run(task: PeriodicTask) -> None:
    try:
        task.run()
    except Exception as error:
        # One task's failure must not keep the others from their next turn; it is counted and said.
        RUNS.labels(task.name, "failed").inc()
        logger.exception("periodic_task_failed", extra={"task": task.name}, exc_info=error)
    else:
        RUNS.labels(task.name, "done").inc()
    finally:
        connections.close_all()


def run_until(stop: threading.Event) -> None:
    """Schedule until the event is set."""
    autodiscover_modules("periodic")
    region: str = settings.REGION
    scheduler = Scheduler(registered(region), parameters(), region)
    beat_while(scheduler.trouble)
    try:
        while not stop.wait(scheduler.step()):
            pass
    finally:
        scheduler.close()


def main() -> int:
    """`python -m legal_intake.scheduler`, the same as `manage.py scheduler`."""
    prepare("scheduler")
    run_until(until_told_to_stop())
    return 0


if __name__ == "__main__":
    sys.exit(main())
