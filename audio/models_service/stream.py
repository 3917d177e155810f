"""What one socket does with its slot. docs/protocol/models.md has the messages.

`Stream` is what both ways of listening share, `Plain` is Deepgram's (audio in any pieces, states carried along
here), `Exact` is ours (utterances begun with a state, one answer a step), on which a replay rests.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from websockets.exceptions import ConnectionClosed

from audio.frames import BYTES_PER_SAMPLE, SAMPLE_RATE, STEP_SAMPLES
from audio.models_service import metrics
from audio.models_service.errors import BadMessage, SlotLost, SlotRefused

if TYPE_CHECKING:
    from audio.models_service.door import Caller
    from audio.models_service.pool import Slot

logger = logging.getLogger(__name__)

IDLE_SECONDS: Final = 10.0
MAX_MESSAGE: Final = 64 * 1024
MAX_JSON: Final = 8 * 1024
STEP_BYTES: Final = STEP_SAMPLES * BYTES_PER_SAMPLE
BYTES_PER_SECOND: Final = SAMPLE_RATE * BYTES_PER_SAMPLE
LONGEST_SECONDS: Final = 30.0

CLOSE_DONE: Final = 1000
CLOSE_POLICY: Final = 1008
CLOSE_FAILED: Final = 1011
CLOSE_RESTART: Final = 1012
# Deepgram's own name of a socket that fell silent.
IDLE_REASON: Final = "NET-0001"


class Stream(ABC):
    """One socket. `run` returns when it is over; the slot is given back by the door."""

    def __init__(self, caller: Caller, slot: Slot, recogniser: str) -> None:
        self._caller = caller
        self._slot = slot
        self._model = recogniser
        self._is_open = False
        self._length = 0
        """Bytes of the utterance that is open."""
        self._before = 0
        """Bytes of those before it."""
        self._hash = hashlib.sha256()
        self._created = datetime.now(UTC)

    @property
    def is_between(self) -> bool:
        """Whether nothing is being said at this moment."""
        return not self._is_open

    async def run(self) -> None:
        """Listen until the client has enough, falls silent or errs, or the slot is lost."""
        try:
            while await self._one():
                pass
            await self._caller.close(CLOSE_DONE)
        except ConnectionClosed:
            pass
        except TimeoutError:
            await self._end(CLOSE_FAILED, "idle", f"Nothing came for {IDLE_SECONDS:.0f} s.", reason=IDLE_REASON)
        except BadMessage as error:
            await self._end(CLOSE_POLICY, error.code, str(error))
        except SlotRefused as error:
            await self._end(CLOSE_POLICY, error.code, str(error))
        except SlotLost as error:
            await self._end(CLOSE_FAILED, error.code, "The recogniser was lost; send the utterance again.")

    async def leave(self) -> None:
        """The service goes away: the client is to come back, to another."""
        await self._end(CLOSE_RESTART, "going_away", "This service is going away; come back.")

    async def _one(self) -> bool:
        """Take one message; False when it was the last."""
        async with asyncio.timeout(IDLE_SECONDS):
            message = await self._caller.recv()
        if isinstance(message, bytes):
            await self._hear(message)
            return True
        return await self._command(_parsed(message))

    @abstractmethod
    async def _hear(self, audio: bytes) -> None:
        """Take a binary message."""

    @abstractmethod
    async def _command(self, message: dict[str, Any]) -> bool:
        """Take a JSON message; False when it was the last."""

    async def _begin(self, state: str | None) -> None:
        await self._slot.open(state)
        self._is_open = True

    async def _step(self, pcm: bytes) -> str | None:
        began = time.perf_counter()
        text = await self._slot.step(pcm)
        metrics.STEP_SECONDS.observe(time.perf_counter() - began)
        metrics.AUDIO_SECONDS.inc(len(pcm) / BYTES_PER_SECOND)
        self._hash.update(pcm)
        self._length += len(pcm)
        return text

    async def _finish(self) -> dict[str, Any]:
        began = time.perf_counter()
        found = await self._slot.finish()
        metrics.FINAL_SECONDS.observe(time.perf_counter() - began)
        metrics.UTTERANCES.inc()
        self._is_open = False
        return found

    async def _say(self, said: dict[str, Any]) -> None:
        await self._caller.send(json.dumps(said, separators=(",", ":")))

    async def _results(self, text: str, words: list[dict[str, Any]], **flags: Any) -> None:
        """A `Results`, its times on the socket's clock. Confidences are not known here: 0.0."""
        start = self._before / BYTES_PER_SECOND
        listed = [
            {
                "word": word["word"],
                "start": round(start + word["start_ms"] / 1000, 3),
                "end": round(start + word["end_ms"] / 1000, 3),
                "confidence": 0.0,
                "punctuated_word": word["word"],
            }
            for word in words
        ]
        await self._say(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": round(start, 3),
                "duration": round(self._length / BYTES_PER_SECOND, 3),
                "is_final": False,
                "speech_final": False,
                "from_finalize": False,
                **flags,
                "channel": {"alternatives": [{"transcript": text, "confidence": 0.0, "words": listed}]},
                "metadata": {"request_id": self._caller.request_id, "model_info": self._model_info()},
            }
        )

    async def _summary(self) -> None:
        """`Metadata`, which ends a stream that its client closed."""
        await self._say(
            {
                "type": "Metadata",
                "transaction_key": "deprecated",
                "request_id": self._caller.request_id,
                "sha256": self._hash.hexdigest(),
                "created": self._created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "duration": round((self._before + self._length) / BYTES_PER_SECOND, 3),
                "channels": 1,
            }
        )

    def _model_info(self) -> dict[str, str]:
        name, _, version = self._model.partition(" ")
        return {"name": name, "version": version, "arch": name}

    async def _end(self, close_code: int, code: str, message: str, *, reason: str = "") -> None:
        if close_code != CLOSE_RESTART:
            metrics.ERRORS.labels(code).inc()
            logger.warning("socket_ended", extra={"code": code, "request_id": self._caller.request_id})
        try:
            await self._say(
                {"type": "Error", "code": code, "description": message, "request_id": self._caller.request_id}
            )
            await self._caller.close(close_code, reason or code)
        except ConnectionClosed:
            pass


class Plain(Stream):
    """Deepgram's way. An utterance lasts until Finalize, CloseStream or 30 s."""

    def __init__(self, caller: Caller, slot: Slot, recogniser: str) -> None:
        super().__init__(caller, slot, recogniser)
        self._state: str | None = None
        self._rest = bytearray()

    async def _hear(self, audio: bytes) -> None:
        self._rest += audio
        while len(self._rest) >= STEP_BYTES:
            step = bytes(self._rest[:STEP_BYTES])
            del self._rest[:STEP_BYTES]
            await self._take(step)
            if self._length >= LONGEST_SECONDS * BYTES_PER_SECOND:
                await self._final(speech_final=False, from_finalize=False)

    async def _command(self, message: dict[str, Any]) -> bool:
        match message["type"]:
            case "KeepAlive":
                pass
            case "Finalize":
                await self._final(speech_final=True, from_finalize=True)
            case "CloseStream":
                if self._is_open or len(self._rest) >= BYTES_PER_SAMPLE:
                    await self._final(speech_final=True, from_finalize=False)
                await self._summary()
                return False
            case other:
                raise BadMessage("invalid_message", f"There is no message {other[:40]!r} here.")
        return True

    async def _take(self, step: bytes) -> None:
        if not self._is_open:
            await self._begin(self._state)
        text = await self._step(step)
        if text is not None and self._caller.wanted.interim_results:
            await self._results(text, [])

    async def _final(self, *, speech_final: bool, from_finalize: bool) -> None:
        whole = len(self._rest) - len(self._rest) % BYTES_PER_SAMPLE
        if whole:
            last = bytes(self._rest[:whole])
            del self._rest[:whole]
            await self._take(last)
        found: dict[str, Any] = {"text": "", "words": []}
        if self._is_open:
            found = await self._finish()
            self._state = found["state"]
        await self._results(
            found["text"], found["words"], is_final=True, speech_final=speech_final, from_finalize=from_finalize
        )
        self._before += self._length
        self._length = 0


class Exact(Stream):
    """Our way: the same words, times and states as a recogniser in the caller's own process."""

    def __init__(self, caller: Caller, slot: Slot, recogniser: str) -> None:
        super().__init__(caller, slot, recogniser)
        self._steps = 0

    async def _hear(self, audio: bytes) -> None:
        if not self._is_open:
            raise BadMessage("invalid_message", "Audio before Begin: say with which state the utterance begins.")
        if len(audio) % BYTES_PER_SAMPLE:
            raise BadMessage("audio_odd_bytes", f"{len(audio)} bytes do not make whole samples.")
        text = await self._step(audio)
        self._steps += 1
        if text is None:
            await self._say({"type": "Heard", "step": self._steps})
        else:
            await self._results(text, [], step=self._steps)

    async def _command(self, message: dict[str, Any]) -> bool:
        match message["type"]:
            case "Begin":
                await self._start(message)
            case "Finalize":
                if not self._is_open:
                    raise BadMessage("invalid_message", "Finalize before Begin: no utterance is open.")
                found = await self._finish()
                replay = {"state": found["state"], "words": found["words"]}
                flags = {"is_final": True, "speech_final": True, "from_finalize": True}
                await self._results(found["text"], found["words"], **flags, step=self._steps, replay=replay)
            case "Drop":
                await self._slot.drop()
                self._is_open = False
            case "KeepAlive":
                pass
            case "CloseStream":
                await self._summary()
                return False
            case other:
                raise BadMessage("invalid_message", f"There is no message {other[:40]!r} here.")
        return True

    async def _start(self, message: dict[str, Any]) -> None:
        state = message.get("state", 0)
        if not isinstance(state, str | None):
            raise BadMessage("invalid_message", "Begin needs a state: null for a voice not heard yet, or a string.")
        self._before += self._length
        self._length = self._steps = 0
        await self._begin(state)
        await self._say({"type": "Begun"})


def _parsed(text: str) -> dict[str, Any]:
    """A JSON object with a type. Raises BadMessage."""
    if len(text) > MAX_JSON:
        raise BadMessage("message_too_large", f"A message may have {MAX_JSON} characters; audio comes as binary.")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage("invalid_message", "This is no JSON.") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadMessage("invalid_message", "This is no JSON object with a type.")
    return message
