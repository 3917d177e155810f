"""At its largest a release is upgraded, rolled back and loses a node: never fewer pods than wanted or budgeted."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from tests.deploy.cluster.kube import Kube
from tests.deploy.cluster.nodes import drained, pods_on
from tests.deploy.cluster.releases import Release, scaled
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.watching import watched


def large(main: Release) -> None:
    if not scaled(main, api=100, audio_worker=50):
        pytest.skip("not run: it was not scaled up")


@pytest.mark.cluster(seconds=200)
def test_an_upgrade_never_has_fewer_than_wanted(kube: Kube, main: Release, report: Report) -> None:
    large(main)
    before = main.migration()
    with watched(kube, main.namespace) as seen:
        began = time.monotonic()
        main.helm("upgrade", "--wait", "--timeout", "6m", settings=["image.tag=0.2.0"], seconds=400)
        took = time.monotonic() - began
    assert not seen.short()
    assert main.images("api") == {"legal-intake:0.2.0"}
    after = main.migration()
    assert len(after) == 1
    assert not after.keys() & before.keys(), "another image, another Job"
    assert scaled(main, api=100, audio_worker=50), "an upgrade does not undo what the autoscaler did"
    name = f"{main.full}-api"
    report.say(
        "`helm upgrade --wait` at 100 and 50 pods",
        f"{took:.0f} s; api ready at least {seen.lowest(name)}, pods at most {seen.highest(name)}; "
        f"{seen.changes()} states seen, none below the wanted number; a migration Job of its own",
    )


@pytest.mark.cluster(seconds=170)
def test_a_rollback_neither(kube: Kube, main: Release, report: Report) -> None:
    large(main)
    if main.images("api") != {"legal-intake:0.2.0"}:
        pytest.skip("not run: there is nothing to roll back")
    with watched(kube, main.namespace) as seen:
        began = time.monotonic()
        kube.helm("rollback", main.name, "-n", main.namespace, "--wait", "--timeout", "6m", seconds=400)
        took = time.monotonic() - began
    assert not seen.short()
    assert main.images("api") == {"legal-intake:0.1.0"}
    report.say("`helm rollback --wait` at 100 and 50 pods", f"{took:.0f} s, never below the wanted number")


@pytest.mark.cluster(seconds=60)
def test_the_fullest_node_is_drained(kube: Kube, main: Release, report: Report) -> None:
    large(main)
    held = Counter(each["spec"]["nodeName"] for each in kube.every("pods", main.namespace))
    node, count = held.most_common(1)[0]
    with watched(kube, main.namespace) as seen, drained(kube, node, 180) as done:
        assert not pods_on(kube, node, main.namespace)
    floor = 100 - 10
    assert seen.lowest(f"{main.full}-api") >= floor
    assert seen.lowest(f"{main.full}-audio-worker") >= 45
    report.say(
        f"Drain of the fullest node ({count} pods)",
        f"{done.seconds:.0f} s, {done.held} evictions held back by a budget; api ready at least "
        f"{seen.lowest(f'{main.full}-api')} (budget {floor}), audio workers "
        f"{seen.lowest(f'{main.full}-audio-worker')} (45)",
    )
