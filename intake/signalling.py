"""Wake-ups: "there is a turn 17". What must arrive is the turn; a wake-up may be lost, and a socket
that lost one finds the turn in its sweep."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.db import transaction

from tenants.groups import group_name
from tenants.redis import cache_redis

if TYPE_CHECKING:
    from uuid import UUID

logger = logging.getLogger(__name__)

CONSENTS_CHANGED: Final = "consents.changed"


def turn_added(intake_id: UUID, number: int) -> None:
    """Once the transaction commits, tell this intake's group that turns up to `number` exist.

    Sends `{"type": "turn.wake", "number": number}`.
    """
    group = group_name("intake", intake_id)
    transaction.on_commit(lambda: _send(group, {"type": "turn.wake", "number": number}))


def consents_changed(intake_id: UUID) -> None:
    """Once the transaction commits, tell this intake's group to look at what may still be done.

    Sends `{"type": "consents.changed"}`.
    """
    group = group_name("intake", intake_id)
    transaction.on_commit(lambda: _send(group, {"type": CONSENTS_CHANGED}))


def _send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    try:
        if isinstance(layer, RedisPubSubChannelLayer):
            # What the layer itself publishes, on a plain client: from a thread without a loop the
            # layer would open an event loop and a connection for every single message.
            prefix = layer._kwargs["prefix"]
            cache_redis().publish(f"{prefix}__group__{group}", layer.serialize(message))
        elif layer is not None:
            async_to_sync(layer.group_send)(group, message)
    except redis.RedisError as error:
        logger.warning("wake-up not sent", extra={"error": type(error).__name__})
