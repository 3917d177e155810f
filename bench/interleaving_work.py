"""A workload that mixes everything a process does at once, over several schemas, and counts what went wrong.

The same code runs on our tenancy and on plain django-tenants: only `scope`, the context manager that
enters a schema, differs. Each schema (and `public`) has one table whose rows hold their schema's name, so
a read is wrong when it finds another name, and a write is wrong when it lands in another schema.
"""

from __future__ import annotations

import asyncio
import functools
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import dramatiq
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection, connections, models, transaction
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    Scope = Callable[[str], AbstractContextManager[Any]]

ROUNDS = 6


class Note(models.Model):
    """A row that says which schema it is meant for."""

    owner = models.TextField()

    objects: ClassVar[models.Manager[Note]] = models.Manager()

    class Meta:
        app_label = "bench"
        db_table = "bench_note"
        managed = False

    def __str__(self) -> str:
        return self.owner


@dataclass(slots=True)
class Tally:
    """`wrong` by kind of work, of `done` reads and writes; `failed` ended in an error of the database."""

    done: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def saw(self, kind: str, wanted: str, found: str | None) -> None:
        """Count one read."""
        self.done += 1
        self.wrong[kind] += found != wanted


def make_tables(schemas: Sequence[str]) -> None:
    """The table in each schema (made when missing) and in `public`, with one row of its own."""
    with connection.cursor() as cursor:
        for schema in (*schemas, "public"):
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            cursor.execute(f"CREATE TABLE {schema}.bench_note (id bigserial PRIMARY KEY, owner text NOT NULL)")
            cursor.execute(f"INSERT INTO {schema}.bench_note (owner) VALUES ('{schema}')")


def drop_tables(schemas: Sequence[str]) -> None:
    """What `make_tables` made; schemas stay."""
    with connection.cursor() as cursor:
        for schema in (*schemas, "public"):
            cursor.execute(f"DROP TABLE {schema}.bench_note")


def misplaced(schemas: Sequence[str]) -> int:
    """Rows that lie in another schema than the one they are meant for."""
    with connection.cursor() as cursor:
        parts = [
            f"SELECT count(*) AS n FROM {schema}.bench_note WHERE owner <> '{schema}'"
            for schema in (*schemas, "public")
        ]
        cursor.execute(f"SELECT sum(n) FROM ({' UNION ALL '.join(parts)}) counted")
        return int(cursor.fetchone()[0])


class Workload:
    """200 tasks of six kinds, at once, in one event loop, with threads and a job worker beside it."""

    def __init__(self, scope: Scope, schemas: Sequence[str], *, seed: int = 1, give_back: bool = False) -> None:
        self.scope, self.schemas = scope, schemas
        # With a pool smaller than our threads, each piece of work gives its connection back.
        self._after = connections.close_all if give_back else lambda: None
        self.tally = Tally()
        self._random = random.Random(seed)
        self._threads = ThreadPoolExecutor(6)
        self.kinds = (self._sync_in_thread, self._async_orm, self._plain_thread, self._savepoints, self._cancelled)

    async def run(self, tasks: int = 200) -> Tally:
        """Run the tasks; a sixth of them are jobs."""
        broker, job = self._jobs()
        worker = Worker(broker, worker_timeout=20, worker_threads=3)
        worker.start()
        try:
            pending = []
            for number in range(tasks):
                schema = self.schemas[number % len(self.schemas)]
                kind = number % (len(self.kinds) + 1)
                if kind == len(self.kinds):
                    with self.scope(schema):
                        job.send(schema)
                else:
                    pending.append(asyncio.create_task(self._guarded(self.kinds[kind], schema)))
            await asyncio.gather(*pending)
            await asyncio.to_thread(broker.join, "default", fail_fast=False, timeout=60_000)
        finally:
            await asyncio.to_thread(worker.stop)
            self._close_threads()
        return self.tally

    async def _guarded(self, kind: Callable[[str], Any], schema: str) -> None:
        await asyncio.sleep(self._random.random() * 0.02)
        try:
            await kind(schema)
        except DatabaseError:
            self.tally.failed[kind.__name__] += 1

    async def _sync_in_thread(self, schema: str) -> None:
        with self.scope(schema):
            for _ in range(ROUNDS):
                found = await sync_to_async(self._read_apart, thread_sensitive=False)()
                self.tally.saw("sync ORM in a thread", schema, found)

    def _read_apart(self) -> str | None:
        try:
            return _read()
        finally:
            self._after()

    async def _async_orm(self, schema: str) -> None:
        with self.scope(schema):
            for _ in range(ROUNDS):
                note = await Note.objects.order_by("id").afirst()
                self.tally.saw("async ORM", schema, note.owner if note else None)
                await asyncio.sleep(0)
            await Note.objects.acreate(owner=schema)

    async def _plain_thread(self, schema: str) -> None:
        with self.scope(schema):
            context = copy_context()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, context.run, self._in_thread, schema)

    def _in_thread(self, schema: str) -> None:
        with self.scope(schema), transaction.atomic():
            for _ in range(ROUNDS):
                self.tally.saw("thread", schema, _read())
            Note.objects.create(owner=schema)
        self._after()

    async def _savepoints(self, schema: str) -> None:
        loop = asyncio.get_running_loop()
        work = functools.partial(copy_context().run, self._with_savepoints, schema)
        await loop.run_in_executor(self._threads, work)

    def _with_savepoints(self, schema: str) -> None:
        other = self.schemas[(self.schemas.index(schema) + 1) % len(self.schemas)]
        with self.scope(schema), transaction.atomic():
            for _ in range(ROUNDS):
                try:
                    with transaction.atomic(), self.scope(other):
                        self.tally.saw("savepoint", other, _read())
                        Note.objects.create(owner=other)
                        raise _Undo  # noqa: TRY301 - a rollback is what this is about
                except _Undo:
                    pass
                self.tally.saw("savepoint", schema, _read())
            Note.objects.create(owner=schema)
        self._after()

    async def _cancelled(self, schema: str) -> None:
        async def until_cancelled() -> None:
            with self.scope(schema):
                while True:
                    await Note.objects.order_by("id").afirst()

        doomed = asyncio.create_task(until_cancelled())
        await asyncio.sleep(0.005 + self._random.random() * 0.01)
        doomed.cancel()
        await asyncio.gather(doomed, return_exceptions=True)
        with self.scope(schema):
            note = await Note.objects.order_by("id").afirst()
            self.tally.saw("after a cancelled task", schema, note.owner if note else None)

    def _jobs(self) -> tuple[StubBroker, Any]:
        broker = StubBroker()
        broker.emit_after("process_boot")

        @dramatiq.actor(broker=broker, max_retries=0)
        def job(schema: str) -> None:
            with self.scope(schema):
                for _ in range(ROUNDS):
                    self.tally.saw("job", schema, _read())
                Note.objects.create(owner=schema)
            connections.close_all()

        return broker, job

    def _close_threads(self) -> None:
        for _ in range(12):
            self._threads.submit(connections.close_all)
        self._threads.shutdown()


class _Undo(Exception):
    """Rolls a savepoint back."""


def _read() -> str | None:
    note = Note.objects.order_by("id").first()
    return note.owner if note else None
