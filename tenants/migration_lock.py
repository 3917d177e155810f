"""One run of migrations at a time in a whole deployment, however many start one."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tenants.errors import TenancyError
from tenants.plain_connection import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

# Any constant, so long as nobody else of this database takes it: "LI migr" in hexadecimal.
LOCK_ID = 0x4C49206D696772
POLL_SECONDS = 0.5


class MigrationRunning(TenancyError):
    """Another process migrates, and did not finish while we waited."""

    code = "migration_running"


@contextmanager
def migration_lock(*, wait: float, say: Callable[[str], None], shard: str = "default") -> Iterator[None]:
    """Hold the lock for the block; wait up to `wait` seconds for another holder.

    The lock lives on a connection of its own, so it goes when this process does, however it ends, and
    survives whatever a migration does to Django's connections.

    Raises:
        MigrationRunning: the other one is still at it after `wait` seconds.
    """
    with connect(shard) as connection:
        deadline = time.monotonic() + wait
        told = False
        while not _try(connection):
            if time.monotonic() >= deadline:
                raise MigrationRunning(f"another process is migrating; waited {wait:.0f} s for it")
            if not told:
                say(f"Another process is migrating; waiting up to {wait:.0f} s ...")
                told = True
            time.sleep(POLL_SECONDS)
        yield


def _try(connection: psycopg.Connection[tuple[bool]]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_ID]).fetchone()
    return bool(row and row[0])
