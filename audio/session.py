"""What one socket does besides audio: commands, wake-ups, and the news out of the database."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

import redis
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError

from audio import captions, journal, selectors
from audio.actors import send_listener_if_needed
from audio.errors import no_speech
from audio.frames import SAMPLE_RATE
from audio.layer import in_background, join, leave
from audio.live import RATE, WINDOW
from audio.metrics import CAPTIONS_SUPPRESSED, FINAL_SECONDS
from intake.agreed import NOT_AGREED
from intake.errors import IntakeError
from intake.services import add_turn
from intake.signalling import CONSENTS_CHANGED
from tenants.aio import run_db
from tenants.errors import CannotDecrypt
from tenants.groups import group_name
from tenants.redis import async_journal_redis

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from audio.journal import SocketState
    from audio.live import LiveAudio
    from audio.outbox import Outbox
    from audio.selectors import Entry, Standing, UtteranceView
    from tenants.context import FirmRef

logger = logging.getLogger(__name__)

MAX_JSON: Final = 32 * 1024
MAX_COMMANDS: Final = 16
HEARTBEAT_MS: Final = 4_000
IDLE_SECONDS: Final = 15.0
RESUME_WINDOW_MS: Final = 120_000
GOING_AWAY_MS: Final = 1_000
LAYER_RETRY_SECONDS: Final = 1.0
DRAIN_SECONDS: Final = 2.0

CLOSE_NORMAL: Final = 1000
CLOSE_RESTART: Final = 1012
CLOSE_IDLE: Final = 4031
CLOSE_REPLACED: Final = 4009
CLOSE_CLOSED: Final = 4010

TRANSCRIPTION: Final = "conversation.item.input_audio_transcription"
REPLACED: Final = "voice.replaced"


class VoiceSocket:
    """One socket's conversation. Lives inside its firm's scope, on its loop."""

    def __init__(self, scope: dict[str, Any], firm: FirmRef, session_id: UUID, entry: Entry, outbox: Outbox) -> None:
        self.firm = firm
        self.host: str = scope["target"].host
        self.session_id = session_id
        self.outbox = outbox
        self.last_heard = time.monotonic()
        self.seen_turn = entry.last_turn
        self.seen_sample = entry.last_sample
        self.seen_committed = 0
        self.commit_waits: str | None = None
        self._intake_id = entry.intake_id
        self._entry = entry
        self._stood = (entry.stage, entry.refusal)
        self._replay_from: int | None = None
        self._resumes = 0
        self._commands: asyncio.Queue[str] = asyncio.Queue(MAX_COMMANDS)
        self._news = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        # Firm, request and session of this socket, for what the writer and the sweep do in its name.
        self._context = contextvars.copy_context()
        self._do: dict[str, Callable[[dict[str, Any]], Coroutine[Any, Any, None]]] = {
            "session.resume": self._resume,
            "conversation.item.create": self._create_item,
            "input_audio_buffer.commit": self._commit,
            "session.close": self._close,
        }

    def begin(self, audio: LiveAudio, state: SocketState) -> None:
        """Greet. A client that comes back asks for `session.resumed` next."""
        self.audio = audio
        self._epoch = state.epoch
        self.outbox.say(
            "session.created",
            config={"sample_rate": 16_000, "codec": "pcm16", "frame_ms": 40},
            limits={
                "max_frame_bytes": 65_536, "max_json_bytes": MAX_JSON, "window": WINDOW, "rate": RATE,
                "max_utterance_ms": 30_000, "idle_ms": int(IDLE_SECONDS * 1000),
            },
            heartbeat_ms=HEARTBEAT_MS,
            resume_window_ms=RESUME_WINDOW_MS,
            last_turn=self._entry.last_turn,
        )  # fmt: skip

    # -- commands

    async def command(self, text: str) -> None:
        """Take one JSON message. Cheap ones at once, others in their order."""
        self.last_heard = time.monotonic()
        if len(text) > MAX_JSON:
            self._invalid("message_too_large", f"A message may have {MAX_JSON} bytes.")
            return
        if '"ping"' in text and (message := _parsed(text)) and message.get("type") == "ping":
            self.outbox.say("pong", t=message.get("t"), server_t=int(time.time() * 1000))
            return
        await self._commands.put(text)

    async def run_commands(self) -> None:
        """Do what was asked, one after the other."""
        while True:
            message = _parsed(await self._commands.get())
            if message is None:
                self._invalid("invalid_message", "This is no JSON object with a type.")
                continue
            known = self._do.get(message["type"])
            event_id = message.get("event_id")
            if known is None:
                self._invalid("invalid_message", "There is no such message type.", event_id, param="type")
                continue
            try:
                await known(message)
            except (DatabaseError, redis.RedisError, OSError) as error:
                logger.warning("command_failed", extra={"error": type(error).__name__})
                self.outbox.error(
                    "internal", "This could not be saved; send it again.",
                    kind="server_error", client_event_id=_text(event_id), retry_after_ms=1000,
                )  # fmt: skip

    async def _resume(self, message: dict[str, Any]) -> None:
        last_turn, next_seq = message.get("last_turn", 0), message.get("next_audio_seq", 0)
        token = message.get("resume_token")
        sound = _is_count(last_turn) and _is_count(next_seq)
        if not sound or not isinstance(token, str) or message.get("session_id") != str(self.session_id):
            self._invalid("invalid_message", "This is no resume of this session.", message.get("event_id"))
            return
        if not await run_db(selectors.resumable, self.session_id, token):
            self.outbox.end(4001, "resume_token_invalid", "This resume token is not the session's.")
            return
        self.audio.resume(next_seq)
        self.outbox.say("session.resumed", next_expected_seq=self.audio.expected, last_turn=self._entry.last_turn)
        self.seen_turn = min(self.seen_turn, last_turn)
        self._replay_from = last_turn
        self._resumes += 1
        self._news.set()

    async def _create_item(self, message: dict[str, Any]) -> None:
        item, event_id = message.get("item"), message.get("event_id")
        supersedes = item.get("supersedes") if isinstance(item, dict) else None
        text = item.get("text") if isinstance(item, dict) else None
        if (
            not isinstance(text, str)
            or not isinstance(event_id, str)
            or not (supersedes is None or _is_count(supersedes))
        ):
            self._invalid("invalid_message", "An item has a text; the event has an id.", event_id, param="item")
            return
        try:
            await run_db(
                add_turn, intake_id=self._intake_id, text=text, modality="typed",
                client_ref=_reference(self.session_id, event_id), supersedes=supersedes,
            )  # fmt: skip
        except IntakeError as error:
            self._invalid(error.code, error.sentence, event_id, param="item.text")
            return
        self._news.set()

    async def _commit(self, message: dict[str, Any]) -> None:
        self.commit_waits = _text(message.get("event_id")) or ""
        self.audio.end_utterance()
        self.wake()

    async def _close(self, message: dict[str, Any]) -> None:
        self.audio.end_utterance()
        self.audio.flush()
        until = time.monotonic() + DRAIN_SECONDS
        while not self.audio.is_drained and time.monotonic() < until:  # noqa: ASYNC110 - once a session's life
            await asyncio.sleep(0.02)
        self.outbox.close(CLOSE_NORMAL)

    def _invalid(self, code: str, message: str, event_id: Any = None, param: str | None = None) -> None:
        self.outbox.error(code, message, client_event_id=_text(event_id), param=param)

    # -- news

    def wake(self) -> None:
        """There may be something new in the database."""
        self._news.set()

    async def follow_database(self) -> None:
        """Say what the database has that this client was not told."""
        while True:
            await self._news.wait()
            self._news.clear()
            resumes = self._resumes
            try:
                # Asked before the news are read: whatever was heard by then is among them.
                all_heard = self.commit_waits is not None and await self._all_heard()
                news = await run_db(
                    selectors.news, self.session_id, self._intake_id,
                    turn=self.seen_turn, sample=self.seen_sample, replay_from=self._replay_from,
                )  # fmt: skip
            except (DatabaseError, redis.RedisError, OSError) as error:
                # The sweep asks again in a second.
                logger.warning("news_not_read", extra={"error": type(error).__name__})
                continue
            if resumes != self._resumes:
                # The client said meanwhile what it has: these news were read for somebody who had more.
                self._news.set()
                continue
            self._replay_from = None
            for utterance in news.utterances:
                self._tell(utterance)
            for turn in news.turns:
                self.seen_turn = max(self.seen_turn, turn.number)
                self.outbox.say("turn", **turn.as_dict())
            if all_heard:
                self.outbox.say("input_audio_buffer.committed", client_event_id=self.commit_waits or None)
                self.commit_waits = None

    async def _all_heard(self) -> bool:
        """Whether nothing that was said before the client's commit is left to be heard."""
        if not self.audio.is_drained:
            return False
        keys = journal.session_keys(self.session_id)
        return await async_journal_redis().zscore(journal.pending_key(), keys.member) is None

    def _tell(self, utterance: UtteranceView) -> None:
        if utterance.start_sample > self.seen_sample:
            came = self.audio.arrivals.of(utterance.audio_end_ms * SAMPLE_RATE // 1000)
            if came is not None:
                FINAL_SECONDS.observe(time.monotonic() - came)
        self.seen_sample = max(self.seen_sample, utterance.start_sample)
        item = str(utterance.id)
        self.outbox.forget_caption(item)
        if utterance.error:
            self.outbox.say(
                f"{TRANSCRIPTION}.failed", item_id=item, error=utterance.error, retryable=False,
                audio_retained=utterance.audio_retained,
            )  # fmt: skip
            return
        self.outbox.say(
            f"{TRANSCRIPTION}.completed", item_id=item, transcript=utterance.text, words=utterance.words,
            audio_start_ms=utterance.audio_start_ms, audio_end_ms=utterance.audio_end_ms, turn=utterance.turn,
        )  # fmt: skip

    # -- wake-ups

    async def follow_layer(self) -> None:
        """Captions and wake-ups, for as long as the socket lives; Redis may come and go."""
        while True:
            with suppress(redis.RedisError, OSError):
                await self._follow_layer()
            await asyncio.sleep(LAYER_RETRY_SECONDS)

    async def _follow_layer(self) -> None:
        layer = get_channel_layer()
        groups = (captions.voice_group(self.session_id), group_name("intake", self._intake_id))
        # The layer's connection is shared and does not survive being cancelled in the middle of a
        # command: joining and leaving are tasks of their own, which end whatever becomes of this one.
        joining = in_background(join(layer, groups))
        try:
            channel = await asyncio.shield(joining)
            replaced = {"type": REPLACED, "session": str(self.session_id), "epoch": self._epoch}
            await asyncio.shield(in_background(layer.group_send(groups[1], replaced)))
            self.wake()
            while True:
                self._heard(await layer.receive(channel))
        finally:
            in_background(leave(layer, groups, joining))

    def _heard(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == captions.CAPTION:
            try:
                event = captions.open_caption(self.session_id, message, self.audio.ring)
            except CannotDecrypt:
                CAPTIONS_SUPPRESSED.labels("unreadable").inc()
                return
            if event["type"].endswith(".partial"):
                self.outbox.caption(event, self.audio.arrivals.of(event.pop("sample", 0)))
            else:
                self.outbox.say(event.pop("type"), **event)
        elif kind == REPLACED:
            same = message["session"] == str(self.session_id)
            if not same or message["epoch"] > self._epoch:
                self.outbox.end(CLOSE_REPLACED, "session_replaced", "The microphone was opened somewhere else.")
        elif kind == CONSENTS_CHANGED:
            self._in_the_firm(self._look_again())
        else:
            self.wake()

    def on_speech(self) -> None:
        """Somebody has to listen."""
        self.send_listener(send_listener_if_needed, "speech")

    def send_listener(self, send: Callable[[UUID, str], None], reason: str) -> None:
        """Off the loop: the broker's client blocks."""
        # Called from the writer and the sweep too, which have no firm and no request of their own.
        self._in_the_firm(self._send_listener(send, reason))

    def _in_the_firm(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, context=self._context.copy())
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def _send_listener(self, send: Callable[[UUID, str], None], reason: str) -> None:
        try:
            await run_db(send, self.session_id, reason)
        except (redis.RedisError, OSError) as error:
            # The sweep finds that nobody listens.
            logger.warning("listener_not_sent", extra={"error": type(error).__name__})

    async def follow_shutdown(self, going_away: asyncio.Event | None) -> None:
        """This process is about to end: say so; the client comes back elsewhere."""
        if going_away is None:
            await asyncio.Event().wait()
            return
        await going_away.wait()
        self.audio.flush()
        self.outbox.say("session.going_away", deadline_ms=GOING_AWAY_MS, reason="deploy")
        self.outbox.close(CLOSE_RESTART)

    def standing(self, standing: Standing) -> None:
        """What the sweep saw. Done or Send over HTTP ends what is being said; a closed stage or a language that is not
        heard, the socket; a consent that was taken back, both, without another word. So does somebody who came back
        elsewhere: the conversation is theirs, and this browser's no more."""
        if standing.holder != self._entry.holder:
            self.outbox.end(CLOSE_REPLACED, "session_replaced", "The conversation goes on somewhere else.")
            return
        if standing.refusal == NOT_AGREED:
            self.audio.withdrawn()
            return
        if self._stood != (standing.stage, standing.refusal):
            self._stood = (standing.stage, standing.refusal)
            self.audio.end_utterance()
        if standing.refusal and self.audio.is_drained:
            self.outbox.end(CLOSE_CLOSED, standing.refusal, str(no_speech(standing.refusal)))

    async def _look_again(self) -> None:
        """Something that the client agreed to has changed. Where this look fails, the sweep looks within a second."""
        try:
            standings = await run_db(selectors.standings, [self.session_id])
        except (DatabaseError, redis.RedisError, OSError) as error:
            logger.warning("standing_not_read", extra={"error": type(error).__name__})
            return
        if standing := standings.get(self.session_id):
            self.standing(standing)

    def check_idle(self, now: float) -> None:
        """Close a socket that sends neither audio nor pings."""
        if now - max(self.last_heard, self.audio.last_audio) > IDLE_SECONDS and self.audio.room.is_set():
            self.outbox.end(CLOSE_IDLE, "idle", "Nothing was heard for a while; come back any time.")

    def call_soon(self, fn: Callable[[], None]) -> None:
        """Run `fn` on this socket's loop, from any thread."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(fn)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


def _text(value: Any) -> str | None:
    return value[:100] if isinstance(value, str) else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _reference(session_id: UUID, event_id: str) -> UUID:
    """The client's id of its turn; what is no UUID becomes one of this session."""
    try:
        return UUID(event_id)
    except ValueError:
        return uuid5(session_id, event_id)
