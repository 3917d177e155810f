"""A PostgreSQL with two firms, and the backup program beside it as an account of its own, as in its container."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from legal_intake.embedded import EmbeddedServer, start_postgres
from legal_intake.embedded.folders import own_folder, unprivileged_account
from legal_intake.embedded.postgres import postgres_binary
from legal_intake.embedded.process import Launcher
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "deploy" / "backup"


class House:
    """Folders, server, firms, programs."""

    def __init__(self, folder: Path) -> None:
        self.account = unprivileged_account()
        self.folder = own_folder(folder, self.account)
        self.binaries = postgres_binary("psql").parent
        self.master_key = base64.b64encode(os.urandom(32)).decode()
        for name in ("target", "state", "media", "exports", "deletions", "secrets", "data"):
            own_folder(self.folder / name, self.account)
        made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
        self.give("secrets/backup_age_identity", made)
        self.give("secrets/backup_age_recipients", next(w for w in made.split() if w.startswith("age1")) + "\n")
        # The service makes what it never made at once; here the tests say when.
        self.give("state/state.json", json.dumps({"success": dict.fromkeys(("base", "media", "export"), time.time())}))
        self.server = self.start(self.folder / "postgres")
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET wal_level = 'logical'")
            connection.execute("ALTER SYSTEM SET wal_keep_size = '256MB'")
        self.server.stop()
        self.server = self.start(self.folder / "postgres")
        self.metrics_port = free_port()

    def start(self, folder: Path) -> EmbeddedServer:
        return start_postgres(folder, fsync=False)

    def give(self, name: str, content: str | bytes) -> Path:
        """A file that the program may read and change."""
        path = self.folder / name
        for parent in reversed(path.relative_to(self.folder).parents[:-1]):
            own_folder(self.folder / parent, self.account)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)
        return path

    def environment(self, server: EmbeddedServer | None = None) -> dict[str, str]:
        """The backup program's."""
        url = urlsplit((server or self.server).url)
        user, password = str(url.username), str(url.password)
        return {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE), "PG_BIN": str(self.binaries),
            "TMPDIR": str(self.folder / "state"), "HOME": str(self.folder / "state"), "PYTHONDONTWRITEBYTECODE": "1",
            "PGHOST": str(url.hostname), "PGPORT": str(url.port), "PGDATABASE": url.path[1:],
            "POSTGRES_USER": user, "POSTGRES_PASSWORD": password,
            "POSTGRES_REPLICATION_USER": user, "POSTGRES_REPLICATION_PASSWORD": password,
            "BACKUP_TARGET": str(self.folder / "target"), "BACKUP_STATE": str(self.folder / "state"),
            "SECRETS": str(self.folder / "secrets"), "MEDIA_ROOT": str(self.folder / "media"),
            "EXPORTS_DIR": str(self.folder / "exports"), "BACKUP_PARTIAL_SECONDS": "1",
            "DELETIONS_LOG": str(self.folder / "deletions" / "log.jsonl"),
            "METRICS_PORT": str(self.metrics_port), "METRICS_BIND": "127.0.0.1",
        }  # fmt: skip

    def command(self, *words: str) -> list[str]:
        launcher = Launcher(self.account, (Path(sys.executable).resolve(), self.binaries, ROOT, self.folder))
        prefix, _ = launcher._privileges()
        return [*prefix, sys.executable, "-m", "legal_intake_backup", *words]

    def tool(self, *words: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the backup program to its end."""
        done = subprocess.run(
            self.command(*words), env={**self.environment(), **environment}, cwd=self.folder, capture_output=True,
            text=True, check=False, timeout=300,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    def start_service(self) -> None:
        """The service, as its container runs it."""
        log = self.give("state/service.log", "")
        environment = {**self.environment(), "BACKUP_HOURS": "900000", "BACKUP_MEDIA_HOURS": "900000"}
        with log.open("wb") as output:
            self.service = subprocess.Popen(
                self.command("serve"), env=environment, cwd=self.folder, stdout=output, stderr=output
            )
        wait_for(lambda: 'success_timestamp_seconds{kind="wal"}' in self.metrics(), log=log)

    def stop(self) -> None:
        self.service.terminate()
        self.service.wait(timeout=60)
        self.server.stop()

    def metrics(self) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def manage(self, *words: str, server: EmbeddedServer | None = None, check: bool = True) -> str:
        """Our application's command, on this house's database."""
        environment = {
            **os.environ, "DATABASE_URL": (server or self.server).url, "MASTER_KEY": self.master_key,
            "DATA_DIR": str(self.folder / "data"), "MEDIA_ROOT": str(self.folder / "media"),
            "DELETIONS_LOG": str(self.folder / "deletions" / "log.jsonl"),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        self.hand_over()
        return done.stdout + done.stderr

    def hand_over(self) -> None:
        """What our application wrote belongs to one account with the backup, as in the stack."""
        if self.account is not None:
            for name in ("media", "exports", "deletions"):
                for path in [self.folder / name, *(self.folder / name).rglob("*")]:
                    os.chown(path, self.account.pw_uid, self.account.pw_gid)

    @contextmanager
    def scheduler(self) -> Iterator[None]:
        """Answers the backup's requests, as the scheduler does (tenants/archive/schedule.py)."""
        stop = threading.Event()

        def look() -> None:
            folder = self.folder / "exports"
            while not stop.wait(0.2):
                asked = folder / "request"
                words = asked.read_text() if asked.exists() else ""
                answered = folder / "answered"
                if words and (not answered.exists() or answered.read_text() != words):
                    self.manage("firms", "export", str(folder))
                    self.give("exports/answered", words)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def sql(self, statement: str, *params: Any, server: EmbeddedServer | None = None) -> list[Any]:
        with psycopg.connect((server or self.server).url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), params or None)
            return cursor.fetchall() if cursor.description else []

    def schema_of(self, name: str) -> str:
        return str(self.sql("SELECT schema_name FROM public.tenants_firm WHERE name = %s", name)[0][0])

    def restored_server(self, name: str) -> EmbeddedServer:
        """A server on what `restore.sh database` put into `<name>/cluster`."""
        shutil.copy2(self.folder / "postgres" / "password", self.folder / name / "password")
        return self.start(self.folder / name)

    def everything_opened(self) -> bytes:
        """All that is in the target, opened."""
        opened = []
        for path in sorted((self.folder / "target").rglob("*.age")):
            identity = str(self.folder / "secrets" / "backup_age_identity")
            plain = subprocess.run(["age", "-d", "-i", identity, str(path)], capture_output=True, check=True).stdout
            if ".zst." in path.name:
                plain = subprocess.run(["zstd", "-dc"], input=plain, capture_output=True, check=True).stdout
            opened.append(plain)
        return b"".join(opened)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
