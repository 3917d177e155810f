"""Recognition in the models service instead of the voice slots, as an operator switches it on: the same words, and a
crash of the service in the middle of a sentence loses none of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest

from tests.deploy.stack import site as sites
from tests.deploy.stack.bring_up import deploy
from tests.deploy.stack.load import Sockets
from tests.deploy.stack.people import heard, spoken_intake
from tests.deploy.stack.report import Report
from tests.deploy.stack.site import Site, now
from tests.deploy.stack.test_40_faults import crash

pytestmark = pytest.mark.stack
METRICS = (
    "import urllib.request as u; token = open('/run/secrets/metrics_token').read().strip(); "
    "print(u.urlopen(u.Request('http://127.0.0.1:8090/metrics', headers={'Authorization': f'Bearer {token}'}))"
    ".read().decode())"
)


def utterances(site: Site) -> float:
    """How many the models service has heard to their end since it started."""
    said = site.project.execute("models", "python", "-c", METRICS)
    found = re.search(r"^legal_intake_models_utterances_total (\S+)$", said, re.MULTILINE)
    assert found, said[-500:]
    return float(found.group(1))


@pytest.fixture(scope="module")
def words_before(undisturbed: tuple[bytes, list[str]]) -> tuple[bytes, list[str]]:
    """What the slots' own recognisers hear: before anything is switched."""
    return undisturbed


@pytest.fixture(scope="module")
def remote(site: Site, words_before: tuple[bytes, list[str]]) -> Iterator[float]:
    """The stack with AUDIO_RECOGNISER=remote; the seconds that the switch took. Back at the end."""
    del words_before
    if "models" not in sites.STARTED:
        pytest.skip("not run: the profile models is not among STACK_PROFILES")
    settings = site.root / ".env"
    kept, began = settings.read_text(), now()
    settings.write_text(f"{kept}AUDIO_RECOGNISER=remote\nMODELS_SLOTS=4\n")
    try:
        deploy(site.root, version=sites.VERSION)
        yield now() - began
    finally:
        settings.write_text(kept)
        deploy(site.root, version=sites.VERSION)


@pytest.mark.stack(seconds=240)
def test_the_models_service_hears_the_same_words(
    site: Site, report: Report, words_before: tuple[bytes, list[str]], remote: float
) -> None:
    pcm, expected = words_before
    before = utterances(site)
    _reference, voice = asyncio.run(spoken_intake(site, site.firms[1], "Remy Remote", pcm))
    assert heard(voice) == expected
    after = utterances(site)
    assert after - before >= len(expected)
    report.say(
        "AUDIO_RECOGNISER=remote switched on by ./deploy.sh, a spoken intake through `models`",
        f"{remote:.0f} s; {after - before:.0f} utterances heard there, the same words as before",
    )


@pytest.mark.stack(seconds=150)
def test_kill_9_of_the_models_service_while_somebody_talks(
    site: Site, report: Report, words_before: tuple[bytes, list[str]], remote: float
) -> None:
    del remote
    pcm, expected = words_before
    back = 0.0

    async def talk() -> Sockets:
        nonlocal back
        async with Sockets(site, site.firms[0], silent=1, talking=1, pcm=pcm, expected=expected) as sockets:
            await asyncio.sleep(3)
            back = await asyncio.to_thread(crash, site, "models")
            await asyncio.sleep(2)
        return sockets

    sockets = asyncio.run(talk())
    assert not sockets.lost, sockets.lost
    assert not sockets.wrong, sockets.wrong
    report.say("kill -9 of `models` while somebody talks through it", f"back in {back:.1f} s; every word there")
