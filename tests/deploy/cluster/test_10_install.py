"""Each mode of the chart installs into a namespace that takes only restricted pods, and all of it becomes ready."""

from __future__ import annotations

import time

import pytest

from tests.deploy.cluster.grounds import Grounds, refusals, wait_settled
from tests.deploy.cluster.kube import Kube
from tests.deploy.cluster.needs import definitions
from tests.deploy.cluster.releases import MODES, Release, place
from tests.deploy.cluster.report import Report


@pytest.fixture(scope="module")
def installed(grounds: Grounds) -> dict[str, tuple[Release, float]]:
    """All modes beside each other, and when each was sent."""
    made = {}
    for mode in MODES:
        release = place(grounds, mode, mode)
        release.helm("install")
        made[mode] = release, time.monotonic()
    return made


@pytest.mark.cluster(seconds=90)
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_installs_and_every_desired_pod_is_ready(
    mode: str, kube: Kube, installed: dict[str, tuple[Release, float]], report: Report
) -> None:
    release, began = installed[mode]
    wait_settled(kube, release.namespace, 120)
    took = time.monotonic() - began
    assert not refusals(kube, release.namespace)

    wanted = [each for each in release.rendered() if "helm.sh/hook" not in each["metadata"].get("annotations", {})]
    kinds = sorted({each["kind"] for each in wanted})
    # Helm would have failed had the API server refused one; that each is there is seen by asking for it.
    there = kube.kubectl(
        "get", ",".join(kinds), "-n", release.namespace, "-l", f"app.kubernetes.io/instance={release.name}", "-o",
        "jsonpath={range .items[*]}{.kind}/{.metadata.name}{'\\n'}{end}",
    ).stdout.split()  # fmt: skip
    elsewhere = [each for each in wanted if each["metadata"].get("namespace", release.namespace) != release.namespace]
    for each in wanted:
        if each not in elsewhere:
            assert f"{each['kind']}/{each['metadata']['name']}" in there
    own = [kind for kind in kinds if kind in definitions()]
    pods = [each for each in kube.every("pods", release.namespace) if each["status"]["phase"] == "Running"]
    # One that waits has no pod of ours; its PostgreSQL is the operator's to make.
    assert pods or mode == "standby"
    taken = f"; taken: {', '.join(own)}" if own else ""
    report.say(f"Install `{mode}`", f"{len(wanted)} objects, {len(pods)} pods ready after {took:.0f} s{taken}")
    kube.helm("uninstall", release.name, "-n", release.namespace)
