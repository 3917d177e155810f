"""PostgreSQL and Redis for one run of the suite, in a folder that goes with it."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from legal_intake.embedded import EmbeddedServer, start_postgres, start_redis


class SuiteServers:
    """Started before Django reads its settings, which come from the environment set here."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="legal-intake-tests-"))
        self.folder.chmod(0o755)  # PostgreSQL runs as another account when we are root
        self.running: list[EmbeddedServer] = []

    def start(self) -> None:
        try:
            postgres = start_postgres(self.folder / "postgres", fsync=False)
            self.running.append(postgres)
            redis = start_redis(self.folder / "redis")
            self.running.append(redis)
        except BaseException:
            self.stop()
            raise
        redis_base = redis.url.rsplit("/", 1)[0]
        os.environ.update(
            DJANGO_SETTINGS_MODULE="legal_intake.settings",
            ENVIRONMENT="development",
            DEBUG="1",
            SECRET_KEY=secrets.token_urlsafe(48),
            MASTER_KEY=base64.b64encode(os.urandom(32)).decode(),
            DATABASE_URL=postgres.url,
            REDIS_BROKER_URL=f"{redis_base}/0",
            REDIS_JOURNAL_URL=f"{redis_base}/1",
            REDIS_CACHE_URL=f"{redis_base}/2",
            DATA_DIR=str(self.folder / "data"),
            MEDIA_ROOT=str(self.folder / "media"),
            OPERATOR_HOST="admin.localhost",
            BASE_DOMAIN="localhost",
        )

    def stop(self) -> None:
        for server in reversed(self.running):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
