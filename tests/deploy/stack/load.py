"""A stated mix against the stack, at a rate of its own choosing, and what became of each request.

The mix: half the requests ask for a firm's page, three in ten type a turn into a conversation, two in ten are staff
asking for their list. Each comes from one of many client addresses, behind the proxy that the stack believes. The rate
does not wait for answers: what comes late piles up, as it does in life.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from audio.client import IntakeClient
from audio.voice_client import ClientError, VoiceClient
from tests.deploy.stack.people import Browser, client, heard, somebody
from tests.deploy.stack.site import Firm, Site

MIX = (("page", 0.5), ("typed turn", 0.3), ("staff list", 0.2))
CONVERSATIONS = 12
CLEAN_P95_SECONDS = 1.0


@dataclass
class Outcome:
    """What became of a stretch of load."""

    rate: float
    seconds: float = 0.0
    times: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name, _ in MIX})
    failed: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Requests that were answered."""
        return sum(len(times) for times in self.times.values())

    @property
    def p95(self) -> float:
        """Of all answers, in seconds."""
        times = sorted(time for kind in self.times.values() for time in kind)
        return times[int(0.95 * (len(times) - 1))] if times else 0.0

    @property
    def clean(self) -> bool:
        """No failure, and 95 % within a second."""
        return bool(self.count) and not self.failed and self.p95 <= CLEAN_P95_SECONDS

    def __str__(self) -> str:
        said = f"{self.count} requests in {self.seconds:.0f} s at {self.rate:g}/s, {len(self.failed)} failed, "
        return said + f"p95 {self.p95 * 1000:.0f} ms"


class Mix:
    """Conversations to type into, staff who are logged in, and one pool of connections."""

    def __init__(self, site: Site, firm: Firm) -> None:
        self.site, self.firm = site, firm
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        self.http = httpx.AsyncClient(
            base_url=f"https://{site.address}", verify=site.tls, trust_env=False, timeout=30, limits=limits
        )
        self.typing: list[IntakeClient] = []
        self.staff = Browser(site, firm, somebody())
        #: Turns that the server has said it took: (conversation, text).
        self.taken: list[tuple[IntakeClient, str]] = []

    async def __aenter__(self) -> Mix:
        assert self.staff.log_in(self.firm).status_code == 302
        for number in range(CONVERSATIONS):
            person = client(self.site, self.firm)
            await person.start(keep_audio=False)
            await person.to_story(f"Lena Load {number}", "Sample Housing")
            self.typing.append(person)
        return self

    async def __aexit__(self, *_: object) -> None:
        for person in self.typing:
            await person.__aexit__(None, None, None)
        self.staff.http.close()
        await self.http.aclose()

    async def run(self, rate: float, *, seconds: float = 0, until: asyncio.Event | None = None) -> Outcome:
        """So many requests a second, for so long or until the event is set."""
        outcome, began = Outcome(rate), time.monotonic()
        tasks: set[asyncio.Task[None]] = set()
        number = 0
        while not (until.is_set() if until else time.monotonic() - began >= seconds):
            kind = random.choices([name for name, _ in MIX], [share for _, share in MIX])[0]
            task = asyncio.create_task(self._one(kind, outcome))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            number += 1
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        if tasks:
            await asyncio.wait(set(tasks), timeout=40)
        outcome.seconds = time.monotonic() - began
        return outcome

    async def _one(self, kind: str, outcome: Outcome) -> None:
        began = time.monotonic()
        try:
            problem = await self._ask(kind)
        except (httpx.HTTPError, ClientError) as error:
            problem = f"{type(error).__name__} {getattr(error, 'code', '')} {error}"
        if problem:
            outcome.failed.append(f"{kind}: {problem}"[:200])
        else:
            outcome.times[kind].append(time.monotonic() - began)

    async def _ask(self, kind: str) -> str:
        if kind == "typed turn":
            person, text = random.choice(self.typing), f"sentence {uuid4().hex}"
            path = f"/api/intakes/{person.snapshot['id']}/turns"
            await person.post(path, {"text": text, "client_ref": str(uuid4())})
            self.taken.append((person, text))
            return ""
        path, cookies = ("/", "") if kind == "page" else ("/admin/intake/intake/", self._staff_cookies())
        headers = {"Host": self.firm.netloc, "Cookie": cookies, **somebody()}
        answer = await self.http.get(path, headers=headers, extensions={"sni_hostname": self.firm.host})
        return "" if answer.status_code == 200 else f"{answer.status_code} {answer.headers.get('location', '')}"

    def _staff_cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.staff.cookies.items())

    async def missing(self) -> list[str]:
        """Turns that were taken and are not in their conversation now."""
        lost = []
        for person in self.typing:
            told = await person.get("/api/intakes/current")
            texts = {turn["text"] for turn in told["turns"]}
            lost += [text for one, text in self.taken if one is person and text not in texts]
        return lost


async def highest_clean_rate(mix: Mix, rates: tuple[float, ...], seconds: float) -> tuple[float, list[Outcome]]:
    """The last rate, going up, that the stack served cleanly; and every stretch that was tried."""
    best, tried = 0.0, []
    for rate in rates:
        outcome = await mix.run(rate, seconds=seconds)
        tried.append(outcome)
        if not outcome.clean:
            break
        best = rate
    return best, tried


class Sockets:
    """Open microphones: most are silent and come back when they are cut; some speak the same words again and again."""

    def __init__(self, site: Site, firm: Firm, *, silent: int, talking: int, pcm: bytes, expected: list[str]) -> None:
        self.site, self.firm, self.pcm, self.expected = site, firm, pcm, expected
        self.silent, self.talking = silent, talking
        self.stop = asyncio.Event()
        self.lost: list[str] = []
        self.wrong: list[tuple[list[str], list[str]]] = []
        self.spoken = 0
        self.reconnected = 0
        self._ready = 0
        self._all_open = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Sockets:
        for _ in range(self.silent):
            self._tasks.append(asyncio.create_task(self._guard(self._keep_open())))
        for _ in range(self.talking):
            self._tasks.append(asyncio.create_task(self._guard(self._talk())))
        async with asyncio.timeout(120):
            await self._all_open.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop.set()
        _done, late = await asyncio.wait(self._tasks, timeout=240)
        for task in late:
            self.lost.append("a talker did not come to its end within 240 s")
            task.cancel()

    async def _guard(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]
        except (ClientError, TimeoutError, httpx.HTTPError) as error:
            self.lost.append(f"{type(error).__name__} {getattr(error, 'code', '')}: {error}")
            self._all_open.set()

    def _is_open(self) -> None:
        self._ready += 1
        if self._ready == self.silent + self.talking:
            self._all_open.set()

    async def _open(self, person: IntakeClient) -> VoiceClient:
        await person.start(keep_audio=False)
        await person.to_story("Sol Socket", "Sample Housing")
        voice = await person.open_voice()
        await voice.connect()
        return voice

    async def _keep_open(self) -> None:
        async with client(self.site, self.firm) as person:
            voice = await self._open(person)
            self._is_open()
            while not self.stop.is_set():
                with contextlib.suppress(ClientError):
                    await voice.tell("ping")
                if voice.close_code is not None:
                    await voice.come_back()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.stop.wait(), 2)
            self.reconnected += voice.sockets - 1
            await voice.close()

    async def _talk(self) -> None:
        first = True
        while first or not self.stop.is_set():
            async with client(self.site, self.firm) as person:
                voice = await self._open(person)
                if first:
                    self._is_open()
                first = False
                await voice.speak(self.pcm)
                await voice.finish(200)
                said = heard(voice)
                self.reconnected += voice.sockets - 1
                self.spoken += 1
                if said != self.expected:
                    self.wrong.append((self.expected, said))
                await voice.close()
