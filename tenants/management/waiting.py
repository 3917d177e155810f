"""Waiting until another process has migrated what a process must have before it serves: public and the canaries.

Every other firm may still be behind: it answers 503 alone, until its wave comes (tenants/window.py).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db import Error, connection

from tenants import fingerprints, waves
from tenants.context import public_scope
from tenants.models import Firm
from tenants.selectors import WITHOUT_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS = 2.0


def lacking() -> str:
    """What is not migrated yet, in words for an operator; empty when this code may serve. Changes nothing."""
    missing = waves.public_missing()
    if missing:
        return f"public lacks {len(missing)} migrations, first {missing[0]}"
    with public_scope():
        canaries = list(Firm.objects.exclude(status__in=WITHOUT_SCHEMA).filter(schema_state__wave=waves.CANARY))
    for firm in canaries:
        behind = sorted(fingerprints.expected_in_firm() - fingerprints.read_applied(firm.schema_name))
        if behind:
            return f"canary {firm.name} ({firm.schema_name}) lacks {len(behind)} migrations, first {behind[0]}"
    return ""


def wait_migrated(*, seconds: float, say: Callable[[str], None]) -> str:
    """Look until nothing is lacking, at most so long, and say each change once.

    Args:
        seconds: how long; 0 looks once.
        say: called with what is lacking, when it changes.

    Returns:
        What is still lacking; empty when all is there.
    """
    until = time.monotonic() + seconds
    said = ""
    while found := _look():
        if found != said:
            say(f"Waiting: {found}")
            said = found
        if time.monotonic() >= until:
            return found
        time.sleep(min(LOOK_SECONDS, max(0.0, until - time.monotonic())))
    return ""


def _look() -> str:
    try:
        return lacking()
    except Error as error:
        # A database that starts or fails over: this connection is of no use any more, the next may be.
        connection.close_if_unusable_or_obsolete()
        return f"the database does not answer ({type(error).__name__})"
