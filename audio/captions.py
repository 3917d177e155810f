"""Captions on their way from a listener to the session's socket, through the channel layer.

They are the one thing that may be lost. They hold a client's words, so they are sealed with the firm's
key: Redis sees none. What must arrive (utterances, turns) is read from the database; here goes only
a wake-up for it.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

import redis
from channels.layers import get_channel_layer
from django.conf import settings

from audio.metrics import CAPTIONS_SUPPRESSED
from tenants.crypto import seal, unseal
from tenants.groups import group_name
from tenants.redis import cache_redis

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.keys import Keyring

logger = logging.getLogger(__name__)

CAPTION: Final = "voice.caption"
WAKE: Final = "voice.wake"
_TABLE: Final = "audio_caption"
_COLUMN: Final = "event"


def voice_group(session_id: UUID) -> str:
    """The group that the session's socket is in."""
    return group_name("voice", session_id)


def publish_caption(session_id: UUID, event: dict[str, Any]) -> None:
    """Send one event, sealed, to the session's socket. Blocking; loses it when Redis is away."""
    plain = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    sealed = seal(plain, table=_TABLE, column=_COLUMN, row_id=session_id)
    readers = _publish(session_id, {"type": CAPTION, "sealed": sealed})
    if not readers and event["type"].endswith(".partial"):
        CAPTIONS_SUPPRESSED.labels("layer_down" if readers is None else "no_reader").inc()


def publish_wake(session_id: UUID) -> None:
    """Tell the session's socket to look into the database and the journal. Blocking; may be lost."""
    _publish(session_id, {"type": WAKE})


def open_caption(session_id: UUID, message: dict[str, Any], ring: Keyring) -> dict[str, Any]:
    """The event in a message of the layer. Raises CannotDecrypt."""
    plain = unseal(message["sealed"], table=_TABLE, column=_COLUMN, row_id=session_id, ring=ring)
    event: dict[str, Any] = json.loads(plain)
    return event


def _publish(session_id: UUID, message: dict[str, Any]) -> int | None:
    """How many sockets' processes it reached; None when Redis is away."""
    # What the layer itself publishes, on a plain client: from a thread without a loop the layer would
    # open an event loop and a connection for every message.
    layer = get_channel_layer()
    config: Any = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    channel = f"{config['prefix']}__group__{voice_group(session_id)}"
    try:
        return int(cache_redis().publish(channel, layer.serialize(message)))
    except redis.RedisError as error:
        logger.warning("caption_not_sent", extra={"error": type(error).__name__})
        return None
