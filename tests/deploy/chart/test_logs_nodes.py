"""The logs' pods and where they send: Compose's way, the nodes' files, one capability, and nobody else is reached."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.deploy.chart.house import FULL, HERE, Object, component, needs_helm, of_kind, pods, text
from tests.deploy.chart.test_pods import restricted
from tests.deploy.chart.test_policies import Place, reaches
from tests.deploy.test_logs import KEYS, load, mapped_fields, our_line, shipped

pytestmark = needs_helm
NAME = "logs"
THERE = f"{HERE}-logs"
FILE = "/var/log/containers/intake-legal-intake-api-7c9f-x2x_legal-ai-intake_api-" + "0" * 64 + ".log"


def configuration(*settings: str) -> dict[str, Any]:
    """What Fluent Bit reads."""
    found: dict[str, Any] = yaml.safe_load(
        of_kind("ConfigMap", NAME, *settings)[f"{FULL}-logs"]["data"]["fluent-bit.yaml"]
    )
    return found


def led(line: str, file: str = FILE) -> dict[str, Any]:
    """What the filters make of one line that the runtime wrote; a name of a file is opened by its own parser first."""
    config = configuration()
    first, *rest = config["pipeline"]["filters"]
    pattern = {parser["name"]: parser for parser in config["parsers"]}[first["parser"]]["regex"]
    named = re.match(pattern.replace("(?<", "(?P<"), file)
    assert named
    record = {"log": line, "stream": "stderr", "_p": "F", "time": "2026-01-02T03:04:05.678901234Z"}
    made = shipped({"pipeline": {"filters": rest}}, {**record, **named.groupdict()}, "")
    assert made is not None
    return made


def test_a_line_of_ours_arrives_with_its_own_fields_and_its_pod() -> None:
    record = led(our_line(request_id="4f2a90cc4f2a90cc", status=201, ms=3.2, method="POST", path="/api/intakes/"))
    assert (record["service"], record["container"]) == ("api", "intake-legal-intake-api-7c9f-x2x")
    assert (record["event"], record["request_id"], record["status"]) == ("request", "4f2a90cc4f2a90cc", 201)
    assert set(record) <= set(mapped_fields()), "every field is mapped in Elasticsearch"


def test_a_line_that_is_no_json_stays_whole() -> None:
    record = led("database system is ready")
    assert record["message"] == "database system is ready"
    assert set(record) <= set(mapped_fields())


def test_every_key_is_one_that_fluent_bit_knows_and_what_is_shared_is_composes() -> None:
    ours, theirs = configuration(), load("files-and-search.yaml")
    more = {"inputs": {"multiline.parser", "path_key", "exclude_path"}, "outputs": {"tls", "tls.verify", "tls.ca_file"}}
    for kind, plugins in ours["pipeline"].items():
        for plugin in plugins:
            assert set(plugin) <= KEYS[f"{kind}:{plugin['name']}"] | more.get(kind, set())
    assert ours["service"] == theirs["service"]
    (es,) = ours["pipeline"]["outputs"]
    (wanted,) = [out for out in theirs["pipeline"]["outputs"] if out["name"] == "es"]
    changed = {"host", "tls", "tls.verify", "tls.ca_file"}
    assert {k: v for k, v in es.items() if k not in changed} == {k: v for k, v in wanted.items() if k not in changed}


def test_only_this_namespaces_files_are_read_and_elasticsearchs_own_are_not_sent_to_it() -> None:
    (tail,) = configuration()["pipeline"]["inputs"]
    assert tail["path"] == f"/var/log/containers/*_{HERE}_*.log"
    cluster = next(iter(of_kind("Elasticsearch", NAME)))
    assert tail["exclude_path"] == f"/var/log/containers/{cluster}-es-*.log"


def test_it_is_said_where_elasticsearch_is() -> None:
    (es,) = configuration()["pipeline"]["outputs"]
    cluster = next(iter(of_kind("Elasticsearch", NAME)))
    assert (es["host"], es["port"], es["tls"], es["tls.verify"]) == (f"{cluster}-es-http.{HERE}.svc", 9200, True, True)
    outside = ("elasticsearch.mode=external", "logs.existingSecret.caKey=")
    (es,) = configuration(*outside, "elasticsearch.external.url=https://search.example.org:9243")["pipeline"]["outputs"]
    assert (es["host"], es["port"], es["tls"]) == ("search.example.org", 9243, True)
    assert "tls.ca_file" not in es
    (es,) = configuration(*outside, "elasticsearch.external.url=http://search:9200")["pipeline"]["outputs"]
    assert "tls" not in es


def test_its_pod_may_read_the_nodes_files_and_nothing_more() -> None:
    pod = pods(NAME)[f"{FULL}-logs"]
    (container,) = pod["spec"]["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["DAC_READ_SEARCH"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert restricted(pod) == [
        "volume hostPath", "volume hostPath", "fluent-bit may be root", "fluent-bit keeps capabilities",
    ]  # fmt: skip
    written = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert written == ["/state", "/tmp"]
    for kind in ("DaemonSet", "ConfigMap"):
        assert of_kind(kind, NAME)[f"{FULL}-logs"]["metadata"]["namespace"] == THERE


def test_no_pod_of_the_release_is_beside_it() -> None:
    (namespace,) = of_kind("Namespace", NAME).values()
    assert namespace["metadata"]["name"] == THERE
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    there = [name for kind in ("Deployment", "StatefulSet", "DaemonSet") for name, found in of_kind(kind, NAME).items()
             if found["metadata"].get("namespace") == THERE]  # fmt: skip
    assert there == [f"{FULL}-logs"]


def search() -> Object:
    (found,) = of_kind("Elasticsearch", NAME).values()
    return found


def test_elasticsearchs_pods_are_of_the_restricted_standard_and_over_zones() -> None:
    (nodes,) = search()["spec"]["nodeSets"]
    template = nodes["podTemplate"]
    assert restricted(template) == []
    assert nodes["count"] == 3
    spread = template["spec"]["topologySpreadConstraints"]
    for each in spread:
        assert each["labelSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert nodes["config"]["cluster.routing.allocation.awareness.attributes"] == "k8s_node_name,zone"
    assert "app.kubernetes.io/version" not in template["metadata"]["labels"], "a release would roll them"


def test_its_volumes_outlive_it_and_its_version_is_composes() -> None:
    from tests.deploy.compose_house import services

    assert search()["spec"]["volumeClaimDeletePolicy"] == "DeleteOnScaledownOnly"
    assert services()["elasticsearch"]["image"] == f"elasticsearch:{search()['spec']['version']}"


def test_a_trial_has_one_and_a_long_name_still_fits_the_operators() -> None:
    name = "fullnameOverride=a-name-as-long-as-forty-letters-may-be"
    (found,) = of_kind("Elasticsearch", NAME, name, "preset=small").values()
    assert len(found["metadata"]["name"]) <= 36
    (nodes,) = found["spec"]["nodeSets"]
    assert nodes["count"] == 1
    assert "zone" not in json.dumps(found)


def test_a_pod_of_it_is_valid() -> None:
    """The operator's own kind keeps whatever stands there."""
    folder = os.environ.get("KUBERNETES_SCHEMAS", "")
    if shutil.which("kubeconform") is None or not folder:
        pytest.skip("not run: no kubeconform, or KUBERNETES_SCHEMAS names no folder")
    template = json.loads(json.dumps(search()["spec"]["nodeSets"][0]["podTemplate"]))
    template["spec"]["containers"][0]["image"] = "elasticsearch:8"
    pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template["metadata"], "name": "x"}}
    done = subprocess.run(
        ["kubeconform", "-strict", "-schema-location", f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", "-"],
        input=json.dumps(pod), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_who_reaches_elasticsearch_and_whom_the_logs_pods_reach() -> None:
    policies = list(of_kind("NetworkPolicy", NAME, "logs.namespace=").values())
    # The house reads a policy's namespace; the logs' pods stand in theirs.
    here = {"kubernetes.io/metadata.name": HERE}
    labels = search()["spec"]["nodeSets"][0]["podTemplate"]["metadata"]["labels"]
    elastic = Place("elasticsearch", labels, here)
    logs = Place("logs", pods(NAME)[f"{FULL}-logs"]["metadata"]["labels"], {"kubernetes.io/metadata.name": THERE})
    operator = Place("OPERATOR", {}, {"kubernetes.io/metadata.name": "elastic-system"})
    stranger = Place("STRANGER", {}, {"kubernetes.io/metadata.name": THERE})
    everyone = {component(pod): Place(component(pod), pod["metadata"]["labels"], here)
                for name, pod in pods(NAME).items() if component(pod) != "logs"}  # fmt: skip
    everyone |= {each.name: each for each in (elastic, logs, operator, stranger)}
    found = {
        (source, port)
        for source, place in everyone.items()
        for port in (9200, 9300, 22)
        if reaches(policies, place, elastic, port)
    }
    assert found == {("elasticsearch", 9200), ("elasticsearch", 9300), ("OPERATOR", 9200), ("logs", 9200)}
    theirs = [policy["spec"] for policy in policies if policy["metadata"].get("namespace") == THERE]
    assert [rule["ports"][0]["port"] for spec in theirs for rule in spec["egress"]] == [53, 9200]
    assert [rule["ports"][0]["port"] for spec in theirs for rule in spec["ingress"]] == [2020]


def test_without_it_nothing_of_it_is_there() -> None:
    assert "fluent-bit" not in text("external")
    assert "Elasticsearch" not in {line.removeprefix("kind: ") for line in text("external").splitlines()}
