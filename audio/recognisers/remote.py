"""A recogniser elsewhere: the models service, over a socket, in its `replay=exact` way.

**The same words, times and states as here.** Each step of audio is one message and has one answer; the state
goes in with `Begin` and comes back with the final. Nothing else of the other side enters into a result.

**Nothing is lost with the connection.** Until its final has come, an utterance's steps are kept (30 s, under a
megabyte). Where the connection, the slot or the whole service is lost in the middle, another begins with the
same state and hears the same steps, in order, before the next one. How long that is tried is bounded
(`PATIENCE_SECONDS`, counted from the first failure until something is answered): then RecogniserUnavailable,
whose `code` says why. Who listens leaves the audio in the journal and comes back. An utterance that costs the
other side its slot twice is likelier to be the cause than to meet two accidents: RecogniserCrashed.

The connection is kept between utterances; the service frees the slot of one that is silent for 10 s, and the
next utterance opens another. Blocking; one utterance at a time; not thread-safe.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any
from typing import Final as Constant
from urllib.parse import urlsplit, urlunsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.protocol import State
from websockets.sync.client import connect

from audio.errors import (
    ModelsFull,
    ModelsRefused,
    ModelsUnreachable,
    RecogniserCrashed,
    RecogniserStateError,
    RecogniserUnavailable,
)
from audio.frames import SAMPLE_RATE
from audio.metrics import RECOGNISER_RECONNECTS
from audio.recognisers import Context, Final, Partial, Word

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

logger = logging.getLogger(__name__)

QUERY: Constant = f"encoding=linear16&sample_rate={SAMPLE_RATE}&channels=1&interim_results=true&replay=exact"
PATIENCE_SECONDS: Constant = 12.0
OPEN_SECONDS: Constant = 5.0
ANSWER_SECONDS: Constant = 12.0
"""A little longer than the service gives its own slots, so that it is the one to say which was stuck."""
FIRST_PAUSE: Constant = 0.05
LONGEST_PAUSE: Constant = 1.0
MAX_CRASHES: Constant = 2

_CRASHES: Constant = frozenset({"slot_died", "slot_stuck"})
_NOT_YET: Constant = frozenset({502, 503, 504})


class _Lost(Exception):
    """The connection is of no use any more; another may be."""

    def __init__(self, code: str, pause: float = 0.0) -> None:
        super().__init__(code)
        self.code = code
        self.pause = pause


class Remote:
    """The models service as a recogniser.

    Args:
        url: ws:// or wss:// (http:// and https:// mean the same), with or without the path.
        token: opens the service's socket.
        patience: seconds to go on trying after a failure.
        leaving: once it is set, a failure is not waited out: somebody else is to go on.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience: float = PATIENCE_SECONDS,
        leaving: threading.Event | None = None,
    ) -> None:
        self._address = address_of(url)
        self._token = token
        self._line: _Line | None = None
        self._open: RemoteSession | None = None
        self._name = "remote"
        self.patience = patience
        self.leaving = leaving or threading.Event()

    @property
    def name(self) -> str:
        """Engine and version, as the service says; before the first connection, that it is elsewhere."""
        return self._name

    def open(self, context: Context) -> RemoteSession:
        """Begin an utterance; one still open is dropped. Raises RecogniserStateError, RecogniserUnavailable."""
        if self._open is not None:
            self._open.close()
        session = RemoteSession(self, context.state)
        session.begin()
        self._open = session
        return session

    def check(self) -> str:
        """Connect now, if not connected; the recogniser's name. Raises RecogniserUnavailable."""
        try:
            self.line()
        except _Lost as lost:
            raise _unavailable(lost.code) from lost
        return self._name

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def line(self) -> _Line:
        """The connection, made when there is none. Raises _Lost, ModelsRefused."""
        if self._line is None or not self._line.is_open:
            self.close()
            self._line = _Line(self._address, self._token)
            self._name = self._line.recogniser
        return self._line


class RemoteSession:
    """One utterance."""

    def __init__(self, remote: Remote, state: str | None) -> None:
        self._remote = remote
        self._state = state
        self._steps: list[bytes] = []
        self._text = ""
        self._line: _Line | None = None
        """The connection that has heard this utterance's first `_heard` steps."""
        self._heard = 0
        self._crashes = 0
        self._is_open = True

    def begin(self) -> None:
        """Tell the service. Raises RecogniserStateError, RecogniserUnavailable."""
        self._catch_up(finish=False)

    def accept(self, pcm: bytes) -> Partial | None:
        """Take a step of audio; return the hypothesis when it changed.

        Raises RecogniserUnavailable, RecogniserCrashed.
        """
        before = self._text
        self._steps.append(pcm)
        self._catch_up(finish=False)
        return None if self._text == before else Partial(self._text)

    def hypothesis(self) -> str:
        """Return the words so far without ending the utterance."""
        return self._text

    def final(self) -> Final:
        """End the utterance. Raises RecogniserUnavailable, RecogniserCrashed."""
        said = self._catch_up(finish=True)
        self._is_open = False
        words: tuple[Word, ...] = tuple(said["replay"]["words"])
        return Final(_text_of(said), words, said["replay"]["state"])

    def close(self) -> None:
        """Drop the utterance."""
        if self._is_open and self._line is not None and self._line.is_open:
            with suppress(_Lost):
                self._line.say({"type": "Drop"})
        self._is_open = False

    def _catch_up(self, *, finish: bool) -> dict[str, Any]:
        """Have every step heard, on whatever connection, and the end said when it is wanted."""
        until: float | None = None
        pause = FIRST_PAUSE
        while True:
            try:
                return self._go_on(finish=finish)
            except _Lost as lost:
                self._remote.close()
                self._line = None
                self._count(lost.code)
                now = time.monotonic()
                until = until or now + self._remote.patience
                wait = max(pause, lost.pause)
                if now + wait > until or self._remote.leaving.wait(wait):
                    raise _unavailable(lost.code) from lost
                pause = min(LONGEST_PAUSE, pause * 2)
            except (RecogniserUnavailable, RecogniserStateError):
                self._remote.close()
                self._line = None
                raise

    def _go_on(self, *, finish: bool) -> dict[str, Any]:
        line = self._remote.line()
        if self._line is not line:
            line.say({"type": "Begin", "state": self._state})
            line.hear("Begun")
            self._line, self._heard = line, 0
        while self._heard < len(self._steps):
            line.send(self._steps[self._heard])
            said = line.hear("Results", "Heard")
            self._heard += 1
            if said["type"] == "Results":
                self._text = _text_of(said)
        if not finish:
            return {}
        line.say({"type": "Finalize"})
        return line.hear("Results")

    def _count(self, code: str) -> None:
        RECOGNISER_RECONNECTS.labels(code).inc()
        logger.warning("recogniser_lost", extra={"code": code, "steps": len(self._steps)})
        if code in _CRASHES:
            self._crashes += 1
            if self._crashes >= MAX_CRASHES:
                raise RecogniserCrashed(f"the recogniser was lost {self._crashes} times in this utterance ({code})")


class _Line:
    """One connection. Raises _Lost when it is of no use any more."""

    def __init__(self, address: str, token: str) -> None:
        self._stack = ExitStack()
        try:
            self._socket: ClientConnection = self._stack.enter_context(
                connect(
                    address, additional_headers={"Authorization": f"Token {token}"}, compression=None, proxy=None,
                    open_timeout=OPEN_SECONDS, close_timeout=1, ping_interval=None,
                )
            )  # fmt: skip
        except InvalidStatus as error:
            raise _refused(error) from error
        except (InvalidURI, ValueError) as error:
            raise ModelsRefused("MODELS_URL is no address of a WebSocket, such as ws://models:8090") from error
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed, EOFError) as error:
            raise _Lost("models_unreachable") from error
        response = self._socket.response
        self.recogniser = (response.headers.get("x-recogniser", "") if response is not None else "") or "remote"

    @property
    def is_open(self) -> bool:
        """Whether the other side has not hung up, as far as is known."""
        return self._socket.state is State.OPEN

    def say(self, message: dict[str, Any]) -> None:
        self.send(json.dumps(message))

    def send(self, message: str | bytes) -> None:
        try:
            self._socket.send(message)
        except ConnectionClosed as error:
            raise _Lost(_reason(error)) from error

    def hear(self, *kinds: str) -> dict[str, Any]:
        """The next message, which has to be one of these."""
        try:
            said: Any = json.loads(self._socket.recv(timeout=ANSWER_SECONDS))
        except TimeoutError as error:
            raise _Lost("models_silent") from error
        except ConnectionClosed as error:
            raise _Lost(_reason(error)) from error
        except ValueError as error:
            raise ModelsRefused("the models service answers with what is no JSON") from error
        kind = said.get("type") if isinstance(said, dict) else None
        if kind in kinds:
            return dict(said)
        if kind != "Error":
            raise ModelsRefused(f"the models service answers {kind!r} where {' or '.join(kinds)} belongs")
        code, message = str(said.get("code")), str(said.get("description"))
        if code == RecogniserStateError.code:
            raise RecogniserStateError(message)
        if code in ("invalid_message", "message_too_large", "audio_odd_bytes"):
            raise ModelsRefused(f"the models service does not take what we send ({code})")
        raise _Lost(code)

    def close(self) -> None:
        """Hang up, and wait no more than a second for it."""
        with suppress(OSError, ConnectionClosed):
            self._stack.close()


def address_of(url: str) -> str:
    """The socket's address from MODELS_URL. Raises ModelsRefused."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.hostname:
        raise ModelsRefused(f"MODELS_URL is {url!r}: set an address such as ws://models:8090")
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") or "/v1/listen", QUERY, ""))


def _refused(error: InvalidStatus) -> Exception:
    response = error.response
    code = response.headers.get("dg-error", "")
    if response.status_code in _NOT_YET:
        after = response.headers.get("Retry-After", "")
        return _Lost(code or "models_unreachable", float(after) if after.isdecimal() else 0.0)
    said = f"HTTP {response.status_code} {code}".strip()
    if response.status_code in (401, 403):
        return ModelsRefused(f"the models service does not take our token ({said}): compare MODELS_TOKEN on both sides")
    return ModelsRefused(f"the models service does not take our request ({said}): compare the releases of both sides")


def _unavailable(code: str) -> RecogniserUnavailable:
    if code == ModelsFull.code:
        return ModelsFull("every slot of the models service is busy: start more, or fewer voice slots")
    return ModelsUnreachable(f"the models service cannot be used ({code}): look whether it runs and answers /healthz")


def _reason(error: ConnectionClosed) -> str:
    """Why it was closed, as the service said; never more than a short word of it."""
    reason = error.rcvd.reason if error.rcvd is not None else ""
    return reason if reason.replace("_", "").isalpha() and len(reason) <= 40 else "connection_lost"


def _text_of(said: dict[str, Any]) -> str:
    return str(said["channel"]["alternatives"][0]["transcript"])
