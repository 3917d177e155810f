"""One embedded PostgreSQL (fsync on) with a database for us and one for the peer, and programs on each."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from legal_intake.embedded import start_postgres, start_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
OURS, STOCK = "legal_intake.settings", "bench.stock.settings"


@contextmanager
def two_databases() -> Iterator[dict[str, dict[str, str]]]:
    """Environments of programs, by settings module: the same servers, a database each."""
    folder = Path(tempfile.mkdtemp(prefix="legal-intake-bench-"))
    folder.chmod(0o755)
    servers = []
    try:
        servers.append(postgres := start_postgres(folder / "postgres"))
        servers.append(redis := start_redis(folder / "redis"))
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE stock")
        base = redis.url.rsplit("/", 1)[0]
        common = {
            **os.environ,
            "ENVIRONMENT": "development",
            "LOG_LEVEL": "ERROR",
            "DATABASE_POOL": "false",
            "MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
            "REDIS_BROKER_URL": f"{base}/0",
            "REDIS_JOURNAL_URL": f"{base}/1",
            "REDIS_CACHE_URL": f"{base}/2",
            "DATA_DIR": str(folder / "data"),
        }
        yield {
            OURS: {**common, "DJANGO_SETTINGS_MODULE": OURS, "DATABASE_URL": postgres.url},
            STOCK: {
                **common,
                "DJANGO_SETTINGS_MODULE": STOCK,
                "DATABASE_URL": postgres.url.rsplit("/", 1)[0] + "/stock",
            },
        }
    finally:
        for server in reversed(servers):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def timed(environment: dict[str, str], *command: str) -> float:
    """Seconds a program takes, its start included. Raises when it fails."""
    began = time.perf_counter()
    run(environment, *command)
    return time.perf_counter() - began


def run(environment: dict[str, str], *command: str) -> str:
    """Run a Python program to its end; what it printed. Raises with its errors when it fails."""
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def asked(environment: dict[str, str], *command: str) -> Any:
    """What a program printed as JSON on its last line."""
    return json.loads(run(environment, *command).strip().splitlines()[-1])
