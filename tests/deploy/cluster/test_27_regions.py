"""A region that waits has no pod of ours, is made home by its values, and waits again."""

from __future__ import annotations

import time

import pytest

from tests.deploy.cluster.grounds import Grounds, refusals
from tests.deploy.cluster.kube import Kube, wait_until
from tests.deploy.cluster.needs import needs_of
from tests.deploy.cluster.releases import Release, place
from tests.deploy.cluster.report import Report

#: KEDA's operator is not there, so nothing would scale by its objects.
PLAIN = ("scaling.mode=hpa", "scaling.prometheusUrl=", "worker.autoscaling.enabled=false")
HOME = ("region.role=home", "database.cloudnativepg.promotionToken=dG9rZW4=")
#: Of each component, as its autoscaler or its values want it.
WANTED = {
    "api": 5,
    "audio-worker": 10,
    "worker": 2,
    "frontend": 3,
    "edge": 3,
    "models": 2,
    "scheduler": 1,
    "certificates": 1,
}


def running(kube: Kube, release: Release) -> int:
    """Pods of workloads that are meant to stay."""
    found = kube.every("pods", release.namespace, f"app.kubernetes.io/instance={release.name}")
    return sum(each["spec"].get("restartPolicy") == "Always" for each in found)


def serves(release: Release) -> bool:
    return all(release.ready(name) == count for name, count in WANTED.items())


@pytest.mark.cluster(seconds=150)
def test_a_region_that_waits_is_made_home_and_waits_again(grounds: Grounds, kube: Kube, report: Report) -> None:
    release = place(grounds, "standby", "regions", settings=PLAIN)
    grounds.provide(release.namespace, needs_of(release.rendered(*HOME)))
    release.helm("install")
    wait_until("its models", lambda: kube.every("jobs", release.namespace), 30)
    time.sleep(5)
    assert running(kube, release) == 0
    assert not kube.every("horizontalpodautoscalers", release.namespace)

    began = time.monotonic()
    release.helm("upgrade", settings=HOME)
    wait_until("every pod", lambda: serves(release), 120)
    up = time.monotonic() - began
    assert not refusals(kube, release.namespace)
    redis = kube.every("statefulsets", release.namespace)
    assert [each["spec"]["replicas"] for each in redis] == [3, 3, 3]
    assert len(release.migration()) == 1

    began = time.monotonic()
    release.helm("upgrade")
    wait_until("no pod", lambda: running(kube, release) == 0, 120)
    down = time.monotonic() - began
    assert not kube.every("horizontalpodautoscalers", release.namespace)
    assert kube.every("persistentvolumeclaims", release.namespace), "what was said stays where it is"
    report.say(
        "A region that waits, made home by two values, and waiting again",
        f"no pod before; {sum(WANTED.values()) + 9} pods ready after {up:.0f} s; none {down:.0f} s after the way back",
    )
    kube.helm("uninstall", release.name, "-n", release.namespace)
