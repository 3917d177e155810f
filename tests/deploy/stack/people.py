"""Who uses the stack from outside, over HTTPS: clients who type and speak, and staff who read."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import numpy as np
import soundfile

from audio.client import IntakeClient
from audio.voice_client import VoiceClient
from tests.deploy.stack.site import ROOT, Firm, Site

CLIPS = ROOT / "tests" / "clips"
PAUSE_SAMPLES = 12_800


class Browser:
    """One browser on one firm's host: keeps cookies, sends CSRF, follows what it is told to."""

    def __init__(self, site: Site, firm: Firm, headers: Mapping[str, str] | None = None) -> None:
        self.host, self.netloc = firm.host, firm.netloc
        self.cookies: dict[str, str] = {}
        self.headers = dict(headers or {})
        self.http = httpx.Client(base_url=f"https://{site.address}", verify=site.tls, trust_env=False, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def get(self, path: str) -> httpx.Response:
        return self._send("GET", path, None)

    def post_form(self, path: str, form: dict[str, str]) -> httpx.Response:
        return self._send("POST", path, form)

    def follow(self, path: str, most: int = 5) -> httpx.Response:
        """GET, and where it leads on this host."""
        for _ in range(most):
            answer = self.get(path)
            if not answer.is_redirect:
                return answer
            path = answer.headers["location"].removeprefix(f"https://{self.netloc}")
        raise AssertionError(f"{path} leads on and on")

    def log_in(self, firm: Firm) -> httpx.Response:
        """As a member of a firm's staff; 302 when it was right."""
        self.follow("/admin/login/")
        return self.post_form("/admin/login/?next=/admin/", {"username": firm.email, "password": firm.password})

    def _send(self, method: str, path: str, form: dict[str, str] | None) -> httpx.Response:
        origin = f"https://{self.netloc}"
        headers = {
            "Host": self.netloc, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Referer": f"{origin}/", "Origin": origin, "X-CSRFToken": self.cookies.get("__Host-csrftoken", ""),
            **self.headers,
        }  # fmt: skip
        more = {"sni_hostname": self.host}
        answer = self.http.request(method, path, data=form, headers=headers, extensions=more)
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer


def somebody() -> dict[str, str]:
    """Headers of a client at an address of its own, behind the proxy that the stack believes."""
    return {"X-Forwarded-For": f"198.{random.randint(18, 19)}.{random.randint(0, 255)}.{random.randint(1, 254)}"}


def client(site: Site, firm: Firm) -> IntakeClient:
    """A client's browser, at an address of its own."""
    return IntakeClient(site.address, firm.netloc, tls=site.tls, headers=somebody())


async def typed_intake(site: Site, firm: Firm, name: str, story: str) -> str:
    """A whole conversation by typing; its reference."""
    async with client(site, firm) as person:
        await person.start(keep_audio=False)
        await person.to_story(name, "Sample Housing")
        await person.say(story)
        await person.to_review()
        return await person.send()


def speech(*names: str) -> bytes:
    """Recordings as a microphone gives them, with a pause after each: 16 kHz, mono, 16 bits."""
    spoken = b""
    for name in names:
        samples, rate = soundfile.read(io.BytesIO(Path(CLIPS / f"{name}.flac").read_bytes()), dtype="int16")
        assert rate == 16_000
        spoken += np.asarray(samples, "<i2").tobytes() + bytes(2 * PAUSE_SAMPLES)
    return spoken


def heard(voice: VoiceClient) -> list[str]:
    """The text of each utterance that the server committed, in the order of the client's audio."""
    done = [event for event in voice.heard.completed.values() if event["type"].endswith(".completed")]
    return [event["transcript"] for event in sorted(done, key=lambda event: event["audio_start_ms"])]


async def spoken_intake(site: Site, firm: Firm, name: str, pcm: bytes, seconds: float = 180) -> tuple[str, VoiceClient]:
    """A whole conversation whose story is spoken; its reference and what was heard."""
    async with client(site, firm) as person:
        await person.start(keep_audio=True)
        await person.to_story(name, "Sample Housing")
        voice = await person.open_voice()
        await voice.connect()
        await voice.speak(pcm)
        await voice.finish(seconds)
        await voice.close()
        await person.to_review()
        return await person.send(), voice


def intake_page(browser: Browser, reference: str) -> str:
    """The page of an intake as staff see it; empty when this firm's staff cannot find it."""
    listed = browser.get(f"/admin/intake/intake/?q={reference}")
    assert listed.status_code == 200, listed.status_code
    found = re.search(r'href="(/admin/intake/intake/[0-9a-f-]{36}/change/)[^"]*"', listed.text)
    if found is None or reference not in listed.text:
        return ""
    page = browser.get(found.group(1))
    assert page.status_code == 200, page.status_code
    return page.text
