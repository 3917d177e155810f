"""A models service of one's own, as the process that it is, on loopback; and what asks it things."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
from websockets.sync.client import ClientConnection, connect

from audio.recognisers import Context, Final, Partial, Recogniser
from audio.recognisers.remote import Remote, RemoteSession
from tests.audio.clips import clips, framed, room, seconds
from tests.audio.house import ROOT, free_port
from tests.support.waiting import wait_for

TOKEN = "0123456789abcdef0123456789abcdef"
OTHER_TOKEN = "fedcba9876543210fedcba9876543210"
METRICS_TOKEN = "for-the-metrics"
# Seconds that a busy machine may take for what takes a moment.
PATIENCE = 90.0
AUDIO = "encoding=linear16&sample_rate=16000&channels=1"
EXACT = f"{AUDIO}&replay=exact"


class Service:
    """The service's process. Ends it, and all that it started."""

    def __init__(self, folder: Path, models: Path, *, slots: int = 2, cwd: Path = ROOT, **env: str) -> None:
        self.cwd = cwd
        self.log = folder / "models.log"
        self.port = free_port()
        tokens = folder / "models_token"
        tokens.write_text(f"{TOKEN}\n{OTHER_TOKEN}\n")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MODELS_", "METRICS_"))}
        self.env = {
            **clean,
            "MODELS_DIR": str(models),
            "MODELS_TOKEN_FILE": str(tokens),
            "MODELS_SLOTS": str(slots),
            "MODELS_PORT": str(self.port),
            "METRICS_TOKEN": METRICS_TOKEN,
            **env,
        }
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "audio.models_service"], cwd=self.cwd, env=self.env, stdout=log, stderr=log
            )
        wait_for(self.is_ready, PATIENCE, self.log)

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def remote(self, **named: Any) -> Remote:
        return Remote(self.address, TOKEN, **{"patience": PATIENCE, **named})

    def get(self, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
        request = Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except HTTPError as error:
            return error.code, error.read().decode(), dict(error.headers)

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("/healthz")[1])
        return found

    def metrics(self) -> str:
        return self.get("/metrics", Authorization=f"Bearer {METRICS_TOKEN}")[1]

    @contextmanager
    def socket(self, query: str = AUDIO, token: str = TOKEN, **named: Any) -> Iterator[ClientConnection]:
        headers = {"Authorization": f"Token {token}"} if token else {}
        headers |= named.pop("headers", {})
        with connect(
            f"{self.address}/v1/listen?{query}", additional_headers=headers, compression=None, proxy=None, **named
        ) as opened:
            yield opened

    @property
    def nursery(self) -> psutil.Process:
        (found,) = psutil.Process(self.process.pid).children()
        return found

    def slots(self) -> list[psutil.Process]:
        """None while the nursery is being replaced."""
        try:
            return [slot for nursery in psutil.Process(self.process.pid).children() for slot in nursery.children()]
        except psutil.NoSuchProcess:
            return []

    def kill_slots(self) -> None:
        for one in self.slots():
            one.send_signal(signal.SIGKILL)

    def wait_until(self, **wanted: Any) -> None:
        """Until /healthz says so."""
        wait_for(lambda: wanted.items() <= self.health().items(), PATIENCE, self.log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(self.process.pid).children(recursive=True)
        self.kill()
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself meanwhile
                one.kill()
        psutil.wait_procs(family, timeout=10)


def said(socket: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(socket.recv(timeout=PATIENCE))
    return found


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def padded(index: int) -> bytes:
    return room(seconds(0.3)) + clips()[index].pcm + room(seconds(0.5), 2)


def steps(index: int) -> list[bytes]:
    return [frame.pcm for frame in framed(padded(index))]


def utterance(engine: Recogniser, index: int, state: str | None) -> tuple[list[Partial | None], Final]:
    session = engine.open(Context(state))
    return [session.accept(step) for step in steps(index)], session.final()


def finish(session: RemoteSession, pcm: list[bytes]) -> Final:
    for step in pcm:
        session.accept(step)
    return session.final()
