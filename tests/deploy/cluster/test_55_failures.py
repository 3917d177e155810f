"""Releases that go wrong stop early and say so, and what served goes on serving."""

from __future__ import annotations

import json
import time

import pytest

from tests.deploy.cluster.grounds import Grounds, condition, wait_settled
from tests.deploy.cluster.kube import Kube, wait_until
from tests.deploy.cluster.releases import Release, place
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import BROKEN, STUCK, Steering
from tests.deploy.cluster.watching import watched


@pytest.fixture(scope="module")
def release(kube: Kube, grounds: Grounds, steering: Steering) -> Release:
    steering.need_fates()
    made = place(grounds, "external", "failures")
    made.helm("install")
    wait_settled(kube, made.namespace, 120)
    return made


def status(kube: Kube, release: Release) -> str:
    """What Helm says of the newest revision."""
    done = kube.helm("status", release.name, "-n", release.namespace, "-o", "json")
    found: str = json.loads(done.stdout)["info"]["status"]
    return found


@pytest.mark.cluster(seconds=60)
def test_only_what_changes_a_pod_makes_a_new_migration(kube: Kube, release: Release, report: Report) -> None:
    first = release.migration()
    release.helm("upgrade", settings=["edge.replicas=4", "api.autoscaling.max=60"])
    same = release.migration()
    assert {each["metadata"]["uid"] for each in same.values()} == {each["metadata"]["uid"] for each in first.values()}
    release.helm("upgrade", settings=["migrate.extraEnv[0].name=LOG_SQL", "migrate.extraEnv[0].value=on"])
    other = release.migration()
    assert not other.keys() & first.keys()
    wait_settled(kube, release.namespace, 90)
    report.say("Upgrades that change no pod of the migration, and one that changes its environment",
               "the same Job; a new Job, which completes")  # fmt: skip


@pytest.mark.cluster(seconds=100)
def test_a_failing_migration_stops_the_release(kube: Kube, release: Release, report: Report) -> None:
    with watched(kube, release.namespace) as seen:
        began = time.monotonic()
        said = release.helm(
            "upgrade", "--wait", "--wait-for-jobs", "--timeout", "30s", check=False,
            settings=[f"image.tag=0.3.0{BROKEN}", "migrate.deadlineSeconds=15"],
        )  # fmt: skip
        took = time.monotonic() - began
    assert release.code != 0
    assert status(kube, release) == "failed"
    assert not seen.short(), "what served goes on"
    assert release.ready("api") >= 5
    (job,) = release.migration().values()
    wait_until("the Job is given up", lambda: condition(release.migration()[job["metadata"]["name"]], "Failed"), 60)
    (job,) = release.migration().values()
    reason = next(each for each in job["status"]["conditions"] if each["type"] == "Failed")
    assert reason["reason"] in ("DeadlineExceeded", "BackoffLimitExceeded")
    assert "migrate" in said, said
    (release.kube.folder / "failed.txt").write_text(said)
    report.say(
        "A migration that fails (deadline 15 s)",
        f"`helm upgrade --wait` ends after {took:.0f} s, naming the Job; it says {reason['reason']}; "
        f"api ready at least {seen.lowest(f'{release.full}-api')}, never below the wanted number",
    )


@pytest.mark.cluster(seconds=100)
def test_the_next_release_mends_it(kube: Kube, release: Release, report: Report) -> None:
    """As docs/kubernetes.md says: a Job that failed stays, with its log, and the same release does not run it again."""
    failed = {name for name, job in release.migration().items() if condition(job, "Failed")}
    if not failed:
        pytest.skip("not run: no migration has failed")
    release.helm("upgrade", settings=["image.tag=0.3.1"])
    wait_until("a Job of its own", lambda: release.migration().keys() - failed, 30)
    assert failed <= release.migration().keys()
    kube.kubectl(
        "delete", "job", "-n", release.namespace, "-l", "app.kubernetes.io/component=migrate",
        "--field-selector", "status.successful=0",
    )  # fmt: skip
    wait_settled(kube, release.namespace, 90)
    assert status(kube, release) == "deployed"
    assert release.images("api") == {"legal-intake:0.3.1"}
    report.say(
        "The release after it", "migrates by a Job of its own and rolls; the failed Job stays until it is deleted"
    )


@pytest.mark.cluster(seconds=120)
def test_a_release_that_never_becomes_ready_is_taken_back(kube: Kube, release: Release, report: Report) -> None:
    old = release.images("api")
    with watched(kube, release.namespace) as seen:
        began = time.monotonic()
        said = release.helm(
            "upgrade", "--rollback-on-failure", "--timeout", "20s", check=False, settings=[f"image.tag=0.4.0{STUCK}"]
        )  # fmt: skip
        took = time.monotonic() - began
        wait_settled(kube, release.namespace, 60)
    assert release.code != 0
    assert not seen.short()
    assert release.images("api") == old
    assert status(kube, release) == "deployed"
    assert "has been rolled back" in said, said
    report.say(
        "A release whose pods never become ready, `--rollback-on-failure --timeout 20s`",
        f"back on the old image after {took:.0f} s, never below the wanted number",
    )


@pytest.mark.cluster(seconds=60)
def test_helm_test_and_what_an_uninstall_leaves(kube: Kube, release: Release, report: Report) -> None:
    """The Jobs of `helm test` are made, taken and end; what they would ask is not asked, since no container runs."""
    kube.helm("test", release.name, "-n", release.namespace, "--timeout", "60s")
    kube.helm("uninstall", release.name, "-n", release.namespace, "--wait", "--timeout", "60s")
    left = [each["metadata"]["name"] for each in kube.every("persistentvolumeclaims", release.namespace)]
    assert sorted(left) == [f"{release.full}-deletions", f"{release.full}-media"]
    for kind in ("deployments", "horizontalpodautoscalers", "networkpolicies", "poddisruptionbudgets"):
        assert not kube.every(kind, release.namespace), kind
    wait_until(
        "no pod is left", lambda: not kube.every("pods", release.namespace, "app.kubernetes.io/component=api"), 60
    )
    # Again, over what is left: the claims are taken over, not made anew.
    uids = {each["metadata"]["uid"] for each in kube.every("persistentvolumeclaims", release.namespace)}
    release.helm("install", "--take-ownership")
    assert {each["metadata"]["uid"] for each in kube.every("persistentvolumeclaims", release.namespace)} == uids
    report.say("`helm test`, `helm uninstall`, install again", "both Jobs end; the claims stay and are used again")
    kube.helm("uninstall", release.name, "-n", release.namespace)
