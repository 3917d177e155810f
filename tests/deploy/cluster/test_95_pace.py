"""How long it takes until the autoscalers' own pace has brought everything back. Needs most of an hour."""

from __future__ import annotations

import time

import pytest

from tests.deploy.cluster.grounds import Grounds
from tests.deploy.cluster.kube import Kube, wait_until
from tests.deploy.cluster.releases import BUSY, SOCKETS, WAITING, place, scaled
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import Steering


@pytest.mark.cluster(seconds=3000)
def test_load_goes_at_the_pace_of_the_values(kube: Kube, grounds: Grounds, steering: Steering, report: Report) -> None:
    """Without haste: 5 and 10 minutes of nothing, then a tenth a minute, and two pods a minute."""
    steering.need_load()
    steering.need_metrics()
    slow = place(grounds, "external", "slow", settings=("scaling.externalMetrics=true",))
    for name, value in ((BUSY, "130"), (WAITING, "0"), (SOCKETS, "20000")):
        steering.metric(slow.namespace, name, value)
    slow.helm("install")
    wait_until("up", lambda: scaled(slow, api=100, audio_worker=50), 420, 1)
    for name in (BUSY, SOCKETS):
        steering.metric(slow.namespace, name, "0")
    began = time.monotonic()
    left = {"api": 100, "audio-worker": 50}
    first: dict[str, float] = {}
    done: dict[str, float] = {}
    while len(done) < 2 and time.monotonic() - began < 2900:
        for component, least in (("api", 5), ("audio-worker", 10)):
            count = slow.deployment(component)["spec"]["replicas"]
            if count < left[component]:
                first.setdefault(component, time.monotonic() - began)
                left[component] = count
            if count == least:
                done.setdefault(component, time.monotonic() - began)
        time.sleep(5)
    assert first["api"] >= 295, first
    assert first["audio-worker"] >= 595, first
    assert len(done) == 2, left
    for component, start in (("api", "100 to 5"), ("audio-worker", "50 to 10")):
        report.say(
            f"{component} {start} at the pace of the values",
            f"first step after {first[component] / 60:.0f} min, done after {done[component] / 60:.0f} min",
        )
    kube.helm("uninstall", slow.name, "-n", slow.namespace)
