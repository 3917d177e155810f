"""Health, answered before tenancy: an orchestrator's probe names no firm.

* ``/healthz/live``: the event loop turns. Nothing else, so that a slow database never kills us.
* ``/healthz/ready``: this process can serve: PostgreSQL and the three Redis roles answer, and it is
  not going away.
* ``/healthz/startup``: ready, and the shared tables are migrated and the master key opens what is
  stored. Once true it stays true.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from django.db import ProgrammingError, connection

from legal_intake.problems import send_body
from legal_intake.server_names import GOING_AWAY
from tenants.aio import run_db
from tenants.context import PUBLIC_SCHEMA, public_scope
from tenants.fingerprints import expected_in_public, read_applied
from tenants.keys import check_master_key
from tenants.redis import broker_redis, cache_redis, journal_redis

logger = logging.getLogger(__name__)

CHECK_SECONDS = 2.0
KEEP_SECONDS = 1.0  # probes of several kinds come at once; one look serves them

Check = Callable[[], object]


class Health:
    """The health endpoints of one process."""

    def __init__(self) -> None:
        self._started = False
        self._looked_at = float("-inf")
        self._found: dict[str, str] = {}
        self._looking = asyncio.Lock()
        self._failing: set[str] = set()

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        """Answer a ``/healthz/`` request: 200 when well, 503 with what is not."""
        probes: dict[str, Callable[[], Awaitable[dict[str, str]]]] = {
            "/healthz/live": self._live,
            "/healthz/ready": self._ready,
            "/healthz/startup": self._startup,
        }
        probe = probes.get(scope["path"].rstrip("/"))
        if probe is None:
            await send_body(send, HTTPStatus.NOT_FOUND, b"{}", b"application/json")
            return
        found = dict(await probe())
        going_away = scope.get("extensions", {}).get(GOING_AWAY)
        if probe == self._ready and going_away is not None and going_away.is_set():
            found["server"] = "going away"
        well = all(answer == "ok" for answer in found.values())
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        body = json.dumps({"status": "ok" if well else "unavailable", "checks": found}).encode()
        await send_body(send, status, body, b"application/json")

    async def _live(self) -> dict[str, str]:
        return {}

    async def _ready(self) -> dict[str, str]:
        async with self._looking:
            if time.monotonic() - self._looked_at > KEEP_SECONDS:
                self._found = await self._look(
                    database=_ask_database,
                    broker=lambda: broker_redis().ping(),
                    journal=lambda: journal_redis().ping(),
                    cache=lambda: cache_redis().ping(),
                )
                self._looked_at = time.monotonic()
            return self._found

    async def _startup(self) -> dict[str, str]:
        if self._started:
            return {}
        found = await self._ready() | await self._look(
            migrations=_shared_tables_are_migrated, master_key=check_master_key
        )
        self._started = all(answer == "ok" for answer in found.values())
        return found

    async def _look(self, **checks: Check) -> dict[str, str]:
        answers = await asyncio.gather(*(self._ask(name, check) for name, check in checks.items()))
        return dict(zip(checks, answers, strict=True))

    async def _ask(self, name: str, check: Check) -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await run_db(check)
        except Exception as error:
            if name not in self._failing:  # probes come every second; a change is worth a line
                logger.warning("health_check_failed", extra={"check": name}, exc_info=error)
                self._failing.add(name)
            return type(error).__name__
        self._failing.discard(name)
        return "ok"


def _ask_database() -> None:
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _shared_tables_are_migrated() -> None:
    if expected_in_public() - read_applied(PUBLIC_SCHEMA):
        raise ProgrammingError("the shared tables are not migrated")
