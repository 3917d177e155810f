"""Everything before a socket opens: health, metrics, who may come in, what they ask for, whether there is room.

A refusal is HTTP with a JSON body in Deepgram's form and its code in the header `dg-error`, so that clients
that see only headers know it too. A slot is reserved before the upgrade is answered: who is let in has one.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import logging
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from websockets.asyncio.server import ServerConnection
from websockets.typing import Subprotocol

from audio.frames import SAMPLE_RATE
from audio.models_service import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from websockets.http11 import Request, Response

    from audio.models_service.config import Config
    from audio.models_service.pool import Pool, Slot

logger = logging.getLogger(__name__)

LISTEN: Final = "/v1/listen"
RETRY_AFTER_SECONDS: Final = 1
TOKEN_SUBPROTOCOL: Final = Subprotocol("token")


class Refusal(Exception):
    """Why a request is not let in."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a socket was asked to do. `exact`: our extension, see docs/protocol/models.md."""

    interim_results: bool
    exact: bool


class Caller(ServerConnection):
    """A connection, with what the door found out about it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.request_id = str(uuid.uuid4())
        self.wanted = Wanted(interim_results=False, exact=False)
        self.slot: Slot | None = None


class Door:
    """Answers requests before they become sockets."""

    def __init__(self, config: Config, pool: Pool) -> None:
        self.is_draining = False
        self._config = config
        self._pool = pool
        self._leaving: set[asyncio.Task[None]] = set()

    def answer(self, caller: ServerConnection, request: Request) -> Response | None:
        """`process_request` of the server: a response, or None to go on to a socket."""
        parts = urlsplit(request.path)
        if parts.path == "/healthz":
            return self._health(caller)
        if parts.path == "/metrics":
            return self._metrics(caller, request)
        try:
            self._let_in(caller, request, parts.query, parts.path)
        except Refusal as refusal:
            metrics.REFUSED.labels(refusal.code).inc()
            logger.warning("socket_refused", extra={"code": refusal.code})
            return _refuse(caller, refusal)
        return None

    def dress(self, caller: ServerConnection, _request: Request, response: Response) -> Response:
        """`process_response` of the server: every answer says which request it was, and an open door by whom."""
        if isinstance(caller, Caller):
            response.headers["dg-request-id"] = caller.request_id
            if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                response.headers["x-recogniser"] = self._pool.recogniser
                metrics.OPENED.inc()
        return response

    def _let_in(self, caller: ServerConnection, request: Request, query: str, path: str) -> None:
        if path != LISTEN:
            raise Refusal(HTTPStatus.NOT_FOUND, "not_found", f"Only {LISTEN}, /healthz and /metrics are here.")
        if "websocket" not in request.headers.get("Upgrade", "").lower():
            raise Refusal(HTTPStatus.UPGRADE_REQUIRED, "upgrade_required", f"{LISTEN} is a WebSocket.")
        self._check_token(request)
        wanted = read_query(query)
        if self.is_draining:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "models_draining", "This service is going away.")
        taken = self._pool.take()
        if taken is None:
            message = f"All {self._pool.size} slots are busy; come back in {RETRY_AFTER_SECONDS} s."
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "models_full", message)
        if not isinstance(caller, Caller):
            raise TypeError("the server was started without create_connection=Caller")
        caller.wanted, caller.slot = wanted, taken
        # Also when it is cut before it opens, or opens and never says a word.
        leaving = asyncio.create_task(self._give_back(caller, taken))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def _give_back(self, caller: Caller, taken: Slot) -> None:
        await caller.wait_closed()
        await self._pool.give_back(taken)

    def _check_token(self, request: Request) -> None:
        given = given_token(request)
        if not given:
            message = "Say `Authorization: Token …`, or offer the subprotocols `token` and the token."
            raise Refusal(HTTPStatus.UNAUTHORIZED, "token_missing", message)
        right = [_same(given, token) for token in self._config.tokens]
        if not any(right):
            raise Refusal(HTTPStatus.UNAUTHORIZED, "token_invalid", "This token opens nothing here.")

    def _health(self, caller: ServerConnection) -> Response:
        pool = self._pool
        well = not self.is_draining and pool.ready > 0
        said = {
            "status": "draining" if self.is_draining else "ok" if well else "no_slots",
            "slots": pool.size,
            "ready": pool.ready,
            "busy": pool.busy,
            "recogniser": pool.recogniser,
        }
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        return _json(caller, status, said)

    def _metrics(self, caller: ServerConnection, request: Request) -> Response:
        if not self._may_read_metrics(caller, request):
            metrics.REFUSED.labels("metrics_forbidden").inc()
            return _refuse(caller, Refusal(HTTPStatus.FORBIDDEN, "metrics_forbidden", "Not for this caller."))
        response = caller.respond(HTTPStatus.OK, generate_latest(REGISTRY).decode())
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = CONTENT_TYPE_LATEST
        return response

    def _may_read_metrics(self, caller: ServerConnection, request: Request) -> bool:
        token = self._config.metrics_token
        if token and _same(request.headers.get("Authorization", ""), f"Bearer {token}"):
            return True
        if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
            return False
        address = ipaddress.ip_address(caller.remote_address[0])
        return any(address in network for network in self._config.metrics_networks)


def _same(given: str, wanted: str) -> bool:
    """Compared in constant time; what is no text in a header is still bytes."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), wanted.encode())


def given_token(request: Request) -> str:
    """The token in the Authorization header or, as browsers have to send it, in the subprotocols."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() in ("token", "bearer") and token:
        return token.strip()
    offered = [part.strip() for part in ",".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(",")]
    if len(offered) == 2 and offered[0] in ("token", "bearer"):
        return offered[1]
    return ""


def choose_subprotocol(_caller: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """A browser that offers a token this way has to hear that we speak `token`; never the token itself."""
    return offered[0] if offered and offered[0] in ("token", "bearer") else None


def read_query(query: str) -> Wanted:
    """What the address asks for. Raises Refusal for what would be heard wrongly; ignores what is only wished."""
    asked = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    _must_be(asked, "encoding", "linear16", "linear16", "Audio comes as 16-bit little-endian PCM")
    _must_be(asked, "sample_rate", str(SAMPLE_RATE), "", "Audio comes at 16 kHz; say so and resample it before")
    _must_be(asked, "channels", "1", "1", "Audio has one channel")
    language = asked.get("language", "en").lower()
    if language.split("-")[0] not in ("en", "multi"):
        raise _wrong("language", language, "en", "The model here knows English")
    exact = asked.get("replay", "")
    if exact not in ("", "exact"):
        raise _wrong("replay", exact, "exact", "There is one way to replay")
    return Wanted(interim_results=_flag(asked, "interim_results"), exact=exact == "exact")


def _must_be(asked: dict[str, str], name: str, only: str, default: str, why: str) -> None:
    if asked.get(name, default) != only:
        raise _wrong(name, asked.get(name, ""), only, why)


def _flag(asked: dict[str, str], name: str) -> bool:
    value = asked.get(name, "false").lower()
    if value not in ("true", "false"):
        raise _wrong(name, value, "true or false", "It is a switch")
    return value == "true"


def _wrong(name: str, given: str, only: str, why: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "invalid_parameter", f"{name}={given[:40]!r}: {why}; send {name}={only}.")


def _refuse(caller: ServerConnection, refusal: Refusal) -> Response:
    request_id = caller.request_id if isinstance(caller, Caller) else ""
    body = {"err_code": refusal.code, "err_msg": str(refusal), "request_id": request_id}
    response = _json(caller, refusal.status, body)
    response.headers["dg-error"] = refusal.code
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Token"
    if refusal.status == HTTPStatus.UPGRADE_REQUIRED:
        response.headers["Upgrade"] = "websocket"
    return response


def _json(caller: ServerConnection, status: HTTPStatus, said: dict[str, Any]) -> Response:
    response = caller.respond(status, json.dumps(said) + "\n")
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    response.headers["Cache-Control"] = "no-store"
    return response
