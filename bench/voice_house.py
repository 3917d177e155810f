"""What a benchmark of the voice needs: servers, one firm, and the live processes."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.databases import OURS, two_databases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tenants.context import FirmRef
    from tests.audio.house import House


@contextmanager
def one_firm() -> Iterator[FirmRef]:
    """PostgreSQL, Redis, Django set up in this process (so: once), and a firm."""
    with two_databases() as environments:
        os.environ.update(environments[OURS])
        import django

        django.setup()
        from tenants import directory, provisioning
        from tests.support import firms

        provisioning.migrate_public()
        try:
            yield firms.make_firm("Bench Law", "bench.localhost")
        finally:
            directory.stop_watching()


@contextmanager
def house(slots: int) -> Iterator[House]:
    """Servers, a firm, and `house_of` it."""
    with one_firm() as firm, house_of(firm, slots) as running:
        yield running


@contextmanager
def house_of(firm: FirmRef, slots: int) -> Iterator[House]:
    """The server with a journal of its own, and voice slots that are ready."""
    with tempfile.TemporaryDirectory(prefix="legal-intake-bench-voice-") as folder:
        from tests.audio.house import House

        running = House(Path(folder), firm, slots=slots)
        # What this process makes for its clients lies in the journal that the server reads.
        from django.conf import settings

        settings.REDIS_JOURNAL_URL = running.journal.url
        try:
            running.wait_for_slots()
            yield running
        finally:
            running.close()
