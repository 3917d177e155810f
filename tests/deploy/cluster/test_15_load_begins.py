"""Load begins on a release whose every pod is seen by `kubectl top`; test_40 judges what came of it.

Autoscalers take minutes of waiting, so the tests between the two, in namespaces of their own, run meanwhile.
"""

from __future__ import annotations

import pytest

from tests.deploy.cluster.kube import Kube, wait_until
from tests.deploy.cluster.releases import BUSY, Release, scaled
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import Steering
from tests.deploy.cluster.watching import Rise


@pytest.mark.cluster(seconds=60)
def test_kubectl_top_shows_every_pod(kube: Kube, main: Release, report: Report) -> None:
    def shown() -> int:
        return len(kube.kubectl("top", "pods", "-n", main.namespace, "--no-headers", check=False).stdout.splitlines())

    running = [each for each in kube.every("pods", main.namespace) if each["status"]["phase"] == "Running"]
    wait_until("kubectl top shows them", lambda: shown() >= len(running), 60, 3)
    report.say("`kubectl top pods`", f"{shown()} of {len(running)} pods that run")


@pytest.mark.cluster(seconds=300)
def test_load_begins(main: Release, steering: Steering, rise: Rise) -> None:
    assert scaled(main, api=5, audio_worker=10, frontend=3)
    rise.begin()
    steering.demand(main.namespace, "api", 80)
    steering.cpu(main.namespace, "frontend", "100m")
    steering.metric(main.namespace, BUSY, "130")
