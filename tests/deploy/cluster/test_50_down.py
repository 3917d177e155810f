"""The work is done: as the values say nothing happens at once, and then it goes back to the minimum in steps."""

from __future__ import annotations

import time

import pytest

from tests.deploy.cluster.kube import Kube, wait_until
from tests.deploy.cluster.releases import BUSY, Release, scaled
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import Steering
from tests.deploy.cluster.watching import watched

#: Steps downwards at a pace that a test can wait for.
HASTE = [
    f"{block}.autoscaling.behavior.scaleDown.{what}"
    for block, kind, value in (("api", "Percent", 50), ("audioWorker", "Pods", 20), ("frontend", "Pods", 9))
    for what in (
        "stabilizationWindowSeconds=0", f"policies[0].type={kind}", f"policies[0].value={value}",
        "policies[0].periodSeconds=5",
    )
]  # fmt: skip


@pytest.mark.cluster(seconds=200)
def test_load_goes(kube: Kube, main: Release, steering: Steering, report: Report) -> None:
    """As stated: at first nothing. Then, with the windows made short, back to the minimum in steps."""
    if not scaled(main, api=100, audio_worker=50):
        pytest.skip("not run: it was not scaled up")
    steering.no_demand()
    steering.metric(main.namespace, BUSY, "0")
    time.sleep(50)
    assert scaled(main, api=100, audio_worker=50), "it goes down after 5 and 10 minutes, not at once"
    with watched(kube, main.namespace) as seen:
        main.helm("upgrade", settings=HASTE)
        began = time.monotonic()
        wait_until("back", lambda: scaled(main, api=5, audio_worker=10, frontend=3), 150, 1)
        took = time.monotonic() - began
    assert min(seen.lowest(f"{main.full}-{each}") for each in ("api", "audio-worker", "frontend")) == 3
    assert seen.lowest(f"{main.full}-api") == 5
    assert seen.lowest(f"{main.full}-audio-worker") == 10
    report.say("Load gone", f"100 and 50 pods stay for 50 s; with short windows back to 5, 10 and 3 in {took:.0f} s")
