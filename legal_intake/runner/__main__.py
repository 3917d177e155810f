"""The runner's main loop."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import environ

from legal_intake.embedded import EmbeddedServerError, start_postgres, start_redis
from legal_intake.runner import children as family
from legal_intake.runner.children import Child, Spawner
from legal_intake.runner.places import Places, RunnerError
from legal_intake.runner.prepare import read_accounts
from legal_intake.settings.env import BASE_DIR, DATA_DIR, env

BIND = "127.0.0.1"
LOOK_SECONDS = 0.5
READY_SECONDS = 120.0
STOP_PROGRAMS_SECONDS = 3.7
STOP_SERVERS_SECONDS = 1.0
PORT_WAIT_SECONDS = 1.0


def say(line: str) -> None:
    """To the person at the terminal."""
    print(line, flush=True)


@dataclass(slots=True)
class Runner:
    """Owns the servers and the programs, in the order they start."""

    places: Places
    port: int
    slots: int
    servers: list[Child] = field(default_factory=list)
    programs: list[Child] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    wake: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Start all, print the addresses, watch until told to stop; the exit status."""
        self._listen_to_signals()
        began = time.monotonic()
        environment = self._start_servers()
        spawn = Spawner(BASE_DIR, self.places.logs, environment)
        prepare = spawn("prepare", [sys.executable, "-m", "legal_intake.runner.prepare"])
        self._start_programs(spawn, ("server",))
        self._await_preparation(prepare)
        if self.stop.is_set():
            return 0
        slots = (f"slot-{number}" for number in range(1, self.slots + 1))
        self._start_programs(spawn, ("worker", "scheduler", *slots))
        if self._await_ready():
            self._print_addresses(time.monotonic() - began)
        while not self.stop.is_set():
            self._watch()
            self.wake.wait(LOOK_SECONDS)
            self.wake.clear()
        return 0

    def close(self) -> None:
        """Programs first, then the servers that they use."""
        family.stop_all(self.programs, STOP_PROGRAMS_SECONDS)
        family.stop_all(self.servers, STOP_SERVERS_SECONDS)
        self.places.addresses.unlink(missing_ok=True)
        self.places.children.unlink(missing_ok=True)

    def _listen_to_signals(self) -> None:
        def told_to_stop(_number: int, _frame: Any) -> None:
            self.stop.set()
            self.wake.set()

        def child_died(_number: int, _frame: Any) -> None:
            self.wake.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, told_to_stop)
        signal.signal(signal.SIGCHLD, child_died)

    def _start_servers(self) -> dict[str, str]:
        root = self.places.root
        postgres, database = family.embedded("postgres", lambda port: start_postgres(root / "postgres", port))
        self.servers.append(postgres)
        redis: dict[str, str] = {}
        roles: dict[str, dict[str, Any]] = {
            "broker": {"appendfsync": "everysec"},
            "journal": {"appendfsync": "always"},
            "cache": {"maxmemory": "128mb", "maxmemory_policy": "allkeys-lru"},
        }
        for role, options in roles.items():
            child, server = family.embedded(
                f"redis-{role}",
                lambda port, role=role, options=options: start_redis(root / f"redis-{role}", port, **options),  # type: ignore[misc]
            )
            self.servers.append(child)
            redis[role] = server.url
        addresses = {
            "environment": "development",
            "port": self.port,
            "secret_key": self.places.secret_key(),
            "master_key_file": str(self.places.make_master_key()),
            "database_url": database.url,
            **{f"redis_{role}_url": url for role, url in redis.items()},
        }
        self.places.write_addresses(addresses)
        ours = {name.upper(): str(value) for name, value in addresses.items()}
        return {**os.environ, **ours, "DATA_DIR": str(root), "DEBUG": "1", "EMBEDDED_SERVERS": "1"}

    def _start_programs(self, spawn: Spawner, names: tuple[str, ...]) -> None:
        for name in names:
            arguments = {
                "server": ["legal_intake.server", "--bind", BIND, "--port", str(self.port)],
                "worker": ["legal_intake.worker"],
                "scheduler": ["legal_intake.scheduler"],
            }.get(name, ["legal_intake.voice_worker"])
            exporter = "" if name == "server" else str(_free_port())
            command = [sys.executable, "-m", *arguments]
            child = Child(
                name,
                lambda name=name, command=command, port=exporter: spawn(name, command, METRICS_PORT=port),  # type: ignore[misc]
            )
            child.launch()
            self.programs.append(child)
        family.record(self.places.children, [*self.servers, *self.programs])

    def _await_preparation(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None and not self.stop.is_set():
            self._watch()
            self.wake.wait(0.1)
            self.wake.clear()
        if self.stop.is_set():
            process.terminate()
            process.wait()
        elif process.returncode:
            log = self.places.logs / "prepare.log"
            message = f"Migrating or making the demo firms failed. Its last words, from {log}:\n{_tail(log)}"
            raise RunnerError(message)

    def _await_ready(self) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while not self.stop.is_set():
            if _is_ready(self.port):
                return True
            if time.monotonic() > deadline:
                log = self.places.logs / "server.log"
                message = f"The server did not get ready. Its last words, from {log}:\n{_tail(log)}"
                raise RunnerError(message)
            self._watch()
            self.wake.wait(0.1)
            self.wake.clear()
        return False

    def _watch(self) -> None:
        all_children = [*self.servers, *self.programs]
        before = [child.process for child in all_children]
        for line in filter(None, [child.watch() for child in all_children]):
            say(line)
        if before != [child.process for child in all_children]:
            family.record(self.places.children, all_children)
        family.shorten_logs(self.places.logs)

    def _print_addresses(self, seconds: float) -> None:
        suffix = "" if self.port == 80 else f":{self.port}"
        accounts = read_accounts(self.places.passwords)
        say(f"\nLegal Intake is ready ({seconds:.1f} s). Stop it with Ctrl-C.\n")
        for account in accounts:
            base = f"http://{account.host}{suffix}"
            if account.email.startswith("staff@"):
                say(f"  Client page     {base}/")
                say(f"  Firm admin      {base}/admin/    {account.email}  {account.password}")
                say(f"  API             {base}/docs\n")
            else:
                say(f"  Operator admin  {base}/admin/    {account.email}  {account.password}\n")
        say(f"  Passwords are kept in {self.places.passwords}, logs in {self.places.logs}/\n")


def claim_port(port: int) -> None:
    """Make sure that the port is free, giving a predecessor's server time to go.

    Raises:
        RunnerError: something else listens there.
    """
    deadline = time.monotonic() + PORT_WAIT_SECONDS
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((BIND, port))
            except PermissionError:
                message = f"Port {port} needs root. Choose one above 1023: PORT=8001 make run"
                raise RunnerError(message) from None
            except OSError:
                pass  # taken: look again below
            else:
                return
        if time.monotonic() > deadline:
            message = (
                f"Port {port} is busy: something else listens on {BIND}:{port}. "
                f"Stop it, or choose another port: PORT={port + 1} make run"
            )
            raise RunnerError(message)
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(BIND, port, timeout=3)
    try:
        connection.request("GET", "/healthz/startup")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((BIND, 0))
        return int(probe.getsockname()[1])


def _tail(log: Path, lines: int = 8) -> str:
    text = log.read_text(errors="replace") if log.exists() else "(no log)"
    return "\n".join(text.splitlines()[-lines:])


def main() -> int:
    """Check, clear what a killed runner left, run."""
    if env.str("ENVIRONMENT", default="development") != "development" or not env.bool("DEBUG", default=True):
        say("`make run` is for development: it is refused with ENVIRONMENT=production or DEBUG off.")
        return 2
    places = Places(DATA_DIR.resolve())
    runner = None
    try:
        port, slots = env.int("PORT", default=8000), env.int("AUDIO_SLOTS", default=4)
        places.prepare()
        lock = places.lock()
        for name in family.clear_leftovers(places.children):
            say(f"Ended what an earlier run left behind: {name}")
        claim_port(port)
        runner = Runner(places, port, slots)
        try:
            return runner.run()
        finally:
            runner.close()
            os.close(lock)
    except (RunnerError, EmbeddedServerError, environ.ImproperlyConfigured, ValueError) as error:
        say(f"Cannot run: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
