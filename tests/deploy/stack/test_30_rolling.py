"""An upgrade and its rollback by deploy.sh, under load: no request fails, no word is lost."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from tests.deploy.stack import site as sites
from tests.deploy.stack.bring_up import build, deploy
from tests.deploy.stack.load import Mix, Outcome, Sockets, highest_clean_rate
from tests.deploy.stack.report import FOLDER, Report
from tests.deploy.stack.site import Site, now
from tests.deploy.stack.test_20_scale import scale

pytestmark = pytest.mark.stack
RATES = (5.0, 10.0, 20.0, 30.0, 40.0, 60.0, 80.0)
STEP_SECONDS = float(os.environ.get("STACK_STEP_SECONDS", "8"))
OURS = ("api", "worker", "audio_worker", "scheduler", "frontend")


@pytest.fixture(scope="module")
def clean_rate(site: Site, report: Report) -> float:
    """The highest rate of the mix that this stack serves cleanly here."""

    if known := os.environ.get("STACK_RATE"):
        return float(known)

    async def go() -> tuple[float, list[Outcome]]:
        async with Mix(site, site.firms[0]) as mix:
            return await highest_clean_rate(mix, RATES, STEP_SECONDS)

    best, tried = asyncio.run(go())
    (FOLDER / "rates.txt").write_text("".join(f"{outcome} {outcome.failed[:3]}\n" for outcome in tried))
    report.say(
        "highest clean rate of the mix (50 % page, 30 % typed turn, 20 % staff list; no failure, p95 <= 1 s)",
        f"{best:g} requests a second; at the next step: {tried[-1]}",
    )
    assert best > 0, [(str(outcome), outcome.failed[:5]) for outcome in tried]
    return best


def versions(site: Site) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for container in site.project.containers():
        if container.service in OURS and container.state == "running":
            found.setdefault(container.service, set()).add(container.image.rpartition(":")[2])
    return found


@pytest.mark.stack(seconds=420)
def test_upgrade_and_rollback_under_load(
    site: Site, report: Report, undisturbed: tuple[bytes, list[str]], clean_rate: float
) -> None:
    again = "all images built again after a change of the version alone"
    build(site.root, sites.NEXT_VERSION, report, again, previous=sites.VERSION)
    pcm, expected = undisturbed
    rate = 0.7 * clean_rate
    scale(site, api=1, audio=2)  # a voice slot for each of the four who talk

    async def go(what: str, *arguments: str, version: str) -> None:
        sockets = Sockets(site, site.firms[0], silent=16, talking=4, pcm=pcm, expected=expected)
        async with Mix(site, site.firms[0]) as mix:
            over = asyncio.Event()
            async with sockets:
                load = asyncio.create_task(mix.run(rate, until=over))
                began = now()
                try:
                    await asyncio.to_thread(lambda: deploy(site.root, *arguments, version=version))
                finally:
                    seconds = now() - began
                    await asyncio.sleep(3)
                    over.set()
                    outcome = await load
            missing = await mix.missing()
        problems = {
            "failed requests": outcome.failed[:8], "lost sockets": sockets.lost[:4], "wrong words": sockets.wrong[:2],
            "missing turns": missing[:4],
        }  # fmt: skip
        report.say(
            f"{what} at {rate:g} requests a second, 20 sockets, 4 talking",
            f"{seconds:.0f} s; {outcome}; {len(sockets.lost)} sockets lost, {sockets.reconnected} came back, "
            f"{sockets.spoken} stories spoken, {len(sockets.wrong)} with other words, "
            f"{len(missing)} typed turns missing",
            problems=json.loads(json.dumps(problems)),
        )
        assert not any(problems.values()), problems

    asyncio.run(go("rolling upgrade by deploy.sh", version=sites.NEXT_VERSION))
    assert set().union(*versions(site).values()) == {sites.NEXT_VERSION}, versions(site)
    asyncio.run(go("rollback by deploy.sh", "rollback", version=""))
    assert set().union(*versions(site).values()) == {sites.VERSION}, versions(site)
