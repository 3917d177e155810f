"""The live processes of `make run` that the voice needs, on loopback, for tests that break them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import UUID

from audio.client import conversation
from audio.models import Utterance
from audio.recordings import master_pcm
from audio.voice_client import VoiceClient
from intake.models import Turn
from legal_intake.embedded import EmbeddedServer, start_redis
from tenants.context import firm_scope
from tests.audio.wire import check

ROOT = Path(__file__).parent.parent.parent


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class House:
    """A server, a journal of its own, voice slots, a scheduler. Ends all it started.

    Args:
        folder: for the journal and the logs.
        firm: whose host is asked.
        slots: how many voice slots.
        scheduler: whether to start one.
    """

    def __init__(
        self, folder: Path, firm: Any, *, slots: int = 1, scheduler: bool = False, env: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.firm = firm
        self.host = host_of(firm)
        self.journal: EmbeddedServer = start_redis(folder / "journal", appendfsync="always")
        self.port = free_port()
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.env = {
            **os.environ,
            "REDIS_JOURNAL_URL": self.journal.url,
            "DJANGO_SETTINGS_MODULE": "legal_intake.settings",
            "METRICS_PORT": "0",
            "LOG_LEVEL": "INFO",
            **(env or {}),
        }
        self.start("server", "legal_intake.server", "--port", str(self.port))
        for number in range(slots):
            self.start(f"slot-{number}", "legal_intake.voice_worker")
        if scheduler:
            self.start("scheduler", "legal_intake.scheduler")
        self.wait_until_live()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, name: str, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, env=self.env, stdout=log, stderr=log
        )
        log.close()
        self.children[name] = child
        return child

    def wait_until_live(self, seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.children["server"].poll() is None, self.log("server")
            try:
                with urlopen(f"http://{self.address}/healthz/live", timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the server is not up: {self.log('server')}")

    def wait_for_slots(self, seconds: float = 120) -> None:
        """Until every slot has loaded its model."""
        until = time.monotonic() + seconds
        names = [name for name in self.children if name.startswith("slot")]
        while time.monotonic() < until:
            if all("worker_ready" in self.log(name) for name in names):
                return
            time.sleep(0.1)
        raise AssertionError([self.log(name)[-2000:] for name in names])

    def kill(self, name: str) -> None:
        """SIGKILL."""
        child = self.children[name]
        child.kill()
        child.wait()

    def restart_slot(self, name: str) -> None:
        self.kill(name)
        self.start(name, "legal_intake.voice_worker")

    def restart_server(self, *, politely: bool) -> None:
        child = self.children["server"]
        child.send_signal(signal.SIGTERM if politely else signal.SIGKILL)
        child.wait(15)
        self.start("server", "legal_intake.server", "--port", str(self.port))
        self.wait_until_live()

    def kill_journal(self) -> None:
        self.journal.kill()

    def revive_journal(self) -> None:
        self.journal = start_redis(self.folder / "journal", port=self.journal.port, appendfsync="always")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def close(self) -> None:
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        for child in self.children.values():
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.journal.stop()


def host_of(ref: Any) -> str:
    """A firm's Host header."""
    from tenants import directory

    directory.forget()
    return directory.resolve_firm(ref.id).hosts[0]


@dataclass(frozen=True)
class Kept:
    """An utterance as it is stored, opened, with the samples of its master and its turn's text."""

    id: UUID
    start_sample: int
    end_sample: int
    status: str
    text: str | None
    words: list[dict[str, Any]] | None
    start_state: str | None
    pcm: bytes | None
    turn_text: str | None


def kept(house: House, session_id: str | None = None) -> list[Kept]:
    """All of the firm's utterances in order, or one session's. Blocking."""
    with firm_scope(house.firm):
        turns = {turn.utterance_id: turn.text for turn in Turn.objects.filter(modality="voice")}
        return [
            Kept(
                row.id, row.start_sample, row.end_sample, row.status, row.text, row.words, row.start_state,
                master_pcm(row.recording) if hasattr(row, "recording") else None, turns.get(row.id),
            )
            for row in Utterance.objects.select_related("recording")
            .filter(**({"session_id": session_id} if session_id else {}))
            .order_by("session", "start_sample")
        ]  # fmt: skip


async def speak_story(house: House, pcm: bytes, *, keep_audio: bool) -> tuple[VoiceClient, str]:
    """A client's whole part; what was heard, and the reference."""
    async with conversation(
        house.address, house.host, keep_audio=keep_audio, name="Ann Example", other_side="Bob Sample"
    ) as client:
        voice = await client.open_voice(lambda event: check("server", event))
        send = voice.raw

        async def checked(data: str | bytes) -> None:
            if isinstance(data, str):
                check("client", json.loads(data))
            await send(data)

        voice.raw = checked  # type: ignore[method-assign]
        await voice.connect()
        await voice.speak(pcm)
        await voice.finish()
        await voice.close()
        await client.to_review()
        return voice, await client.send()
