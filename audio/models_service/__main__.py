"""`python -m audio.models_service`: check the models, start the slots, serve until SIGTERM, leave politely."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve

from audio.models_service import config as settings
from audio.models_service import logs, manifest
from audio.models_service.config import Config
from audio.models_service.door import Caller, Door, choose_subprotocol
from audio.models_service.errors import ServiceError
from audio.models_service.pool import Pool
from audio.models_service.stream import MAX_MESSAGE, Exact, Plain, Stream

logger = logging.getLogger("audio.models_service")

# After SIGTERM who is being listened to is heard out; who talks longer is heard from the start, elsewhere.
DRAIN_SECONDS: Final = 25.0
LOOK_SECONDS: Final = 0.1
CLOSE_RESTART: Final = 1012


class Service:
    """One service on its loop."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._pool = Pool(config.slots, config.folder)
        self._door = Door(config, self._pool)
        self._streams: set[Stream] = set()
        self._told = asyncio.Event()

    async def run(self) -> str:
        """Serve until told to stop; why it could not go on, or nothing. Raises ServiceError."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told.set)
        try:
            await self._pool.start()
            server = serve(
                self._handle, self._config.bind, self._config.port,
                create_connection=Caller, process_request=self._door.answer, process_response=self._door.dress,
                select_subprotocol=choose_subprotocol, compression=None, max_size=MAX_MESSAGE, max_queue=16,
                server_header=None, close_timeout=2,
            )  # fmt: skip
            try:
                running = await server
            except OSError as error:
                raise ServiceError(
                    f"{self._config.bind}:{self._config.port} cannot be listened on: {error.strerror}. "
                    "Set MODELS_BIND and MODELS_PORT to what is free here."
                ) from error
            port = next(iter(running.sockets)).getsockname()[1]
            logger.info("models_ready", extra={"port": port, "slots": self._pool.size, "engine": self._pool.recogniser})
            try:
                return await self._until_the_end()
            finally:
                running.close(code=CLOSE_RESTART, reason="going_away")
                await running.wait_closed()
        finally:
            await self._pool.stop()

    async def _until_the_end(self) -> str:
        told: asyncio.Future[Any] = asyncio.ensure_future(self._told.wait())
        failed: asyncio.Future[Any] = self._pool.failed
        await asyncio.wait([told, failed], return_when=asyncio.FIRST_COMPLETED)
        if self._pool.failed.done():
            told.cancel()
            return f"No slot can be started: {self._pool.failed.result()}"
        await self._drain()
        return ""

    async def _drain(self) -> None:
        """Take nobody new, let go who is between two utterances, hear out who is speaking."""
        self._door.is_draining = True
        logger.info("models_draining", extra={"sockets": len(self._streams)})
        until = time.monotonic() + DRAIN_SECONDS
        while self._streams and time.monotonic() < until:
            between = [one for one in self._streams if one.is_between]
            self._streams.difference_update(between)
            await asyncio.gather(*(one.leave() for one in between))
            await asyncio.sleep(LOOK_SECONDS)

    async def _handle(self, caller: ServerConnection) -> None:
        if not isinstance(caller, Caller) or caller.slot is None:
            raise TypeError("the door let somebody in without a slot")
        kind = Exact if caller.wanted.exact else Plain
        stream = kind(caller, caller.slot, self._pool.recogniser)
        self._streams.add(stream)
        try:
            await stream.run()
        finally:
            self._streams.discard(stream)


async def _serve(config: Config) -> str:
    return await Service(config).run()


def main() -> int:
    """Start; 1 and a sentence when that cannot be."""
    try:
        config = settings.from_environment()
        logs.set_up(config.log_level)
        began = time.monotonic()
        found = manifest.check(config.folder, config.manifest_sha256)
        logger.info("models_checked", extra={"manifest": found.sha256, "seconds": round(time.monotonic() - began, 2)})
        trouble = asyncio.run(_serve(config))
    except (ServiceError, ValueError) as error:
        trouble = str(error)
    if trouble:
        sys.stderr.write(f"models service: {trouble}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
