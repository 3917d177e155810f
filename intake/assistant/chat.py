"""One question to an OpenAI-compatible server, streamed, within bounds of time and size.

Keys and words go into no log and no exception: `Failed` carries a kind and numbers.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

import httpx

from intake.assistant.addresses import BadAddress, address_of, base_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from intake.assistant.addresses import Base

#: slow: no words in time, or not all of them. down: no connection, an error of the server's, cut off. malformed: not
#: what was agreed, or too much. refused: it will not (401, 403, 429, a filter). address: not one that we call.
Kind = Literal["slow", "down", "malformed", "refused", "address"]
#: Of what a server sends, headers apart.
MOST_BYTES: Final = 256 * 1024
MOST_LETTERS: Final = 16_000
_LONGEST_LINE: Final = 64 * 1024
_SERVER_ERROR: Final = 500
_OK: Final = 200
_REFUSALS: Final = frozenset({401, 402, 403, 429, 451})
_CLIENTS: Final = 32


class Failed(Exception):
    """No answer that can be used. `status`: what the server said, 0 when it said none."""

    def __init__(self, kind: Kind, why: str, status: int = 0) -> None:
        super().__init__(f"{kind}: {why}")
        self.kind: Kind = kind
        self.why = why
        self.status = status


@dataclass(frozen=True, slots=True)
class Server:
    """Which server, as whom. `listed`: hosts that the operator lets be private. `newer`: beginnings of the names of
    models that take the limit on their words as `max_completion_tokens` and refuse `max_tokens`."""

    base_url: str
    key: str = field(repr=False)
    listed: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()

    def limit_of(self, model: str) -> str:
        """What `model` calls the limit on its words. A name may have its maker's before it: "openai/gpt-5-mini"."""
        own = model.casefold().rpartition("/")[2]
        return "max_completion_tokens" if own.startswith(self.newer) else "max_tokens"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which model, and how long we wait: for the first words, and for all of them."""

    model: str
    messages: Sequence[Mapping[str, str]] = field(repr=False)
    first_seconds: float
    total_seconds: float
    most_tokens: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What it said, and how long that took."""

    text: str = field(repr=False)
    first_ms: int
    total_ms: int


async def ask(server: Server, question: Question) -> Reply:
    """The whole answer. Raises Failed; ends within `total_seconds`, whatever the server does."""
    _tls()  # before the clock runs: once a process, tens of milliseconds
    began = time.monotonic()
    watch = _Watch(began, question.first_seconds)
    try:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + question.first_seconds) as first:
            watch.first = first
            watch.until = asyncio.get_running_loop().time() + question.total_seconds
            return await _asked(server, question, watch)
    except TimeoutError:
        raise Failed("slow", "no first words in time" if not watch.came else "not all words in time") from None
    except BadAddress as bad:
        raise Failed("address", str(bad)) from None
    except (httpx.TransportError, httpx.InvalidURL, OSError, ssl.SSLError) as error:
        raise Failed("down", type(error).__name__) from None
    except (ValueError, KeyError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise Failed("malformed", type(error).__name__) from None


@dataclass
class _Watch:
    """The clock of one question: the first words move its end to that of the whole."""

    began: float
    first_seconds: float
    came: float = 0.0
    first: asyncio.Timeout | None = None
    until: float = 0.0

    def words_came(self) -> None:
        """The first words are there."""
        if not self.came and self.first is not None:
            self.came = time.monotonic()
            self.first.reschedule(self.until)


async def _asked(server: Server, question: Question, watch: _Watch) -> Reply:
    base = base_of(server.base_url, server.listed)
    address = await address_of(base, server.listed)
    body = {
        "model": question.model,
        "messages": list(question.messages),
        "stream": True,
        server.limit_of(question.model): question.most_tokens,
    }
    request = _client(base, address).build_request(
        "POST", f"{base.scheme}://{_bracketed(address)}:{base.port}{base.path}/chat/completions",
        content=json.dumps(body).encode(), headers=_headers(server, base),
        extensions={"sni_hostname": base.host} if base.scheme == "https" else {},
    )  # fmt: skip
    response = await _client(base, address).send(request, stream=True)
    try:
        _check(response)
        said: list[str] = []
        async for piece in _pieces(response):
            if piece:
                watch.words_came()
                said.append(piece)
                if sum(map(len, said)) > MOST_LETTERS:
                    raise Failed("malformed", "too many words")
    finally:
        await response.aclose()
    text = "".join(said)
    if not text.strip():
        raise Failed("malformed", "no words")
    now = time.monotonic()
    return Reply(text, round(1000 * (watch.came - watch.began)), round(1000 * (now - watch.began)))


def _headers(server: Server, base: Base) -> dict[str, str]:
    usual = {"http": 80, "https": 443}[base.scheme]
    host = _bracketed(base.host)
    return {
        "host": host if base.port == usual else f"{host}:{base.port}",
        "content-type": "application/json",
        "accept": "text/event-stream",
        "accept-encoding": "identity",
        **({"authorization": f"Bearer {server.key}"} if server.key else {}),
    }


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status in _REFUSALS:
        raise Failed("refused", "it does not take the request", status)
    if status >= _SERVER_ERROR:
        raise Failed("down", "an error of the server's", status)
    if status != _OK:
        raise Failed("malformed", "not the answer that was agreed", status)
    if response.headers.get("content-encoding", "identity") not in {"", "identity"}:
        raise Failed("malformed", "compressed, which was not asked for")
    if not response.headers.get("content-type", "").startswith("text/event-stream"):
        raise Failed("malformed", "no stream of events")


async def _pieces(response: httpx.Response) -> AsyncIterator[str]:
    """The words as they come. Raises Failed for what is no stream of them, or ends before the model did."""
    has_ended = False
    async for line in _lines(response):
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        event: Any = json.loads(data)
        if "error" in event:
            raise Failed("down", "an error within the stream")
        for choice in event["choices"][:1]:
            delta = choice.get("delta") or {}
            finish = choice.get("finish_reason")
            if finish == "content_filter" or delta.get("refusal"):
                raise Failed("refused", "it refused")
            if finish == "length":
                raise Failed("malformed", "more words than were asked for")
            has_ended = has_ended or finish is not None
            words = delta.get("content") or ""
            if not isinstance(words, str):
                raise Failed("malformed", "words that are none")
            yield words
    if not has_ended:
        raise Failed("down", "cut off")


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Lines of the body, of which neither one nor all may be too long."""
    came, rest = 0, b""
    async for part in response.aiter_raw():
        came += len(part)
        rest += part
        *whole, rest = rest.split(b"\n")
        if came > MOST_BYTES or len(rest) > _LONGEST_LINE:
            raise Failed("malformed", "too much")
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
    if rest:
        yield rest.rstrip(b"\r").decode("utf-8", "replace")


# -- connections, kept a while: each host has clients of its own, since a connection was verified for one name


_clients: dict[tuple[str, int, str], httpx.AsyncClient] = {}


def _client(base: Base, address: str) -> httpx.AsyncClient:
    key = (base.host, base.port, address)
    found = _clients.get(key)
    if found is None:
        while len(_clients) >= _CLIENTS:
            oldest = _clients.pop(next(iter(_clients)))
            _closing.add(task := asyncio.ensure_future(oldest.aclose()))
            task.add_done_callback(_closing.discard)
        found = _clients[key] = httpx.AsyncClient(
            verify=_tls(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(None),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=4, keepalive_expiry=30),
        )
    return found


_closing: set[asyncio.Future[None]] = set()


@cache
def _tls() -> ssl.SSLContext:
    """The authorities, read once; and what httpx imports only when it is first used."""
    import anyio._backends._asyncio  # noqa: F401

    return httpx.create_ssl_context(trust_env=False)


async def close_clients() -> None:
    """Close every connection. Call on the loop that made them."""
    clients = list(_clients.values())
    _clients.clear()
    for client in clients:
        await client.aclose()


def listed_of(hosts: Collection[str]) -> tuple[str, ...]:
    """The operator's list in one form."""
    return tuple(host.strip().lower() for host in hosts if host.strip())
