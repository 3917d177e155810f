"""Joining and leaving the channel layer's groups, in tasks that nobody's end cancels.

The layer's connection is shared and does not survive being cancelled in the middle of a command.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import redis

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

_background: set[asyncio.Task[Any]] = set()


def in_background(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """A task that nobody's end cancels."""
    task = asyncio.create_task(work)
    _background.add(task)
    task.add_done_callback(_background.discard)
    return task


async def join(layer: Any, groups: Sequence[str]) -> str:
    """A channel of its own in these groups."""
    channel: str = await layer.new_channel()
    for group in groups:
        await layer.group_add(group, channel)
    return channel


async def leave(layer: Any, groups: Sequence[str], joining: asyncio.Task[str]) -> None:
    """Out of the groups again, once it was in them."""
    with suppress(redis.RedisError, OSError):
        channel = await joining
        for group in groups:
            await layer.group_discard(group, channel)
