"""Every node in turn is drained: nothing blocks for ever, and never are fewer pods ready than a budget says."""

from __future__ import annotations

import time

import pytest

from tests.deploy.cluster.grounds import Grounds, wait_settled
from tests.deploy.cluster.kube import Kube
from tests.deploy.cluster.nodes import drained, pods_on
from tests.deploy.cluster.releases import place
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import Steering
from tests.deploy.cluster.watching import watched


@pytest.mark.cluster(seconds=170)
@pytest.mark.parametrize("mode", ["external", "small"])
def test_each_node_is_drained(mode: str, kube: Kube, grounds: Grounds, steering: Steering, report: Report) -> None:
    """`small` has one pod of each: its budgets let it go, or a drain would never end."""
    nodes = [each["metadata"]["name"] for each in steering.need_nodes()]
    release = place(grounds, mode, f"drain-{mode}")
    release.helm("install")
    wait_settled(kube, release.namespace, 120)
    floors = {
        each["metadata"]["name"]: each["status"]["desiredHealthy"]
        for each in kube.every("poddisruptionbudgets", release.namespace)
    }
    worst = held = moved = 0
    began = time.monotonic()
    with watched(kube, release.namespace) as seen:
        for node in nodes:
            here = len(pods_on(kube, node, release.namespace))
            if not here:
                continue
            with drained(kube, node, 60) as done:
                assert not pods_on(kube, node, release.namespace)
            worst, held, moved = max(worst, round(done.seconds)), held + done.held, moved + here
            wait_settled(kube, release.namespace, 60)
    for name, floor in floors.items():
        assert seen.lowest(name) >= floor, f"{name}: {seen.lowest(name)} ready, the budget says {floor}"
    short = ", ".join(f"{name.rsplit('legal-intake-')[-1]} {floor}" for name, floor in floors.items())
    report.say(
        f"Drain of each node in turn, `{mode}`",
        f"{moved} pods moved in {time.monotonic() - began:.0f} s, the slowest drain {worst} s, "
        f"{held} evictions held back; ready never below a budget ({short})",
    )
    kube.helm("uninstall", release.name, "-n", release.namespace)
