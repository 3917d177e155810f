"""Every mode renders, is valid for its API, and holds what every object of ours holds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.deploy.chart.house import (
    CHART,
    CI,
    FULL,
    HERE,
    NAMES,
    ROOT,
    component,
    needs_helm,
    objects,
    of_kind,
    template,
    text,
)

pytestmark = needs_helm

OURS = Path(__file__).parent / "schemas"
# Strict schemas of Kubernetes itself; KUBERNETES_SCHEMAS names a folder of them, else kubeconform fetches them.
OURSELVES = "{{.ResourceKind}}{{.KindSuffix}}.json"


ISSUERS = ("certificates.issuers.create=true", "certificates.issuers.email=ops@example.org",
           "certificates.issuers.dns01.route53.region=eu-central-1")  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), [*((name, ()) for name in NAMES), ("certificates", ISSUERS),
                                                  ("keda", ("scaling.externalMetrics=true",))])  # fmt: skip
def test_it_is_valid_for_its_api(name: str, settings: tuple[str, ...]) -> None:
    if shutil.which("kubeconform") is None:
        pytest.skip("not run: kubeconform is not on the PATH")
    folder = os.environ.get("KUBERNETES_SCHEMAS", "")
    if not folder:
        pytest.skip("not run: KUBERNETES_SCHEMAS names no folder with Kubernetes' schemas")
    done = subprocess.run(
        ["kubeconform", "-strict", "-summary", "-schema-location", f"{folder}/{OURSELVES}",
         "-schema-location", f"{OURS}/{OURSELVES}", "-"],
        input=text(name, *settings), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "Skipped: 0" in done.stdout


@pytest.mark.parametrize("path", CI, ids=lambda path: path.name)
def test_lint_finds_nothing(path: Path) -> None:
    done = subprocess.run(
        ["helm", "lint", "--strict", CHART, "-f", path], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_names_are_unique_and_labels_are_there(name: str) -> None:
    seen = set()
    for found in objects(name):
        key = found["kind"], found["metadata"]["name"]
        assert key not in seen, key
        seen.add(key)
        labels = found["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "legal-intake"
        assert labels["app.kubernetes.io/instance"] == "intake"
        assert labels["app.kubernetes.io/component"]
        assert len(found["metadata"]["name"]) <= 63


@pytest.mark.parametrize("name", NAMES)
def test_no_object_names_its_namespace_and_no_hook_is_there_but_tests(name: str) -> None:
    for found in objects(name):
        # The Certificates' own namespace (the Role says what may be done there, and nowhere else), and the logs'.
        elsewhere = found["metadata"].get("namespace")
        theirs = {(name, f"{HERE}-{name}") for name in ("certificates", "logs")}
        assert elsewhere is None or (component(found), elsewhere) in theirs
        hook = found["metadata"].get("annotations", {}).get("helm.sh/hook")
        assert hook in (None, "test"), found["metadata"]["name"]


MADE_UP = re.compile(r"\b(rand[A-Z]\w+|gen[A-Z]\w+|lookup|now|uuidv4|derivePassword|htpasswd|bcrypt)\b")


def test_nothing_is_made_up_by_templates() -> None:
    """Not by `helm template` either: what differs each time would roll every pod."""
    for path in sorted((CHART / "templates").rglob("*.*")):
        for action in re.findall(r"{{-?(?!-? ?/\*).*?}}", path.read_text()):
            if path.name in ("missing-secrets.yaml", "upgrade.yaml"):  # they look, and render nothing
                action = action.replace("lookup", "")
            assert not MADE_UP.search(re.sub(r'"[^"]*"', '""', action)), f"{path}: {action}"


@pytest.mark.parametrize("name", NAMES)
def test_twice_the_same(name: str) -> None:
    assert template(name).stdout == text(name)


def test_versions_are_the_projects() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert chart["version"] == chart["appVersion"] == project


def test_two_releases_share_no_name() -> None:
    one = {(each["kind"], each["metadata"]["name"]) for each in objects("external")}
    other = {(each["kind"], each["metadata"]["name"]) for each in objects("external", "fullnameOverride=second")}
    assert not one & other


def test_what_keeps_data_outlives_the_release() -> None:
    kept = {**of_kind("PersistentVolumeClaim", "keda"), **of_kind("Cluster", "cloudnativepg")}
    kept |= of_kind("Namespace", "certificates")
    claims = {f"{FULL}-{name}" for name in ("media", "deletions", "models", "postgres")}
    assert set(kept) == claims | {f"{HERE}-certificates"}
    for name, found in kept.items():
        assert found["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep", name


def test_services_find_the_pods_that_are_meant() -> None:
    workloads = [found for found in objects("keda") if found["kind"] == "Deployment"]
    for name, service in of_kind("Service", "keda").items():
        selector = service["spec"]["selector"].items()
        found = [each for each in workloads if selector <= each["spec"]["template"]["metadata"]["labels"].items()]
        assert [each["metadata"]["name"] for each in found] == [name.removesuffix("-plain")]
        ports = {port["name"] for each in found for port in each["spec"]["template"]["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


@pytest.mark.parametrize("name", NAMES)
def test_what_is_believed_to_come_over_tls_is_never_published(name: str) -> None:
    """Whoever reaches the plain port is taken for one that came over HTTPS."""
    for found in of_kind("Service", name, "edge.service.type=LoadBalancer").values():
        if found["spec"].get("type", "ClusterIP") == "ClusterIP":
            continue
        if found["metadata"]["name"].endswith("-regions"):
            # For other regions' networks alone.
            assert found["spec"]["loadBalancerSourceRanges"] == ["10.10.0.0/16"]
            assert {port["port"] for port in found["spec"]["ports"]} <= {5432, 8088}
        else:
            assert {port["port"] for port in found["spec"]["ports"]} == {80, 443}


@pytest.mark.parametrize("name", NAMES)
def test_disruption_budgets_never_block_a_drain(name: str) -> None:
    # Where a region waits there is no pod to keep.
    deployments = {each for each, found in of_kind("Deployment", name).items() if found["spec"].get("replicas") != 0}
    budgets = of_kind("PodDisruptionBudget", name)
    # A single Redis is a trial's, and goes when its node goes.
    several = {each for each, found in of_kind("StatefulSet", name).items() if found["spec"]["replicas"] > 1}
    # One of each by design: a budget would only say that it may go.
    assert (
        set(budgets) == {each for each in deployments if not each.endswith(("-scheduler", "-certificates"))} | several
    )
    for found in budgets.values():
        assert found["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
        assert "minAvailable" not in found["spec"]
        # A percentage of few pods is rounded up: one may always go.
        assert found["spec"]["maxUnavailable"] in (1, "10%")


# What kube-score says and we do otherwise, with the reason.
SCORES = {
    "container-image-pull-policy": "a tag is a release and is never pushed twice; `image.pullPolicy: Always` is there",
    "container-ephemeral-storage-request-and-limit": "the root is read-only; what is written lies in limited memory",
    "container-security-context-user-group-id": "nginx runs as 101 and Redis as 999, the accounts of their images",
    "pod-probes-identical": "nginx has one answer; liveness waits three times twenty seconds, readiness does not",
    "container-resources": "what waits or asks once has no CPU limit: it would only take longer",
    "deployment-has-host-podantiaffinity": "topologySpreadConstraints do it, and let go when a zone is lost",
}
# ... and in one mode alone.
SENTENCES = {
    ("small", "Deployment few replicas"): "a trial on few cores",
    ("small", "The service is of type NodePort"): "a trial has no load balancer",
    ("certificates", "legal-intake-certificates apps/v1/Deployment: Deployment few replicas"): "edges keep theirs",
    ("certificates", "intake-legal-intake-certificates-solvers"): "cert-manager's pods",
    ("cloudnativepg", "legal-intake-postgres networking.k8s.io/v1/NetworkPolicy"): "the operator makes those pods",
    ("logs", "intake-legal-intake-search networking.k8s.io/v1/NetworkPolicy"): "the operator makes those pods",
    ("standby", "Deployment few replicas"): "nothing runs until it is made home",
    ("standby", "intake-legal-intake-certificates-solvers"): "cert-manager's pods",
    ("standby", "intake-legal-intake-postgres-regions v1/Service"): "the operator makes those pods",
    ("standby", "legal-intake-postgres networking.k8s.io/v1/NetworkPolicy"): "the operator makes those pods",
    ("passthrough", "does not have a matching NetworkPolicy"): "the mode without policies",
}


@pytest.mark.parametrize("name", NAMES)
def test_kube_score_has_nothing_that_we_do_not_know(name: str) -> None:
    if shutil.which("kube-score") is None:
        pytest.skip("not run: kube-score is not on the PATH")
    ignored = [word for score in SCORES for word in ("--ignore-test", score)]
    done = subprocess.run(
        ["kube-score", "score", "--kubernetes-version", "v1.36", "--output-format", "ci", *ignored, "-"],
        input=text(name), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "[OK]" in done.stdout, done.stderr
    found = [line for line in done.stdout.splitlines() if line.startswith(("[CRITICAL]", "[WARNING]"))]
    known = [sentence for mode, sentence in SENTENCES if mode == name]
    for sentence in known:
        assert any(sentence in line for line in found), f"{sentence}: it is no exception any more"
    unknown = [line for line in found if not any(sentence in line for sentence in known)]
    assert unknown == []


def test_the_suites_of_switches_pass() -> None:
    """helm/legal-intake/tests: one suite a component, for helm-unittest."""
    if shutil.which("helm-unittest") is None:
        pytest.skip("not run: helm-unittest is not on the PATH")
    done = subprocess.run(["helm-unittest", CHART], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
