"""Database work from async code, on our own bounded threads (docs/decisions/0003)."""

from __future__ import annotations

import asyncio
import contextvars
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from django.db import close_old_connections, connections

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

THREADS: Final = 8
_pool: ThreadPoolExecutor | None = None


async def run_db(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking `fn` on one of at most 8 threads, in a copy of the caller's context.

    The firm's scope goes along; the connection is given back afterwards, so a transaction begins
    and ends inside `fn`. Cancelling the caller does not stop a call that has begun.
    """
    context = contextvars.copy_context()

    def work() -> T:
        return _with_connections(fn, *args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_executor(), context.run, work)


def _executor() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(THREADS, thread_name_prefix="run_db")
    return _pool


def _with_connections(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    close_old_connections()
    try:
        return fn(*args, **kwargs)
    finally:
        connections.close_all()


def _forget_pool() -> None:
    global _pool
    _pool = None


os.register_at_fork(after_in_child=_forget_pool)
