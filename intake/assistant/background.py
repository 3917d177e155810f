"""One event loop a process, on a thread of its own: what is asked there ends when its time is over, whatever the
other side does, and the thread that asked waits no longer than that."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as Late
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")
#: What the loop may take to notice that a time is over. Then nobody waits for it any more.
GRACE_SECONDS: Final = 0.5

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None


def run(work: Coroutine[Any, Any, T], *, seconds: float) -> T:
    """The result of `work`, begun now on the loop. Raises TimeoutError after `seconds`, or what `work` raised."""
    future = asyncio.run_coroutine_threadsafe(_bounded(work, seconds), _running())
    try:
        return future.result(seconds + GRACE_SECONDS)
    except (Late, CancelledError):
        future.cancel()
        raise TimeoutError from None


async def _bounded(work: Coroutine[Any, Any, T], seconds: float) -> T:
    async with asyncio.timeout(seconds):
        return await work


def _running() -> asyncio.AbstractEventLoop:
    global _loop, _thread
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_live, args=(_loop,), name="assistant", daemon=True)
            _thread.start()
        return _loop


def _live(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def stop() -> None:
    """End the loop and its thread: for tests, and before a process ends in good order."""
    global _loop, _thread
    with _lock:
        (loop, thread), (_loop, _thread) = (_loop, _thread), (None, None)
    if loop is None or thread is None:
        return
    with contextlib.suppress(RuntimeError, Late):
        asyncio.run_coroutine_threadsafe(_finish(), loop).result(2)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(2)


async def _finish() -> None:
    from intake.assistant import chat

    await chat.close_clients()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()


def _forget() -> None:
    """A forked child has the loop's memory and not its thread."""
    global _loop, _thread, _lock
    _loop, _thread, _lock = None, None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
