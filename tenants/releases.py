"""Which releases run now, and which are still allowed to: what `firms contract` and `firms migrate` ask.

Each process writes a row every few seconds. Contract steps take away what an older release reads, so before
they run the floor is raised (older code that starts later ends with a message), and then nobody older may be
running. A process writes its row before it reads the floor, and a contraction writes the floor before it
reads the rows, so that one of the two always sees the other.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

import psycopg
from django.conf import settings

from tenants import contract
from tenants.errors import TenancyError
from tenants.ids import new_id
from tenants.plain_connection import connect

if TYPE_CHECKING:
    from uuid import UUID

logger = logging.getLogger(__name__)

BEAT_SECONDS: Final = 15.0
# A process that has not been seen for so long is gone; it could not have reached the database either.
GONE_SECONDS: Final = 60.0

_SEEN = """
    INSERT INTO public.tenants_runningprocess (id, role, release, version, host, started_at, seen_at)
    VALUES (%s, %s, %s, %s, %s, now(), now())
    ON CONFLICT (id) DO UPDATE SET seen_at = now()
"""
_FORGET = "DELETE FROM public.tenants_runningprocess WHERE seen_at < now() - interval '1 day'"
_LEFT = "DELETE FROM public.tenants_runningprocess WHERE id = %s"
_FLOOR = "SELECT release FROM public.tenants_releasefloor WHERE id = 1"
_SET = """
    INSERT INTO public.tenants_releasefloor (id, release, raised_at) VALUES (1, %s, now())
    ON CONFLICT (id) DO UPDATE SET release = excluded.release, raised_at = now()
"""
_OLDER = """
    SELECT role, host, release, version FROM public.tenants_runningprocess
    WHERE release < %s AND seen_at > now() - make_interval(secs => %s) ORDER BY release, role, host
"""


class ReleaseTooOld(TenancyError):
    """The schemas no longer have what this release reads."""

    code = "release_too_old"


class OlderCodeRuns(TenancyError):
    """A process of an older release runs and still reads what would be taken away."""

    code = "older_code_runs"


def number() -> int:
    """This release's number."""
    return contract.release_number()


def version() -> str:
    """What this release calls itself."""
    return str(settings.VERSION)


def seen(process: UUID, role: str) -> None:
    """Write that this process runs, then check that it may.

    Raises:
        ReleaseTooOld: newer code has contracted the schemas.
    """
    with connect(timeout=2) as connection:
        connection.execute(_SEEN.encode(), [process, role, number(), version()[:60], socket.gethostname()[:100]])
        connection.execute(_FORGET.encode())
        row = connection.execute(_FLOOR.encode()).fetchone()
        refused = row is not None and row[0] > number()
        if refused:  # it does not run, so nobody has to wait for it
            connection.execute(_LEFT.encode(), [process])
    if refused:
        raise ReleaseTooOld(
            f"this is release {number()} ({version()}), and the schemas were contracted for release "
            f"{row[0] if row else '?'}: start that release or a newer one"
        )


def left(process: UUID) -> None:
    """Write that this process has ended."""
    with connect(timeout=2) as connection:
        connection.execute(_LEFT.encode(), [process])


def raise_floor(release: int) -> None:
    """Make sure that no release before this one runs, and that none starts from now on.

    Raises:
        OlderCodeRuns: some do; they go on, and nothing was changed.
    """
    with connect() as connection:
        _refuse_older(connection, release)
        row = connection.execute(_FLOOR.encode()).fetchone()
        before = row[0] if row else 0
        if before >= release:
            return
        connection.execute(_SET.encode(), [release])
        try:
            _refuse_older(connection, release)  # one that started meanwhile had not seen the floor
        except OlderCodeRuns:
            connection.execute(_SET.encode(), [before])
            raise


def _refuse_older(connection: psycopg.Connection[Any], release: int) -> None:
    older = connection.execute(_OLDER.encode(), [release, GONE_SECONDS]).fetchall()
    if older:
        role, host, theirs, name = older[0]
        raise OlderCodeRuns(
            f"{len(older)} processes of older releases run, such as {role} on {host} (release {theirs}, {name}): stop "
            f"them; one that died counts for {GONE_SECONDS:.0f} s more"
        )


def recorded() -> bool:
    """Whether `public` has the tables for this yet."""
    with connect() as connection:
        row = connection.execute("SELECT to_regclass('public.tenants_releasefloor') IS NOT NULL").fetchone()
    return bool(row and row[0])


class Beat:
    """Tells the database every few seconds that this process runs. Ends it when its release may not."""

    def __init__(self, role: str) -> None:
        self._id, self._role = new_id(), role
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="release-beat", daemon=True)

    def start(self) -> None:
        """Write the first row, then go on in a thread.

        Raises:
            ReleaseTooOld: this release may not run. A database that is not there, or not migrated, is no reason.
        """
        self._once()
        self._thread.start()

    def stop(self) -> None:
        """Take the row away, if the database lets us."""
        self._stop.set()
        try:
            left(self._id)
        except psycopg.Error as error:
            logger.info("release_row_left_behind", extra={"error": type(error).__name__})

    def _once(self) -> None:
        try:
            seen(self._id, self._role)
        except psycopg.Error as error:
            logger.info("release_not_told", extra={"error": type(error).__name__})

    def _run(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            try:
                self._once()
            except ReleaseTooOld as error:
                logger.critical("release_too_old", extra={"reason": str(error)})
                os.kill(os.getpid(), signal.SIGTERM)
                return


def as_rows() -> list[dict[str, Any]]:
    """The processes that run, for people."""
    with connect() as connection:
        found = connection.execute(_OLDER.encode(), [2**31 - 1, GONE_SECONDS]).fetchall()
    return [{"role": role, "host": host, "release": release, "version": name} for role, host, release, name in found]
