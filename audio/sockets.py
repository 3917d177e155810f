"""The live socket: `GET /ws/v1/intake`, a plain ASGI loop (docs/decisions/0004, docs/protocol/).

    receive loop   binary -> LiveAudio (no await); JSON -> a queue of commands
    commands       what needs the database, one at a time
    outbox         what there is to say; the only task that sends
    wake-ups       the channel layer: captions, "look into the database"

What must arrive (utterances, turns) is read from the database whenever something says that there may
be more: a wake-up, or the sweep of all sockets each second (audio.sweep).
"""

from __future__ import annotations

import asyncio
import logging
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import redis
import structlog
from django.db import Error as DatabaseError

from audio import journal, selectors
from audio.errors import no_speech
from audio.journal_writer import writer
from audio.live import LiveAudio
from audio.metrics import CLOSED, REFUSED, SOCKETS
from audio.outbox import Outbox
from audio.session import VoiceSocket
from audio.sweep import sweeper
from tenants.aio import run_db
from tenants.context import current_firm
from tenants.tokens import aredeem_ticket

if TYPE_CHECKING:
    from audio.journal import SocketState
    from audio.outbox import Send
    from audio.selectors import Entry
    from tenants.context import FirmRef

logger = logging.getLogger(__name__)

PROTOCOL: Final = "intake.realtime.v1"
TICKET_PREFIX: Final = "ticket."
COOKIE: Final = "__Host-intake"
GOING_AWAY: Final = "legal_intake.going_away"

CLOSE_AUTH: Final = 4001
CLOSE_GONE: Final = 4004
CLOSE_CLOSED: Final = 4010
CLOSE_INTERNAL: Final = 1011


class Refused(Exception):
    """A socket that is told why, then closed with `close_code`."""

    def __init__(self, close_code: int, code: str, message: str) -> None:
        super().__init__(message)
        self.close_code, self.code = close_code, code


async def voice_socket(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """Serve one socket, inside its firm's scope (tenants.sockets)."""
    await receive()  # websocket.connect
    offered = scope.get("subprotocols", [])
    await send({"type": "websocket.accept", "subprotocol": PROTOCOL if PROTOCOL in offered else None})
    try:
        session_id, entry, state = await _enter(scope, offered)
    except Refused as refused:
        await _refuse(send, refused)
        return
    structlog.contextvars.bind_contextvars(session_id=str(session_id))
    firm = current_firm()
    SOCKETS.inc()
    logger.info("socket_open")
    try:
        await _serve(scope, receive, send, firm, session_id, entry, state)
    finally:
        SOCKETS.dec()
        logger.info("socket_closed")
        structlog.contextvars.unbind_contextvars("session_id")


async def _enter(scope: dict[str, Any], offered: list[str]) -> tuple[UUID, Entry, SocketState]:
    """Who comes, on which session. Raises Refused."""
    if PROTOCOL not in offered:
        raise Refused(CLOSE_AUTH, "unsupported_protocol", f"Offer the subprotocol {PROTOCOL}.")
    ticket = next((o.removeprefix(TICKET_PREFIX) for o in offered if o.startswith(TICKET_PREFIX)), "")
    try:
        found = await aredeem_ticket(ticket) if ticket else None
        if found is None:
            raise Refused(CLOSE_AUTH, "ticket_invalid", "This ticket is spent, expired or not for here.")
        session_id = UUID(found["session"])
        entry = await run_db(selectors.enter, session_id, UUID(found["intake"]), _secret(scope))
        if entry is None:
            raise Refused(CLOSE_AUTH, "ticket_invalid", "This ticket belongs to another conversation.")
        if entry.refusal:
            raise Refused(CLOSE_CLOSED, entry.refusal, str(no_speech(entry.refusal)))
        state = await run_db(journal.take_socket, session_id)
    except (DatabaseError, redis.RedisError, OSError) as error:
        logger.warning("socket_not_entered", extra={"error": type(error).__name__})
        raise Refused(CLOSE_INTERNAL, "internal", "This cannot be served right now; try again.") from None
    if state is None:
        raise Refused(CLOSE_GONE, "session_expired", "This voice session is over; begin a new one.")
    return session_id, entry, state


async def _refuse(send: Send, refused: Refused) -> None:
    REFUSED.labels(refused.code).inc()
    outbox = Outbox(UUID(int=0), 0)
    outbox.end(refused.close_code, refused.code, str(refused), kind="authentication_error")
    await outbox.run(send)


async def _serve(
    scope: dict[str, Any],
    receive: Any,
    send: Send,
    firm: FirmRef,
    session_id: UUID,
    entry: Entry,
    state: SocketState,
) -> None:
    outbox = Outbox(session_id, state.epoch)
    voice = VoiceSocket(scope, firm, session_id, entry, outbox)
    audio = LiveAudio(session_id, entry.ring, state, outbox, writer(), voice.on_speech)
    voice.begin(audio, state)
    helpers = [
        asyncio.create_task(work, name=f"voice-{name}")
        for name, work in (
            ("outbox", outbox.run(send)),
            ("commands", voice.run_commands()),
            ("wake-ups", voice.follow_layer()),
            ("database", voice.follow_database()),
            ("shutdown", voice.follow_shutdown(scope.get("extensions", {}).get(GOING_AWAY))),
        )
    ]
    sweep = sweeper()
    sweep.add(voice)
    reading = asyncio.create_task(_read(receive, voice, audio), name="voice-read")
    try:
        # The socket ends when the client has gone, or when the outbox has said its last word.
        await asyncio.wait({reading, *helpers[:2]}, return_when=asyncio.FIRST_COMPLETED)
        for task in (reading, *helpers):
            if task.done() and not task.cancelled() and (failure := task.exception()) is not None:
                logger.error("socket_failed", exc_info=failure)
                if task is not helpers[0]:
                    outbox.end(CLOSE_INTERNAL, "internal", "Something failed here; come back.", kind="server_error")
                    await asyncio.wait({helpers[0]}, timeout=1)
    finally:
        sweep.remove(voice)
        for task in (reading, *helpers):
            task.cancel()
        await asyncio.gather(reading, *helpers, return_exceptions=True)
        audio.flush()
        CLOSED.labels(str(outbox.close_code or "client")).inc()


async def _read(receive: Any, voice: VoiceSocket, audio: LiveAudio) -> None:
    """The hot loop. Stops reading while the journal is full; TCP then slows the client."""
    take, room = audio.take, audio.room
    while True:
        message = await receive()
        data = message.get("bytes")
        if data is not None:
            take(data)
            if not room.is_set():
                await room.wait()
        elif message["type"] == "websocket.receive":
            await voice.command(message["text"])
        else:
            return


def _secret(scope: dict[str, Any]) -> str:
    """The intake's cookie; empty when there is none."""
    header = b"; ".join(value for name, value in scope["headers"] if name.lower() == b"cookie")
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(header.decode("latin-1"))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""
