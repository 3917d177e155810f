"""`k8s/` without Helm: the API server takes every overlay, and deploy.sh does for real what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.cluster.grounds import Grounds, wait_settled
from tests.deploy.cluster.kube import ROOT, Kube
from tests.deploy.cluster.needs import needs_of
from tests.deploy.cluster.report import Report

NAMESPACE = "legal-ai-intake"
OVERLAYS = sorted(path.name for path in (ROOT / "k8s" / "overlays").iterdir())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """k8s/ as an operator has filled it in."""
    target = tmp_path_factory.mktemp("plain") / "k8s"
    shutil.copytree(ROOT / "k8s", target)
    for path in target.rglob("*.yaml"):
        path.write_text(path.read_text().replace("example.org", "smith-law.dev"))
    return target


@pytest.fixture(scope="module")
def namespace(grounds: Grounds) -> str:
    """The one that the files name, where nobody has it."""
    return grounds.namespace(NAMESPACE, exact=True)


def deploy(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "deploy.sh", *words], env={**os.environ, "WAIT": "120"}, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip


def generations(kube: Kube, namespace: str) -> dict[str, tuple[str, int]]:
    """Of what rolls or runs: what a change would move. The size is the autoscalers', and counts here too."""
    kinds = ("deployments", "jobs", "networkpolicies", "poddisruptionbudgets", "horizontalpodautoscalers")
    return {
        f"{kind}/{each['metadata']['name']}": (each["metadata"]["uid"], each["metadata"].get("generation", 0))
        for kind in kinds for each in kube.every(kind, namespace)
    }  # fmt: skip


@pytest.mark.cluster(seconds=40)
def test_the_api_server_takes_every_overlay(
    kube: Kube, grounds: Grounds, namespace: str, folder: Path, report: Report
) -> None:
    # A dry run makes no namespace, and judges nothing in one that is not there.
    for each in (found for path in sorted(folder.rglob("*.yaml")) for found in yaml.safe_load_all(path.read_text())):
        if each and each.get("kind") and (name := each["metadata"].get("namespace", namespace)) != namespace:
            grounds.namespace(name, exact=True)
    taken = []
    for part in (".", *(f"overlays/{name}" for name in OVERLAYS), "optional"):
        said = kube.kubectl("apply", "--dry-run=server", "-f", str(folder / part)).stdout
        assert "Warning" not in said
        taken.append(f"{part.rsplit('/', maxsplit=1)[-1].replace('.', 'k8s')} {len(said.splitlines())}")
    assert not kube.every("deployments", namespace)
    report.say("Server-side dry run", f"objects taken: {', '.join(taken)}")


@pytest.mark.cluster(seconds=100)
def test_deploy_sh(kube: Kube, grounds: Grounds, namespace: str, folder: Path, report: Report) -> None:
    refused = deploy(folder)
    assert refused.returncode == 1
    objects = [each for path in sorted(folder.glob("*.yaml")) for each in yaml.safe_load_all(path.read_text()) if each]
    needs = needs_of(objects)
    assert needs.secrets
    for name in needs.secrets:
        assert f"Secret {name} is missing" in refused.stderr
    assert "Nothing was changed" in refused.stderr
    assert not kube.every("deployments", namespace)

    needs.secrets["legal-intake"].discard("master_key")
    grounds.provide(namespace, needs)
    assert "Secret legal-intake has no key master_key" in deploy(folder).stderr
    needs.secrets["legal-intake"].add("master_key")
    grounds.provide(namespace, needs)
    done = deploy(folder)
    assert done.returncode == 0, done.stderr
    assert "Everything is ready" in done.stdout
    wait_settled(kube, namespace, 60)
    before = generations(kube, namespace)
    again = deploy(folder)
    assert again.returncode == 0, again.stderr
    assert generations(kube, namespace) == before, "a second time nothing changes"
    report.say(
        "`k8s/deploy.sh`",
        "names each missing Secret, then a missing key, and changes nothing; then all is ready; again: no change",
    )
