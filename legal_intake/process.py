"""What every process of ours does first, and how it hears that it should stop."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from types import FrameType


def prepare(role: str, *, opens_firms: bool = True) -> None:
    """Set up Django, logs and metrics of a process.

    Ends the process with a message when production's settings are unsafe or the master key is wrong.

    Args:
        role: what this process is.
        opens_firms: it needs the master key. What works without is not given it, and is not asked for it.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "legal_intake.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        sys.exit(f"Refusing to start: {error}")
    from legal_intake.logs import log_uncaught
    from legal_intake.metrics import start_exporter
    from legal_intake.safety import stop_when_unsafe

    log_uncaught()
    if opens_firms:
        stop_when_unsafe()
    _tell_release(role)
    start_exporter(role)


def _tell_release(role: str) -> None:
    """Let `firms contract` know that this release runs. Ends the process when it may not run any more."""
    from tenants.releases import Beat, ReleaseTooOld

    beat = Beat(role)
    try:
        beat.start()
    except ReleaseTooOld as error:
        sys.exit(f"{error} [{error.code}]")
    atexit.register(beat.stop)


def until_told_to_stop() -> threading.Event:
    """An event that SIGTERM, SIGINT or SIGHUP sets."""
    stop = threading.Event()

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, told)
    return stop
