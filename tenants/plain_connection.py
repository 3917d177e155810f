"""Connections of our own, outside Django's: for locks and snapshots that must outlive a transaction of its."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connections

if TYPE_CHECKING:
    from tenants.db.base import DatabaseWrapper

_KEYS = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey", "service")


def parameters(shard: str = "default") -> dict[str, Any]:
    """libpq's parameters of the shard's database: where it is, who asks, and whether TLS is wanted."""
    wrapper: DatabaseWrapper | Any = connections[shard]
    params = wrapper.get_connection_params()
    return {key: params[key] for key in _KEYS if params.get(key)}


def connect(shard: str = "default", *, timeout: int = 10) -> psycopg.Connection[Any]:
    """A new connection to the shard's database, in autocommit; the caller closes it."""
    return psycopg.connect(**parameters(shard), autocommit=True, connect_timeout=timeout, prepare_threshold=None)
