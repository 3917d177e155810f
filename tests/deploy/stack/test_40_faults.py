"""What dies, is cut off or runs full: back within its time, and nothing of a client's is lost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from audio.client import IntakeClient
from audio.voice_client import ClientError
from tests.deploy.stack.engine import kill_process, restarted, run, wait_until
from tests.deploy.stack.load import Sockets
from tests.deploy.stack.people import client
from tests.deploy.stack.report import Report
from tests.deploy.stack.site import Site, now

pytestmark = pytest.mark.stack
#: A crash is over when the container is healthy again. Elasticsearch reads its data, Kibana waits for it.
BACK_SECONDS = {"elasticsearch": 120.0, "kibana": 120.0, "postgres": 60.0, "postgres-standby": 90.0}
BACK_DEFAULT = 45.0
PARTITIONED = ("postgres", "redis-broker", "redis-journal", "redis-cache")
PARTITION_SECONDS = 10.0


class Typist:
    """Somebody who types all along, sends again what got no answer, and knows what the server has taken."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.taken: list[str] = []
        self.refused = 0
        self.stop = asyncio.Event()

    async def run(self) -> None:
        async with client(self.site, self.site.firms[0]) as person:
            await person.start(keep_audio=False)
            await person.to_story("Tia Typist", "Sample Housing")
            while not self.stop.is_set():
                await self._say(person, f"sentence {uuid4().hex}")
                await asyncio.sleep(0.4)
            told = await self._again(lambda: person.get("/api/intakes/current"))
            texts = [turn["text"] for turn in told["turns"]]
            self.missing = [text for text in self.taken if text not in texts]
            self.double = [text for text in self.taken if texts.count(text) > 1]

    async def _say(self, person: IntakeClient, text: str) -> None:
        body = {"text": text, "client_ref": str(uuid4())}
        await self._again(lambda: person.post(f"/api/intakes/{person.snapshot['id']}/turns", body))
        self.taken.append(text)

    async def _again(self, ask: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        until = time.monotonic() + 120
        while True:
            try:
                return await ask()
            except (ClientError, httpx.HTTPError):
                self.refused += 1
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.3)


async def under_people(site: Site, undisturbed: tuple[bytes, list[str]], trouble: Callable[[], None]) -> Typist:
    """`trouble` while one types and one talks; asserts that nothing of theirs is lost."""
    pcm, expected = undisturbed
    typist = Typist(site)
    typing = asyncio.create_task(typist.run())
    async with Sockets(site, site.firms[0], silent=1, talking=1, pcm=pcm, expected=expected) as sockets:
        try:
            await asyncio.to_thread(trouble)
        finally:
            await asyncio.sleep(2)
            typist.stop.set()
    await asyncio.wait_for(typing, 150)
    assert not sockets.lost, sockets.lost
    assert not sockets.wrong, sockets.wrong
    assert not typist.missing, typist.missing
    assert not typist.double, typist.double
    assert typist.taken
    return typist


def crash(site: Site, service: str) -> float:
    """kill -9 of a service's process; the seconds until it is healthy again."""
    victim = site.project.only(service)
    before = victim.details["State"]["StartedAt"]
    kill_process(victim)
    limit = BACK_SECONDS.get(service, BACK_DEFAULT)
    return wait_until(f"{service} is back", lambda: restarted(victim, before), limit, pause=0.3)


@pytest.mark.stack(seconds=330)
def test_kill_9_of_each_service(site: Site, report: Report, undisturbed: tuple[bytes, list[str]]) -> None:
    times: dict[str, float] = {}
    late: dict[str, str] = {}

    def trouble() -> None:
        services = site.ours
        # The least first, so that whatever else hangs on a data service is not disturbed twice.
        for service in sorted(services, key=lambda name: (name in PARTITIONED, name)):
            try:
                times[service] = crash(site, service)
            except AssertionError as error:
                late[service] = str(error)[:300]

    typist = asyncio.run(under_people(site, undisturbed, trouble))
    slowest = sorted(times.items(), key=lambda pair: -pair[1])
    report.say(
        "kill -9 of each service's process in turn, somebody typing and somebody talking",
        f"{len(times)} services back in {min(times.values()):.1f} to {slowest[0][1]:.1f} s ({slowest[0][0]}); "
        f"{len(typist.taken)} typed turns, none lost, none double; every word there",
        seconds=json.loads(json.dumps({name: round(value, 1) for name, value in times.items()})), late=late,
    )  # fmt: skip
    assert not late, late


def cut(site: Site, service: str) -> None:
    """Take a service off its networks for a while, and give it back."""
    container = site.project.only(service)
    networks = list(container.details["NetworkSettings"]["Networks"])
    for network in networks:
        run(["docker", "network", "disconnect", network, container.id])
    time.sleep(PARTITION_SECONDS)
    for network in networks:
        run(["docker", "network", "connect", "--alias", service, network, container.id])


@pytest.mark.parametrize("service", PARTITIONED)
@pytest.mark.stack(seconds=90)
def test_a_partition_of_ten_seconds(
    site: Site, report: Report, undisturbed: tuple[bytes, list[str]], service: str
) -> None:
    def trouble() -> None:
        cut(site, service)

    began = now()
    typist = asyncio.run(under_people(site, undisturbed, trouble))
    site.project.wait_ready(site.ours, 90)
    report.say(
        f"{service} cut off for {PARTITION_SECONDS:.0f} s, somebody typing and somebody talking",
        f"nothing lost, {len(typist.taken)} typed turns, {typist.refused} had to be sent again; "
        f"{now() - began:.0f} s in all",
    )


@pytest.mark.stack(seconds=40)
def test_a_full_disk_under_the_logs_stops_nobody(site: Site, report: Report) -> None:
    """An api process whose log is a full device: each line fails, each request is served."""
    name = f"{site.project.name}-full"
    site.project.compose(
        "run", "--detach", "--no-deps", "--name", name, "api", "sh", "-c",
        "exec python -m legal_intake.server --bind 0.0.0.0 --port 8000 >/dev/full 2>/dev/full",
    )  # fmt: skip
    try:
        host = site.firms[0].host
        # Not from a proxy that it trusts: it sends us to https, which is an answer all the same.
        ask = (
            "import http.client as h;c=h.HTTPConnection('127.0.0.1',8000,timeout=5);"
            f"c.request('GET','/api/firm',headers={{'Host':'{host}'}});print(c.getresponse().status)"
        )
        healthy = ["docker", "exec", name, "python", "-m", "legal_intake.healthcheck", "api"]
        wait_until("an api whose log is full is well", lambda: run(healthy, check=False).returncode == 0, 30)
        answers = [run(["docker", "exec", name, "python", "-c", ask], check=False) for _ in range(3)]
        assert {answer.stdout.strip() for answer in answers} <= {"200", "301"}, answers[0].stderr[-500:]
        running = run(["docker", "inspect", "-f", "{{.State.Running}}", name]).stdout.strip()
        assert running == "true"
    finally:
        run(["docker", "rm", "--force", name], check=False)
    report.say("disk full under the logs (an api process that logs to /dev/full)", "it starts, is healthy and answers")
