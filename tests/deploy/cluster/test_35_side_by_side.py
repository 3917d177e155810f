"""Two releases beside each other, in two namespaces and in one; and a third that would take the first one's names."""

from __future__ import annotations

import pytest

from tests.deploy.cluster.grounds import Grounds, wait_settled
from tests.deploy.cluster.kube import Kube
from tests.deploy.cluster.releases import MODES, Release, place
from tests.deploy.cluster.report import Report


@pytest.fixture(scope="module")
def three(kube: Kube, grounds: Grounds) -> list[Release]:
    """`intake` and `second` in one namespace, `intake` in another."""
    made = [
        place(grounds, "small", "two"),
        place(grounds, "small", "two", name="second"),
        place(grounds, "small", "other"),
    ]
    for release in made:
        release.helm("install")
    for release in made:
        wait_settled(kube, release.namespace, 90)
    return made


@pytest.mark.cluster(seconds=60)
def test_each_has_its_own_pods_policies_and_claims(kube: Kube, three: list[Release], report: Report) -> None:
    for release in three:
        for service in kube.every("services", release.namespace, f"app.kubernetes.io/instance={release.name}"):
            assert service["spec"]["selector"]["app.kubernetes.io/instance"] == release.name
        for policy in kube.every("networkpolicies", release.namespace, f"app.kubernetes.io/instance={release.name}"):
            chosen = policy["spec"]["podSelector"]["matchLabels"]
            assert chosen["app.kubernetes.io/instance"] == release.name
        targets = {
            each["targetRef"]["name"]
            for found in kube.every("endpointslices", release.namespace)
            if found["metadata"]["labels"]["kubernetes.io/service-name"].startswith(release.full)
            for each in found.get("endpoints") or []
        }
        own = kube.every("pods", release.namespace, f"app.kubernetes.io/instance={release.name}")
        assert targets
        assert targets <= {each["metadata"]["name"] for each in own}
    claims = [each["metadata"]["name"] for each in kube.every("persistentvolumeclaims", three[0].namespace)]
    assert len(claims) == len(set(claims)) == 8
    report.say("Three releases: two in one namespace, one of the same name in another",
               "all ready; Services, policies and claims are each release's own")  # fmt: skip


@pytest.mark.cluster(seconds=30)
def test_a_release_by_another_name_does_not_take_what_is_there(
    kube: Kube, three: list[Release], report: Report
) -> None:
    first = three[0]
    before = {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in
              kube.every("configmaps", first.namespace)}  # fmt: skip
    renamed = Release(kube, "renamed", first.namespace, MODES["small"], (f"fullnameOverride={first.full}",))
    said = renamed.helm("install", check=False)
    assert renamed.code != 0
    assert "cannot be imported into the current release" in said
    assert "meta.helm.sh/release-name" in said
    assert before == {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in
                      kube.every("configmaps", first.namespace)}  # fmt: skip
    report.say("The same names under another release's name", "refused by Helm, nothing changed")
