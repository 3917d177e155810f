"""Who may reach whom, evaluated from the policies that the cluster holds and the labels of the pods that run there."""

from __future__ import annotations

import pytest

from tests.deploy.chart import test_policies as evaluator
from tests.deploy.chart.house import component
from tests.deploy.cluster.grounds import Grounds, wait_settled
from tests.deploy.cluster.kube import Kube
from tests.deploy.cluster.releases import place
from tests.deploy.cluster.report import Report


@pytest.mark.cluster(seconds=50)
@pytest.mark.parametrize("mode", ["external", "small"])
def test_it_is_the_documented_table(
    mode: str, kube: Kube, grounds: Grounds, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = place(grounds, mode, f"reach-{mode}", settings=("scaling.mode=none",))
    release.helm("install")
    wait_settled(kube, release.namespace, 90)
    monkeypatch.setattr(evaluator, "HERE", release.namespace)
    space = kube.get("namespaces", "", release.namespace)
    assert space is not None
    labels = space["metadata"]["labels"]
    running = kube.every("pods", release.namespace, f"app.kubernetes.io/instance={release.name}")
    places = {
        component(pod): evaluator.Place(component(pod), pod["metadata"]["labels"], labels)
        for pod in [*running, *(each["spec"]["template"] for each in release.rendered() if each["kind"] == "Job")]
    }
    policies = kube.every("networkpolicies", release.namespace)
    everyone = {**places, **evaluator.ELSEWHERE, "WORLD": evaluator.WORLD, "REGIONS": evaluator.REGIONS}
    ports = {path["port"] for path in evaluator.paths() if "port" in path} | {6379, 22}
    found = {
        (source, target, port)
        for source in everyone for target in places for port in ports
        if source != target and evaluator.reaches(policies, everyone[source], places[target], port)
    }  # fmt: skip
    assert found == evaluator.wanted(mode, places)
    asked = len(everyone) * len(places) * len(ports)
    report.say(
        f"Who may reach whom, `{mode}`",
        f"{len(policies)} policies, {asked} questions: the {len(found)} documented paths to its pods, and no other",
    )
    kube.helm("uninstall", release.name, "-n", release.namespace)
