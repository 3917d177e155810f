"""Daphne with bounds: what it reads, what it accepts, and how it goes away.

Daphne as it comes queues every message it can read, drops TCP on SIGTERM and raises in its shutdown
when a request has just finished. This subclass

* pauses a socket's transport at 32 queued messages and resumes it at 8, so that a client that
  sends faster than the application reads is slowed by TCP instead of filling memory;
* answers a WebSocket frame over 64 kB with close code 1009, a request body over ``MAX_BODY_BYTES``
  with 413, both before the application sees it;
* on SIGTERM takes no new connection, sets the event ``scope["extensions"]["legal_intake.going_away"]`` so that
  a socket can say ``session.going_away``, then closes what is still open with 1012 and answers the requests
  that it has, for up to ``DRAIN_SECONDS``. Each answer ends its connection, so that a proxy asks another replica.

``python -m legal_intake.server --bind 127.0.0.1 --port 8000``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import threading
import time
from functools import partial
from typing import Any

from daphne import http_protocol, ws_protocol
from daphne.server import Server, reactor
from twisted.internet import defer
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.logger import globalLogBeginner

from legal_intake.process import prepare
from legal_intake.server_names import GOING_AWAY, MAX_BODY_BYTES
from legal_intake.whole_frames import split

logger = logging.getLogger("legal_intake.server")

QUEUE_HIGH = 32
QUEUE_LOW = 8
MAX_FRAME_BYTES = 64 * 1024
# A body is read to its end so that its sender hears the 413; beyond this the connection drops.
MAX_DISCARDED_BYTES = 8 * 1024 * 1024
GOING_AWAY_SECONDS = 1.0
DRAIN_SECONDS = 2.0  # of a process that nothing else was told: see DRAIN_SECONDS in .env.example
CLOSE_SERVICE_RESTART = 1012


class BoundedQueue(asyncio.Queue[dict[str, Any]]):
    """One connection's messages. Pauses the transport's reading at the high mark.

    The queue itself is unbounded: what one read of the transport already delivered is kept.
    """

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self._protocol = protocol
        self._paused = False

    def _put(self, item: dict[str, Any]) -> None:
        super()._put(item)
        if not self._paused and self.qsize() >= QUEUE_HIGH:
            self._paused = True
            self._protocol.transport.pauseProducing()

    def _get(self) -> dict[str, Any]:
        item: dict[str, Any] = super()._get()
        if self._paused and self.qsize() <= QUEUE_LOW:
            self._paused = False
            transport = self._protocol.transport
            if transport is not None and not getattr(transport, "disconnecting", False):
                transport.resumeProducing()
        return item


class BoundedRequest(http_protocol.WebRequest):
    """An HTTP request whose body has a cap and whose own errors are problem details."""

    received_bytes = 0

    def handleContentChunk(self, data: bytes) -> None:
        self.received_bytes += len(data)
        if self.received_bytes <= MAX_BODY_BYTES:
            super().handleContentChunk(data)
        elif self.received_bytes > MAX_DISCARDED_BYTES:
            self.channel.forceAbortClient()

    def process(self) -> Any:
        if self.received_bytes > MAX_BODY_BYTES:
            return self.basic_error(413, b"Content Too Large", "The body is too large.")
        return super().process()

    def handle_reply(self, message: dict[str, Any]) -> None:
        going_away = self.channel is not None and self.server.going_away.is_set()
        if going_away and message["type"] == "http.response.start":
            self.channel.persistent = False
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        super().handle_reply(message)

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        title = status_text.decode("ascii")
        code = title.lower().replace(" ", "_")
        problem = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": body,
            "code": code,
        }
        headers = [(b"content-type", b"application/problem+json")]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": json.dumps(problem).encode()})


class BoundedHTTPFactory(http_protocol.HTTPFactory):
    """Makes HTTP connections whose requests are bounded."""

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


class BoundedSocket(ws_protocol.WebSocketProtocol):
    """A WebSocket that an application may close with any code that a server may send.

    The library lets only 1000 and 3000 to 4999 through; 1009, 1011 and 1012 are a server's too.
    """

    def serverClose(self, code: int | None = None) -> None:
        self.sendCloseFrame(code=1000 if code is None else code)

    def dataReceived(self, data: bytes) -> None:
        # Past the library's parser, and past a line for a log that it formats and throws away.
        if self.state == self.STATE_OPEN and not self.data and self.current_frame is None and not self.inside_message:
            payloads, data = split(data)
            for payload in payloads:
                self.onMessage(payload, True)
        if data:
            self._dataReceived(data)


class BoundedSocketFactory(ws_protocol.WebSocketFactory):
    """Makes bounded sockets."""

    protocol = BoundedSocket


class BoundedServer(Server):
    """Daphne's server with the bounds above.

    Args:
        application: the ASGI application.
        host, port: where to listen; port 0 takes a free one (see ``listening_addresses``).
        drain_seconds: how long after SIGTERM a request may still take.
    """

    def __init__(
        self, application: Any, *, host: str, port: int, drain_seconds: float = DRAIN_SECONDS, **options: Any
    ) -> None:
        options.setdefault("server_name", "")  # nobody needs to know what answers
        options.setdefault("verbosity", 1)
        super().__init__(
            application,
            endpoints=[f"tcp:port={port}:interface={host}"],
            websocket_max_message_size=MAX_FRAME_BYTES,
            websocket_max_frame_size=MAX_FRAME_BYTES,
            **options,
        )
        self.host, self.port = host, port
        self.drain_seconds = drain_seconds
        self.connections: dict[Any, dict[str, Any]] = {}
        self.going_away = asyncio.Event()
        self.failed: str | None = None

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM. A port that is taken ends it at once with ``failed`` set."""
        self.http_factory = BoundedHTTPFactory(self)
        self.ws_factory = BoundedSocketFactory(self, server=self.server_name)
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            allowNullOrigin=True,  # Origin is the tenancy layer's to judge, with the Host in hand
            openHandshakeTimeout=self.websocket_handshake_timeout,
            maxMessagePayloadSize=self.websocket_max_message_size,
            maxFramePayloadSize=self.websocket_max_frame_size,
            failByDrop=False,  # an oversize frame is answered (1009), not just cut off
        )
        nowhere: Any = lambda _event: None  # noqa: E731 - Twisted's log of connections that come and go
        globalLogBeginner.beginLoggingTo([nowhere], redirectStandardIO=False, discardBuffer=True)
        reactor.callLater(1, self.application_checker)
        reactor.callLater(2, self.timeout_checker)
        asyncio.set_event_loop(reactor._asyncioEventloop)
        endpoint = TCP4ServerEndpoint(reactor, self.port, interface=self.host, backlog=1024)
        listening = endpoint.listen(self.http_factory)
        listening.addCallback(self.listen_success)
        listening.addErrback(self.listen_error)
        self.listeners.append(listening)
        reactor.addSystemEventTrigger("before", "shutdown", self.kill_all_applications)
        if not self.abort_start:
            reactor.run(installSignalHandlers=self.signal_handlers)

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self.listening_port = port
        if self.ready_callable:
            self.ready_callable()

    def listen_error(self, failure: Any) -> None:
        self.failed = f"Cannot listen on {self.host}:{self.port}: {failure.getErrorMessage()}"
        self.stop()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> asyncio.Queue[Any] | None:
        """Start the application for a connection, on a queue that bounds its reading."""
        is_socket = scope["type"] == "websocket"
        queue: asyncio.Queue[Any] = BoundedQueue(protocol) if is_socket else asyncio.Queue()
        scope.setdefault("asgi", {"version": "3.0"})
        scope.setdefault("extensions", {})[GOING_AWAY] = self.going_away
        if protocol not in self.connections:
            return None
        running = self.application(scope=scope, receive=queue.get, send=partial(self.handle_reply, protocol))
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(running)
        return queue

    def kill_all_applications(self) -> defer.Deferred[None]:
        """Twisted's last act before it stops: drain, then cancel what is left."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        self.going_away.set()
        if hasattr(self, "listening_port"):
            # Whoever the kernel let in already would be cut off by the closing of the door.
            self.listening_port.doRead()
            self.listening_port.stopListening()
        await self._finish(GOING_AWAY_SECONDS if self._sockets() else 0)
        for protocol in self._sockets():
            protocol.serverClose(CLOSE_SERVICE_RESTART)
        await self._finish(self.drain_seconds)
        left = self._applications()
        for application in left:
            application.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _finish(self, seconds: float) -> None:
        """Wait until nothing runs any more, also of what begins meanwhile."""
        until = time.monotonic() + seconds
        while (running := self._applications()) and (left := until - time.monotonic()) > 0:
            await asyncio.wait(running, timeout=left)

    def _applications(self) -> list[asyncio.Future[None]]:
        """Those still running. A connection may have none: just made, or already reaped."""
        found = (details.get("application_instance") for details in self.connections.values())
        return [future for future in found if future is not None and not future.done()]

    def _sockets(self) -> list[Any]:
        return [
            protocol
            for protocol in self.connections
            if isinstance(protocol, BoundedSocket) and protocol.state == protocol.STATE_OPEN
        ]


def main(arguments: list[str] | None = None) -> int:
    """Serve ``legal_intake.asgi``; exit status 1 with a message when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m legal_intake.server")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    prepare("server")
    from intake.interviews import warm
    from legal_intake.asgi import application

    # Beside the start, not before it: who comes first waits no longer than without.
    threading.Thread(target=warm, name="warm", daemon=True).start()
    drain = float(os.environ.get("DRAIN_SECONDS", "") or DRAIN_SECONDS)
    server = BoundedServer(application, host=options.bind, port=options.port, drain_seconds=drain)
    logger.info("serving", extra={"bind": options.bind, "port": options.port})
    server.run()
    if server.failed:
        sys.stderr.write(server.failed + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
