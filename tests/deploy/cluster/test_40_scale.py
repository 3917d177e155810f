"""Load has come: api 5 to 100, audio workers 10 to 50, the frontend from 3; then their metrics go away."""

from __future__ import annotations

import time

import pytest

from tests.deploy.cluster.kube import Kube, Object, wait_until
from tests.deploy.cluster.releases import BUSY, SOCKETS, WAITING, Release, scaled
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import Steering
from tests.deploy.cluster.watching import Rise


def autoscaler(kube: Kube, main: Release, component: str) -> Object:
    found = kube.get("horizontalpodautoscalers", main.namespace, f"{main.full}-{component}")
    assert found is not None
    return found


@pytest.mark.cluster(seconds=180)
def test_load_has_come(kube: Kube, main: Release, rise: Rise, report: Report) -> None:
    """What test_15 began goes on meanwhile; here it is waited for and judged, by the moments that the watch noted."""
    if rise.began is None:
        pytest.skip("not run: no load was sent")
    wait_until(
        "api 100, audio workers 50, frontend 12", lambda: scaled(main, api=100, audio_worker=50, frontend=12), 330, 1
    )
    seen, began = rise.end()
    assert not seen.short()
    for component, first, most, why in (
        ("api", 5, 100, "80 cores of work"), ("audio-worker", 10, 50, "130 busy slots"),
        ("frontend", 3, 12, "CPU above its target"),
    ):  # fmt: skip
        name = f"{main.full}-{component}"
        half = (first + most) // 2
        assert seen.lowest(name) == first
        assert seen.highest(name) == most, "never above the maximum"
        report.say(
            f"{component} {first} to {most} ({why})",
            f"{seen.when(name, half) - began:.0f} s to {half}, {seen.when(name, most) - began:.0f} s to {most}",
        )


@pytest.mark.cluster(seconds=60)
def test_a_metric_that_is_away_takes_nothing_away(
    kube: Kube, main: Release, steering: Steering, report: Report
) -> None:
    """No series at all: nothing moves. One of two, and it asks for less: still nothing goes down."""
    if not scaled(main, api=100, audio_worker=50):
        pytest.skip("not run: it was not scaled up")
    for names in ((BUSY, WAITING), (WAITING,)):
        for name in (BUSY, WAITING):
            steering.metric(main.namespace, name, None if name in names else "0")

        def said() -> str:
            found = autoscaler(kube, main, "audio-worker")["status"]["conditions"]
            return str({each["type"]: (each["status"], each["reason"]) for each in found})

        wait_until("the autoscaler says so", lambda: "FailedGetExternalMetric" in said(), 60, 1)
        time.sleep(20)
        assert scaled(main, audio_worker=50), said()
    steering.metric(main.namespace, SOCKETS, None)
    time.sleep(20)
    assert scaled(main, api=100)
    report.say("Both metrics of the audio workers away, then one of them; the api's sockets away",
               "50 and 100 pods stay; the autoscaler says FailedGetExternalMetric")  # fmt: skip
    steering.metric(main.namespace, BUSY, "130")
    steering.metric(main.namespace, WAITING, "0")
    steering.metric(main.namespace, SOCKETS, "0")
