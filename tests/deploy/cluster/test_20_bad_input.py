"""What is wrong on a live release ends in one message, before anything changes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.cluster.grounds import Grounds, wait_settled
from tests.deploy.cluster.kube import CHART, ROOT, Kube
from tests.deploy.cluster.releases import MODES, Release, place
from tests.deploy.cluster.report import Report


@pytest.fixture(scope="module")
def release(kube: Kube, grounds: Grounds) -> Release:
    made = place(grounds, "external", "bad")
    made.helm("install")
    wait_settled(kube, made.namespace, 120)
    return made


def state(kube: Kube, release: Release) -> object:
    """Revisions and generations: what any change would move."""
    revisions = kube.helm("history", release.name, "-n", release.namespace, "-o", "json").stdout
    kinds = ("deployments", "jobs", "networkpolicies", "configmaps")
    return revisions, {
        (kind, each["metadata"]["name"], each["metadata"]["uid"], each["metadata"].get("generation"))
        for kind in kinds for each in kube.every(kind, release.namespace)
    }  # fmt: skip


WRONG = [
    ("api.autoscaling.min=101", "api.autoscaling.min is 101, above max, which is 100"),
    ("api.replicaz=3", "additional properties 'replicaz' not allowed"),
    ("domain=", "domain is missing"),
    ("scaling.mode=both", "at '/scaling/mode': value must be one of 'keda', 'hpa', 'none'"),
    ("database.external.maxConnections=300", "too many connections"),
    ("audioWorker.autoscaling.waitingSecondsPerPod=7", "renamed: set audioWorker.autoscaling.waitingSeconds instead"),
    ("secrets.existingSecret=absent", "Secret absent is missing in namespace"),
    ("database.existingSecret.key=passwort", "Secret legal-intake-database has no key passwort"),
]  # fmt: skip


@pytest.mark.cluster(seconds=60)
def test_one_message_and_no_change(kube: Kube, release: Release, report: Report) -> None:
    before = state(kube, release)
    for setting, wanted in WRONG:
        said = release.helm("upgrade", settings=[setting], check=False)
        assert release.code != 0, setting
        assert wanted in said, f"{setting}: {said}"
    assert state(kube, release) == before
    report.say(
        f"{len(WRONG)} mistakes in the values of a live release", "each refused with its name; no revision, no change"
    )


HALF_WAY = [
    ("redis.mode=valkey", "redis.mode is valkey, and intake-legal-intake-redis-broker was made for single"),
    ("redis.storage=20Gi", "redis.storage is 20Gi, and intake-legal-intake-redis-broker has volumes of 10Gi"),
    ("media.storageClass=other", "media.storageClass is other, and the claim intake-legal-intake-media is of"),
]


@pytest.mark.cluster(seconds=40)
def test_what_would_break_half_way_is_refused_before(
    kube: Kube, grounds: Grounds, tmp_path: Path, report: Report
) -> None:
    release = place(grounds, "small", "half-way")
    release.helm("install")
    before = state(kube, release)
    for setting, wanted in HALF_WAY:
        said = release.helm("upgrade", settings=[setting], check=False)
        assert release.code != 0, setting
        assert wanted in said, f"{setting}: {said}"
    # A later chart that takes over from a release that was skipped.
    chart = tmp_path / "legal-intake"
    shutil.copytree(CHART, chart)
    (chart / "files" / "upgrades.yaml").write_text("oldest: 0.2.0\n")
    values = ["-n", release.namespace, "-f", str(MODES["small"])]
    done = kube.helm("upgrade", release.name, str(chart), *values, check=False)
    assert done.returncode != 0
    assert "takes over from 0.2.0 or newer: upgrade to 0.2.0 first" in done.stderr
    assert state(kube, release) == before
    report.say(
        f"{len(HALF_WAY)} changes that an API server refuses, and a release that is skipped",
        "each refused by its name before anything is sent; no revision, no change",
    )


@pytest.mark.cluster(seconds=30)
def test_a_missing_secret_stops_an_install(kube: Kube, grounds: Grounds, report: Report) -> None:
    namespace = grounds.namespace("no-secrets")
    release = Release(kube, "intake", namespace, MODES["external"])
    said = release.helm("install", check=False)
    assert release.code != 0
    for name in ("legal-intake", "legal-intake-database", "legal-intake-redis", "intake-tls"):
        assert f"Secret {name} is missing in namespace {namespace}" in said
    assert not kube.every("deployments", namespace)
    assert not kube.every("jobs", namespace)
    report.say("`helm install` without the Secrets", "refused, every missing one named, nothing made")


@pytest.mark.cluster(seconds=20)
def test_an_old_cluster_is_refused(kube: Kube, grounds: Grounds, tmp_path: Path, report: Report) -> None:
    """This cluster cannot be made older, so the chart is made to want a later one."""
    chart = tmp_path / "legal-intake"
    shutil.copytree(CHART, chart)
    text = (chart / "Chart.yaml").read_text()
    assert 'kubeVersion: ">=1.31.0-0"' in text
    (chart / "Chart.yaml").write_text(text.replace(">=1.31.0-0", ">=1.99.0-0"))
    namespace = grounds.namespace("old")
    done = kube.helm("install", "intake", str(chart), "-n", namespace, "-f", str(MODES["external"]), check=False)
    assert done.returncode != 0
    assert "incompatible with Kubernetes" in done.stderr
    assert not kube.every("configmaps", namespace, "app.kubernetes.io/instance=intake")
    report.say("A cluster older than the chart takes", "refused by `kubeVersion`, nothing made")


def git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)


def previous(folder: Path) -> Path | None:
    """The chart of CLUSTER_PREVIOUS, or of the newest release before this version; None where nothing was released."""
    now = next(line for line in (CHART / "Chart.yaml").read_text().splitlines() if line.startswith("version:"))
    tags = git("tag", "--list", "v*", "--sort=-v:refname").stdout.decode().split()
    older = [tag for tag in tags if now != f"version: {tag.removeprefix('v')}"]
    for name in [os.environ["CLUSTER_PREVIOUS"]] if os.environ.get("CLUSTER_PREVIOUS") else older:
        tree = git("archive", name, "helm/legal-intake")
        if tree.returncode == 0:
            subprocess.run(["tar", "-xf", "-", "-C", str(folder)], input=tree.stdout, check=True)
            return folder / "helm" / "legal-intake"
    return None


@pytest.mark.cluster(seconds=90)
def test_an_upgrade_from_the_previous_version(kube: Kube, grounds: Grounds, tmp_path: Path, report: Report) -> None:
    """Selectors and claims cannot change: an install of the last release shows it."""
    chart = previous(tmp_path)
    if chart is None:
        pytest.skip("not run: no version was released before this one (no tag v*)")
    release = place(grounds, "external", "previous")
    values = ["-n", release.namespace, "-f", str(chart / "ci" / "external-values.yaml")]
    kube.helm("install", release.name, str(chart), *values)
    wait_settled(kube, release.namespace, 90)
    claims = {each["metadata"]["uid"] for each in kube.every("persistentvolumeclaims", release.namespace)}
    release.helm("upgrade")
    wait_settled(kube, release.namespace, 120)
    assert claims <= {each["metadata"]["uid"] for each in kube.every("persistentvolumeclaims", release.namespace)}
    report.say("Upgrade from the previous version of the chart", "everything is ready, the claims are the same")
