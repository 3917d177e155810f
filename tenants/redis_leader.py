"""Connections to whoever leads a role behind Sentinels.

redis-py asks the Sentinels when a connection is opened, but not where a command finds its connection lost and opens it
on the way: then it goes back to the server that it had, which is dead or leads no more. A subscriber, whose one
connection is never handed back, would stay with that server for good. These ask each time.

redis-py also moves the Sentinel that answered to the front of its list, by an index that is another's by then when two
ask at once: one Sentinel stands there twice, one is lost for good. Here the list stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.asyncio import sentinel as loops
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TimedOut
from redis.sentinel import MasterNotFoundError, SentinelManagedConnection, SentinelManagedSSLConnection

if TYPE_CHECKING:
    from collections.abc import Iterator


class Asking:
    """Asks one Sentinel after the other, first the one that answered last. Shared by threads."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._sentinels = tuple(manager.sentinels)
        self._first = 0

    def __call__(self, service: str) -> tuple[str, int]:
        """Who leads. Raises MasterNotFoundError when none of them knows one that is well."""
        for at, sentinel in self._in_order():
            try:
                known = sentinel.sentinel_masters()
            except (NotConnected, TimedOut):
                continue
            if found := self._leader(known.get(service), service, at):
                return found
        raise MasterNotFoundError(f"no Sentinel knows who leads {service}")

    def _in_order(self) -> Iterator[tuple[int, Any]]:
        first, count = self._first, len(self._sentinels)
        for step in range(count):
            at = (first + step) % count
            yield at, self._sentinels[at]

    def _leader(self, state: dict[str, Any] | None, service: str, at: int) -> tuple[str, int] | None:
        if not state or not self._manager.check_master_state(state, service):
            return None
        self._first = at
        return state["ip"], state["port"]


class AsyncAsking(Asking):
    """The same on an event loop."""

    async def __call__(self, service: str) -> tuple[str, int]:  # type: ignore[override]
        """Who leads. Raises MasterNotFoundError when none of them knows one that is well."""
        for at, sentinel in self._in_order():
            try:
                known = await sentinel.sentinel_masters()
            except (NotConnected, TimedOut):
                continue
            if found := self._leader(known.get(service), service, at):
                return found
        raise loops.MasterNotFoundError(f"no Sentinel knows who leads {service}")


def _teach(manager: Any, asking: type[Asking]) -> None:
    """Let a pool's Sentinels be asked in our way: a pool may be made by a library, its connections are ours."""
    if not isinstance(manager.discover_master, Asking):
        manager.discover_master = asking(manager)


class LeaderConnection(SentinelManagedConnection):
    """To the leader, blocking."""

    connection_pool: Any
    _sock: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        _teach(self.connection_pool.sentinel_manager, Asking)

    def _connect_retry(self) -> None:
        self.connect_check_health(check_health=self.connection_pool.check_connection, retry_socket_connect=False)

    def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        """Connect, unless it is connected, to whom the Sentinels name now."""
        if not self._sock:
            self.host, self.port = self.connection_pool.get_master_address()
        super().connect_check_health(check_health, retry_socket_connect)


class LeaderTLSConnection(LeaderConnection, SentinelManagedSSLConnection):
    """To the leader over TLS, blocking."""


class AsyncLeaderConnection(loops.SentinelManagedConnection):
    """To the leader, for an event loop."""

    connection_pool: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        _teach(self.connection_pool.sentinel_manager, AsyncAsking)

    async def _connect_retry(self) -> None:
        await self.connect_check_health(check_health=self.connection_pool.check_connection, retry_socket_connect=False)

    async def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        """Connect, unless it is connected, to whom the Sentinels name now."""
        if not self.is_connected:
            self.host, self.port = await self.connection_pool.get_master_address()
        await super().connect_check_health(check_health, retry_socket_connect)


class AsyncLeaderTLSConnection(AsyncLeaderConnection, loops.SentinelManagedSSLConnection):
    """To the leader over TLS, for an event loop."""
