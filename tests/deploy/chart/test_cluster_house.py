"""What the cluster tests stand on, without a cluster: definitions of custom resources, needs, "not run"."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.chart.house import CHART, NAMES, ROOT, component, needs_helm, objects
from tests.deploy.cluster.needs import OF_THE_CLUSTER, definition_from_schema, definitions, needs_of, real_definitions
from tests.deploy.cluster.watching import Seen

OWN = {
    "",
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
}


@needs_helm
@pytest.mark.parametrize("name", NAMES)
def test_each_custom_resource_of_a_mode_has_a_definition(name: str) -> None:
    known = definitions()
    for found in objects(name):
        group = found["apiVersion"].rpartition("/")[0]
        if group not in OWN:
            assert found["kind"] in known, f"{found['kind']}: tests/deploy/cluster/crds/README.md says how one is made"
            assert known[found["kind"]]["spec"]["group"] == group


@needs_helm
def test_what_a_mode_needs_is_found() -> None:
    keda = needs_of(list(objects("keda")))
    assert keda.secrets["legal-intake"] >= {"secret_key", "master_key", "metrics_token", "models_token"}
    assert keda.secrets["registry"] == set()
    assert keda.secrets["intake-tls"] == {"tls.crt", "tls.key"}, "an Ingress names it"
    assert keda.claims == set()
    passed = needs_of(list(objects("passthrough")))
    assert passed.claims == {"recordings", "deletions", "models"}
    assert passed.priorities == {"firm-serving"}
    assert passed.node_labels == [{"pool": "web"}]
    postgres = needs_of(list(objects("cloudnativepg")))
    assert postgres.secrets["backup-store"] == {"access_key_id", "secret_access_key"}
    assert "username" in postgres.secrets["legal-intake-database"]


@needs_helm
@pytest.mark.parametrize("name", NAMES)
def test_the_chart_looks_for_every_secret_that_is_read(name: str, tmp_path: Path) -> None:
    """missing-secrets.yaml goes by a list of its own: what it names is what the objects read."""
    chart = tmp_path / "legal-intake"
    shutil.copytree(CHART, chart)
    (chart / "templates" / "shown.yaml").write_text(
        '{"kind": "Shown", "is": {{ include "legal-intake.namedSecrets" . }}}'
    )
    done = subprocess.run(
        ["helm", "template", "intake", chart, "-f", CHART / "ci" / f"{name}-values.yaml", "-s", "templates/shown.yaml"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    listed = {secret: set(keys) for secret, keys in yaml.safe_load(done.stdout)["is"].items()}
    # The logs' Secret stands in another namespace, and may come later: docs/kubernetes.md.
    read = needs_of([found for found in objects(name) if component(found) != "logs"]).secrets
    assert listed.keys() == read.keys()
    for secret, keys in read.items():
        assert keys <= listed[secret], secret


def test_a_definition_is_made_where_none_is_committed() -> None:
    schema = {
        "type": "object", "additionalProperties": False, "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"enum": ["a.example/v1"]}, "kind": {"enum": ["Mesh"]}, "metadata": {"type": "object"},
            "spec": {"type": ["object", "null"], "additionalProperties": False, "required": ["size"], "properties": {
                "size": {"type": ["string", "number", "null"]}, "free": {"type": ["object", "null"]},
                "list": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
            }},
        },
    }  # fmt: skip
    made = definition_from_schema(schema)
    assert made["metadata"]["name"] == "meshes.a.example"
    spec = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert spec["type"] == "object"
    assert spec["required"] == ["size"]
    assert spec["properties"]["size"] == {"x-kubernetes-int-or-string": True}
    assert spec["properties"]["free"] == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    assert spec["properties"]["list"]["items"] == {"type": "string"}
    assert "additionalProperties" not in spec


def test_committed_definitions_are_small_and_say_whether_they_belong_to_the_cluster() -> None:
    assert (
        sum(path.stat().st_size for path in (ROOT / "tests/deploy/cluster/crds").iterdir() if path.is_file()) < 1 << 20
    )
    for kind, found in real_definitions().items():
        assert (found["spec"]["scope"] == "Cluster") == (kind in OF_THE_CLUSTER), kind


@pytest.mark.parametrize("kubeconfig", ["", "/nowhere/kubeconfig"])
def test_without_a_cluster_it_says_so(kubeconfig: str, tmp_path: Path) -> None:
    for name, code in (("helm", 0), ("kubectl", 1)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "KUBECONFIG": kubeconfig}
    done = subprocess.run(
        [ROOT / "scripts" / "cluster-test"], env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0
    assert done.stdout.startswith("not run: no cluster answers")


def test_a_watch_tells_a_loss_from_a_rise() -> None:
    """(seconds, wanted, ready, available, replicas): fewer than were reached and are wanted is a loss, growth none."""
    states = [(0.0, 5, 5, 5, 5), (1, 10, 5, 5, 10), (2, 10, 10, 10, 10), (3, 4, 10, 10, 10), (4, 4, 4, 4, 4)]
    rising = Seen(states={"api": states})
    assert rising.short() == []
    losing = Seen(states={"api": [(0.0, 5, 5, 5, 5), (1, 5, 5, 5, 6), (2, 5, 4, 4, 5), (3, 5, 5, 5, 5)]})
    assert losing.short() == ["api after 2.0 s: 4 ready of 5"]
    assert (losing.lowest("api"), losing.highest("api"), losing.when("api", 5)) == (4, 6, 0)
