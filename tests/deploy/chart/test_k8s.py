"""k8s/ is what the chart renders; deploy.sh checks all before it changes anything (a kubectl of the test's own)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deploy.chart.house import ROOT, needs_helm

K8S = ROOT / "k8s"
FAKE = """#!/usr/bin/env python3
import json, os, sys
words = sys.argv[1:]
state = json.load(open(os.environ["STATE"]))
with open(os.environ["LOG"], "a") as log:
    log.write(" ".join(words) + "\\n")
if words[0] == "version":
    sys.exit("no cluster") if state["minor"] is None else print(json.dumps(
        {"clientVersion": {"minor": "36"}, "serverVersion": {"major": "1", "minor": state["minor"]}}, indent=2))
elif words[:2] == ["auth", "can-i"]:
    sys.exit(0 if words[3] not in state["forbidden"] else 1)
elif words[:2] == ["get", "secret"]:
    keys = state["secrets"].get(words[2])
    sys.exit("Error: not found") if keys is None else print(" ".join(keys))
elif words[:2] == ["get", "namespace"]:
    there = state["namespace"] if words[2] == "legal-ai-intake" else words[2] in state["namespaces"]
    sys.exit(0 if there else 1)
elif words[0] == "api-resources":
    group = words[1].partition("=")[2]
    print("" if group in state["unknown"] else f"things.{group}")
elif words[:2] == ["get", "job"]:
    print("job.batch/legal-intake-migrate-1")
elif words[:2] == ["get", "deployment,statefulset"]:
    print("deployment.apps/legal-intake-api")
elif words[0] == "apply" and "--dry-run=server" in words:
    sys.exit(state["judged"] or 0)
elif words[0] == "wait":
    sys.exit(state["migration"])
"""
SECRETS = {
    "legal-intake": ["secret_key", "master_key", "metrics_token", "models_token"],
    "legal-intake-database": ["password"],
    "legal-intake-redis": ["password"],
    "legal-intake-tls": ["tls.crt", "tls.key"],
}


class Cluster:
    """A folder of manifests that were filled in, and a kubectl that notes what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(K8S, folder / "k8s")
        for path in [*(folder / "k8s").glob("*.yaml"), *(folder / "k8s" / "optional").glob("*.yaml")]:
            path.write_text(path.read_text().replace("example.org", "smith-law.dev"))
        (folder / "bin").mkdir()
        (folder / "bin" / "kubectl").write_text(FAKE)
        (folder / "bin" / "kubectl").chmod(0o755)
        self.state: dict[str, object] = {
            "minor": "36", "secrets": dict(SECRETS), "namespace": True, "forbidden": [], "judged": "", "migration": 0,
            "namespaces": ["legal-ai-intake-certificates", "legal-ai-intake-logs"], "unknown": [],
        }  # fmt: skip

    def deploy(self, *words: str) -> subprocess.CompletedProcess[str]:
        import json

        (self.folder / "state").write_text(json.dumps(self.state))
        environ = {"PATH": f"{self.folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"}
        environ |= {"STATE": str(self.folder / "state"), "LOG": str(self.folder / "log")}
        return subprocess.run(
            [self.folder / "k8s" / "deploy.sh", *words],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def told(self) -> list[str]:
        return (self.folder / "log").read_text().splitlines()

    def changed(self) -> bool:
        return any(line.startswith("apply") and "--dry-run" not in line for line in self.told())


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


@needs_helm
def test_it_is_what_the_chart_renders(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "chart" / "render.py", tmp_path],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rendered = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*.yaml")}
    files = [path for path in K8S.rglob("*.yaml") if path.parent.name != "values"]
    ours = {str(path.relative_to(K8S)): path.read_text() for path in files}
    assert rendered == ours, "run scripts/render-k8s"


def test_the_folder_holds_built_in_kinds_only_namespace_first_and_no_kustomization() -> None:
    paths = sorted(K8S.glob("*.yaml"))
    kinds = [found["kind"] for path in paths for found in yaml.safe_load_all(path.read_text()) if found]
    assert kinds[0] == "Namespace"
    assert kinds.count("Namespace") == 1
    groups = {found["apiVersion"] for path in paths for found in yaml.safe_load_all(path.read_text())}
    assert groups <= {"v1", "apps/v1", "batch/v1", "autoscaling/v2", "policy/v1", "networking.k8s.io/v1"}
    assert not [path for path in K8S.iterdir() if "kustomization" in path.name.lower()]


def test_every_object_is_in_the_namespace_that_enforces_the_restricted_standard() -> None:
    for path in [*K8S.glob("*.yaml"), *K8S.glob("overlays/*/*.yaml"), *K8S.glob("optional/*.yaml")]:
        for found in yaml.safe_load_all(path.read_text()):
            if found["kind"] == "Namespace":
                # Its own, or the Certificates'; the logs' pods read the nodes' files.
                level = "privileged" if path.stem == "logs" else "restricted"
                assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == level
            elif found["kind"] not in ("PriorityClass", "ClusterIssuer"):
                wanted = {"legal-ai-intake"}
                if found["metadata"]["labels"]["app.kubernetes.io/component"] == "certificates":
                    wanted.add("legal-ai-intake-certificates")
                if path.stem == "logs":
                    wanted = {"legal-ai-intake-logs"}
                assert found["metadata"]["namespace"] in wanted, path
            assert "helm" not in yaml.safe_dump(found).lower().replace("helm test", ""), path


def test_all_is_well(cluster: Cluster) -> None:
    done = cluster.deploy()
    assert done.returncode == 0, done.stderr
    told = cluster.told()
    order = [next(i for i, line in enumerate(told) if line.startswith(word)) for word in
             ("get secret", "apply --dry-run=server", "apply -f", "wait", "rollout")]  # fmt: skip
    assert order == sorted(order), "checks, then the API server's word, then the change"


def test_check_changes_nothing(cluster: Cluster) -> None:
    done = cluster.deploy("--check")
    assert done.returncode == 0, done.stderr
    assert not cluster.changed()


def test_every_secret_that_a_pod_names_is_looked_for(cluster: Cluster) -> None:
    cluster.deploy("--check")
    asked = {line.split()[2] for line in cluster.told() if line.startswith("get secret")}
    named = set()
    for path in K8S.glob("*.yaml"):
        for found in yaml.safe_load_all(path.read_text()):
            for volume in found.get("spec", {}).get("template", {}).get("spec", {}).get("volumes", []):
                sources = [*volume.get("projected", {}).get("sources", []), volume]
                secrets = [each["secret"] for each in sources if "secret" in each]
                named |= {each.get("name") or each["secretName"] for each in secrets}
    assert asked == named == set(SECRETS)


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_missing_secret_is_named_and_nothing_is_changed(cluster: Cluster, name: str) -> None:
    cluster.state["secrets"] = {each: keys for each, keys in SECRETS.items() if each != name}
    done = cluster.deploy()
    assert done.returncode == 1
    assert done.stderr.count(f"Secret {name} is missing") == 1
    assert not cluster.changed()


def test_a_missing_key_is_named(cluster: Cluster) -> None:
    cluster.state["secrets"] = {**SECRETS, "legal-intake": ["secret_key", "metrics_token", "models_token"]}
    assert "Secret legal-intake has no key master_key" in cluster.deploy().stderr
    assert not cluster.changed()


def test_everything_that_is_wrong_is_named_at_once(cluster: Cluster) -> None:
    cluster.state |= {"minor": "30", "forbidden": ["jobs.batch"], "secrets": {}}
    config = cluster.folder / "k8s" / "20-config.yaml"
    config.write_text(config.read_text().replace("smith-law.dev", "example.org"))
    said = cluster.deploy().stderr
    for part in ("names of examples are left", "20-config.yaml", "Kubernetes 1.30: 1.31 is the oldest",
                 "create jobs.batch", "Secret legal-intake-redis is missing", "Nothing was changed"):  # fmt: skip
        assert part in said
    assert not cluster.changed()


def test_no_cluster(cluster: Cluster) -> None:
    cluster.state["minor"] = None
    assert "no cluster answers" in cluster.deploy().stderr


def test_what_the_api_server_refuses_is_not_applied(cluster: Cluster) -> None:
    cluster.state["judged"] = 'Deployment "x" is invalid'
    done = cluster.deploy()
    assert done.returncode == 1
    assert 'Deployment "x" is invalid' in done.stderr
    assert not cluster.changed()


def test_a_migration_that_fails_is_said(cluster: Cluster) -> None:
    cluster.state["migration"] = 1
    done = cluster.deploy()
    assert done.returncode == 1
    assert "The migration is not done: kubectl logs" in done.stderr


OPTIONAL = sorted(path.stem for path in (K8S / "optional").glob("*.yaml"))
MORE = {
    **SECRETS,
    "legal-intake": [*SECRETS["legal-intake"], "certificates_token"],
    "backup-store": ["access_key_id", "secret_access_key"],
    "legal-intake-logs": ["password", "ca.crt"],
}


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_file_is_checked_and_applied_alone(cluster: Cluster, name: str) -> None:
    cluster.state["secrets"] = MORE
    done = cluster.deploy(f"optional/{name}.yaml")
    assert done.returncode == 0, done.stderr
    (change,) = [line for line in cluster.told() if line.startswith("apply") and "--dry-run" not in line]
    assert change.endswith(f"optional/{name}.yaml")
    groups = {line.partition("=")[2].split()[0] for line in cluster.told() if line.startswith("api-resources")}
    kinds = [each["apiVersion"] for each in yaml.safe_load_all((K8S / "optional" / f"{name}.yaml").read_text())]
    assert groups == {each.partition("/")[0] for each in kinds if "." in each.partition("/")[0]} - {
        "networking.k8s.io", "rbac.authorization.k8s.io"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "secret", "key"),
    [
        ("certificates", "legal-intake", "certificates_token"),
        ("cloudnativepg", "backup-store", "secret_access_key"),
        ("logs", "legal-intake-logs", "ca.crt"),
    ],
)
def test_what_an_optional_file_reads_is_looked_for(cluster: Cluster, name: str, secret: str, key: str) -> None:
    cluster.state["secrets"] = {**MORE, secret: [each for each in MORE[secret] if each != key]}
    said = cluster.deploy("--check", f"optional/{name}.yaml").stderr
    assert f"Secret {secret} has no key {key}" in said
    cluster.state["secrets"] = {each: keys for each, keys in MORE.items() if each != secret}
    assert f"Secret {secret} is missing in legal-ai-intake" in cluster.deploy(f"optional/{name}.yaml").stderr
    assert not cluster.changed()


def test_the_secret_of_a_namespace_that_is_made_now_is_made_then(cluster: Cluster) -> None:
    cluster.state["namespaces"] = []
    done = cluster.deploy("optional/logs.yaml")
    assert done.returncode == 0, done.stderr
    assert "pods wait there for the Secret legal-intake-logs" in done.stderr
    assert not [line for line in cluster.told() if "--dry-run" in line], "nothing can be judged in it yet"


def test_an_operator_that_is_not_there_is_named(cluster: Cluster) -> None:
    cluster.state |= {"secrets": MORE, "unknown": ["postgresql.cnpg.io"]}
    said = cluster.deploy("optional/cloudnativepg.yaml").stderr
    assert "knows no kind of postgresql.cnpg.io: install its operator first" in said
    assert "barmancloud" not in said
    assert not cluster.changed()


def test_it_takes_an_overlay_and_refuses_the_unknown(cluster: Cluster) -> None:
    assert "names of examples are left" in cluster.deploy("overlays/small").stderr
    assert cluster.deploy("overlays").returncode == 2
    assert cluster.deploy("--what").returncode == 2


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="not run: shellcheck is not here")
def test_shellcheck_finds_nothing() -> None:
    scripts = [K8S / "deploy.sh", ROOT / "scripts" / "render-k8s", ROOT / "scripts" / "chart-test"]
    done = subprocess.run(["shellcheck", "-x", *scripts], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
