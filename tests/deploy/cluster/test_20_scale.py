"""Load comes: api 5 to 100, audio workers 10 to 50, the frontend from 3, as the values say."""

from __future__ import annotations

import time

import pytest

from tests.deploy.cluster.kube import Kube, Object, wait_until
from tests.deploy.cluster.releases import BUSY, SOCKETS, WAITING, Release, scaled
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import Steering
from tests.deploy.cluster.watching import watched


def autoscaler(kube: Kube, main: Release, component: str) -> Object:
    found = kube.get("horizontalpodautoscalers", main.namespace, f"{main.full}-{component}")
    assert found is not None
    return found


@pytest.mark.cluster(seconds=60)
def test_kubectl_top_shows_every_pod(kube: Kube, main: Release, report: Report) -> None:
    def shown() -> int:
        return len(kube.kubectl("top", "pods", "-n", main.namespace, "--no-headers", check=False).stdout.splitlines())

    running = [each for each in kube.every("pods", main.namespace) if each["status"]["phase"] == "Running"]
    wait_until("kubectl top shows them", lambda: shown() >= len(running), 60, 3)
    report.say("`kubectl top pods`", f"{shown()} of {len(running)} pods that run")


@pytest.mark.cluster(seconds=330)
def test_load_comes(kube: Kube, main: Release, steering: Steering, report: Report) -> None:
    assert scaled(main, api=5, audio_worker=10, frontend=3)
    with watched(kube, main.namespace) as seen:
        began = time.monotonic() - seen.began
        steering.demand(main.namespace, "api", 80)
        steering.cpu(main.namespace, "frontend", "100m")
        steering.metric(main.namespace, BUSY, "130")
        wait_until(
            "api 100, audio workers 50, frontend 12",
            lambda: scaled(main, api=100, audio_worker=50, frontend=12),
            320,
            1,
        )
    assert not seen.short()
    for component, first, most, why in (
        ("api", 5, 100, "80 cores of work"),
        ("audio-worker", 10, 50, "130 busy slots"),
        ("frontend", 3, 12, "CPU above its target"),
    ):
        name = f"{main.full}-{component}"
        half = (first + most) // 2
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
