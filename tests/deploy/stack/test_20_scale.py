"""`docker compose up --scale`: more of our processes, with live sockets open."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from tests.deploy.stack.engine import Container, wait_until
from tests.deploy.stack.load import Sockets
from tests.deploy.stack.people import somebody
from tests.deploy.stack.report import Report
from tests.deploy.stack.site import Site, now

pytestmark = pytest.mark.stack
API, AUDIO = 5, 10


def scale(site: Site, api: int, audio: int) -> float:
    began = now()
    site.project.compose(
        "up", "--detach", "--no-recreate", "--scale", f"api={api}", "--scale", f"audio_worker={audio}",
        "api", "audio_worker", seconds=240,
    )  # fmt: skip
    wait_until("scaled", lambda: _count(site, "api") == api and _count(site, "audio_worker") == audio, 240, pause=2)
    return now() - began


def _count(site: Site, service: str) -> int:
    return sum(container.ready for container in site.project.containers(service))


def served(site: Site) -> dict[str, int]:
    """Requests that each api container has logged."""
    from tests.deploy.stack.engine import run

    counts = {}
    for container in site.project.containers("api"):
        done = run(["docker", "logs", container.id], check=False)
        lines = (done.stdout + done.stderr).splitlines()
        counts[container.name] = sum('"event": "request"' in line for line in lines)
    return counts


async def ask(site: Site, times: int) -> None:
    """All at the same moment: whoever holds open sockets gets his share too, when the others are as busy."""
    firm = site.firms[0]
    known = {"sni_hostname": firm.host}
    limits = httpx.Limits(max_connections=times)
    address = f"https://{site.address}"
    async with httpx.AsyncClient(base_url=address, verify=site.tls, trust_env=False, timeout=30, limits=limits) as web:
        asked = (
            web.get("/api/firm", headers={"Host": firm.netloc, **somebody()}, extensions=known) for _ in range(times)
        )
        answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}, [answer.text[:300] for answer in answers]


@pytest.mark.stack(seconds=240)
def test_scaling_loses_no_socket_and_spreads_the_traffic(
    site: Site, report: Report, undisturbed: tuple[bytes, list[str]]
) -> None:
    pcm, expected = undisturbed

    served_by: dict[str, int] = {}

    async def go() -> tuple[float, Sockets]:
        sockets = Sockets(site, site.firms[0], silent=8, talking=1, pcm=pcm, expected=expected)
        async with sockets:
            seconds = await asyncio.to_thread(scale, site, API, AUDIO)
            await asyncio.sleep(12)  # nginx asks for the names again
            before = await asyncio.to_thread(served, site)
            for _ in range(3):
                await ask(site, 100)
            after = await asyncio.to_thread(served, site)
        new = {name: count - before.get(name, 0) for name, count in after.items()}
        assert len(new) == API
        assert all(count > 0 for count in new.values()), f"not every api got a share: {new}"
        served_by.update(new)
        return seconds, sockets

    try:
        seconds, sockets = asyncio.run(go())
        listeners = {json.dumps(container.name) for container in _running(site, "audio_worker")}
        assert len(listeners) == AUDIO
    finally:
        back = scale(site, 1, 1)
    assert not sockets.lost, sockets.lost
    assert not sockets.wrong, sockets.wrong
    report.say(
        f"api 1 -> {API} and audio_worker 1 -> {AUDIO} with 9 sockets open, one talking",
        f"{seconds:.0f} s, 0 sockets lost, {sockets.reconnected} reconnected; of 300 requests each api served "
        f"{min(served_by.values())} to {max(served_by.values())}; back in {back:.0f} s",
    )


def _running(site: Site, service: str) -> list[Container]:
    return [container for container in site.project.containers(service) if container.state == "running"]
