"""A real browser before the real product: `make run`'s runner, with a folder and a port of its own.

These tests share nothing with the suite's own servers and database, so `firm` is replaced here: it
guards that Summit, the other firm of the same runner, holds exactly as many rows after a test as before.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "frontend"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
READY_SECONDS = 90.0
STOP_SECONDS = 15.0
#: Each browser starts with a new profile; the flags that a microphone of a file needs.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
)


@dataclass(frozen=True, slots=True)
class Site:
    """The running product."""

    port: int
    data: Path
    #: With which `manage.py` works on it.
    environment: dict[str, str] = field(repr=False)

    def url(self, host: str = "harbor.localhost") -> str:
        """The client's page of a firm."""
        return f"http://{host}:{self.port}/"

    @property
    def addresses(self) -> dict[str, Any]:
        """Where its servers answer."""
        found: dict[str, Any] = json.loads((self.data / "addresses.json").read_text())
        return found

    def staff(self, host: str = "harbor.localhost") -> tuple[str, str]:
        """E-mail address and password of a firm's first account."""
        for line in (self.data / "passwords.txt").read_text().splitlines():
            if line.startswith(f"{host} "):
                _host, email, password = line.split()
                return email, password
        raise LookupError(host)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM} (apt-get install chromium, or set CHROMIUM)")
    return CHROMIUM


@pytest.fixture(scope="session")
def built_page() -> None:
    """The web app, built when it never was."""
    if (FRONTEND / "dist" / "index.html").exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("the web app is not built and there is no npm (install Node 20, then `make frontend`)")
    for command in (["ci"], ["run", "build"]):
        subprocess.run([npm, *command], cwd=FRONTEND, check=True, timeout=300, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def site(built_page: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The runner with two demo firms and one voice slot, until the session ends."""
    data = tmp_path_factory.mktemp("site")
    # The embedded database runs as another account when we are root; it must be able to pass through.
    for folder in (data, *data.parents[:2]):
        folder.chmod(0o711)
    port = _free_port()
    log = data / "runner.log"
    # Only this: what the suite set for its own servers must not reach the runner.
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"DATA_DIR": str(data / "run"), "PORT": str(port), "AUDIO_SLOTS": "1"}
    with log.open("wb") as output:
        runner = subprocess.Popen(
            [sys.executable, "-m", "legal_intake.runner"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await_ready(runner, log)
        yield Site(port, data / "run", environment)
    finally:
        runner.send_signal(signal.SIGINT)
        try:
            runner.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            runner.kill()
            runner.wait()


@pytest.fixture(autouse=True)
def firm(site: Site) -> Iterator[None]:
    """Guard the firm that the test does not use."""
    before = _rows(site, "summit.localhost")
    yield
    after = _rows(site, "summit.localhost")
    changes = {table: (before.get(table), count) for table, count in after.items() if before.get(table) != count}
    assert not changes, f"the other firm changed: {changes}"


@pytest.fixture(scope="module")
def _playwright() -> Iterator[Any]:
    """Ends with the module: while it lives, its event loop runs in this thread, where no other test may find it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def open_browser(_playwright: Any, chromium: str) -> Iterator[Callable[..., Any]]:
    """`open_browser(microphone=WAV | None, allowed=True)` -> a fresh browser context.

    None is a device that is silent but there; `allowed=False` is a person who refuses it.
    """
    browsers = []

    def open_one(microphone: Path | None = None, *, allowed: bool = True) -> Any:
        flags = list(FLAGS)
        if microphone is not None:
            assert microphone.is_file(), microphone  # Chromium plays silence for a file it cannot read
            flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
        browser = _playwright.chromium.launch(executable_path=chromium, headless=True, args=flags)
        browsers.append(browser)
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, permissions=["microphone"] if allowed else []
        )
        context.set_default_timeout(20_000)
        return context

    yield open_one
    for browser in browsers:
        browser.close()


@contextmanager
def database(site: Site) -> Iterator[psycopg.Connection[Any]]:
    """The runner's database, read beside Django."""
    with psycopg.connect(site.addresses["database_url"]) as connection:
        yield connection


def _rows(site: Site, host: str) -> dict[str, int]:
    """How many rows each of a firm's tables holds."""
    with database(site) as connection:
        found = connection.execute(
            "SELECT f.schema_name FROM tenants_firm f JOIN tenants_domain d ON d.tenant_id = f.id WHERE d.domain = %s",
            [host],
        ).fetchone()
        assert found is not None, f"no firm on {host}"
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", found).fetchall()
        counts = {}
        for (table,) in tables:
            row = connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(found[0], table))
            ).fetchone()
            counts[table] = row[0] if row else 0
        return counts


def _await_ready(runner: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while "is ready" not in (said := log.read_text(errors="replace")):
        if runner.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the runner did not get ready:\n{said}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
