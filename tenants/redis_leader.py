"""Connections to whoever leads a role behind Sentinels.

redis-py asks the Sentinels when a connection is opened, but not where a command finds its connection lost and opens it
on the way: then it goes back to the server that it had, which is dead or leads no more. A subscriber, whose one
connection is never handed back, would stay with that server for good. These ask each time.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio import sentinel as loops
from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection


class LeaderConnection(SentinelManagedConnection):
    """To the leader, blocking."""

    connection_pool: Any
    _sock: Any

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

    async def _connect_retry(self) -> None:
        await self.connect_check_health(check_health=self.connection_pool.check_connection, retry_socket_connect=False)

    async def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        """Connect, unless it is connected, to whom the Sentinels name now."""
        if not self.is_connected:
            self.host, self.port = await self.connection_pool.get_master_address()
        await super().connect_check_health(check_health, retry_socket_connect)


class AsyncLeaderTLSConnection(AsyncLeaderConnection, loops.SentinelManagedSSLConnection):
    """To the leader over TLS, for an event loop."""
