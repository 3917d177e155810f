"""Who may reach whom, evaluated from the policies that are rendered, is what files/paths.yaml and the docs say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import yaml

from tests.deploy.chart.house import CHART, FULL, HERE, NAMES, ROOT, component, needs_helm, of_kind, pods

pytestmark = needs_helm


@dataclass(frozen=True)
class Place:
    """A pod, here or in another namespace; or the world outside, which has no labels."""

    name: str
    labels: dict[str, str] = field(default_factory=dict, hash=False)
    namespace: dict[str, str] | None = None
    address: str = ""


WORLD = Place("WORLD", address="203.0.113.7")
# Pods or nodes of another region, in the network that ci/standby-values.yaml names.
REGIONS = Place("REGIONS", address="10.10.3.4")
ELSEWHERE = {
    "MONITORING": Place("MONITORING", {}, {"kubernetes.io/metadata.name": "monitoring"}),
    "GATEWAY": Place("GATEWAY", {}, {"kubernetes.io/metadata.name": "gateways"}),
    "STRANGER": Place("STRANGER", {}, {"kubernetes.io/metadata.name": "default"}),
}
# cert-manager's pod that answers HTTP-01, beside the Certificates.
SOLVER = Place(
    "SOLVER", {"acme.cert-manager.io/http01-solver": "true"}, {"kubernetes.io/metadata.name": f"{HERE}-certificates"}
)


def inside(name: str) -> dict[str, Place]:
    """A place for each component that has pods."""
    namespace = {"kubernetes.io/metadata.name": HERE}
    return {
        component(pod): Place(component(pod), pod["metadata"]["labels"], namespace)
        for workload, pod in pods(name).items()
        if component(pod) != "models-fill"
    }


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    for each in selector.get("matchExpressions", []):
        assert each["operator"] == "In"
        if labels.get(each["key"]) not in each["values"]:
            return False
    return True


def is_peer(peer: dict[str, Any], place: Place) -> bool:
    if "ipBlock" in peer:
        return bool(place.address) and ip_address(place.address) in ip_network(peer["ipBlock"]["cidr"])
    if place.namespace is None:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], place.namespace):
            return False
    elif place.namespace["kubernetes.io/metadata.name"] != HERE:
        return False
    return selects(peer.get("podSelector", {}), place.labels)


def allows(policies: list[dict[str, Any]], way: str, pod: Place, other: Place, port: int) -> bool:
    """Whether the policies that select `pod` let it have this `way` (Ingress, Egress) with `other`."""
    here = pod.namespace and pod.namespace["kubernetes.io/metadata.name"]
    mine = [
        p["spec"]
        for p in policies
        if p["metadata"].get("namespace", HERE) == here
        and selects(p["spec"]["podSelector"], pod.labels)
        and way in p["spec"]["policyTypes"]
    ]
    if not mine:
        return True
    key = "from" if way == "Ingress" else "to"
    for rule in (rule for spec in mine for rule in spec.get(way.lower(), [])):
        reached = not rule.get(key) or any(is_peer(peer, other) for peer in rule[key])
        if reached and ("ports" not in rule or port in [each["port"] for each in rule["ports"]]):
            return True
    return False


def reaches(policies: list[dict[str, Any]], source: Place, target: Place, port: int) -> bool:
    here = source.namespace is not None and source.namespace["kubernetes.io/metadata.name"] == HERE
    out = not here or allows(policies, "Egress", source, target, port)
    return out and allows(policies, "Ingress", target, source, port)


def paths() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((CHART / "files" / "paths.yaml").read_text())
    return loaded


def wanted(name: str, places: dict[str, Place]) -> set[tuple[str, str, int]]:
    valkey = name in ("valkey", "standby", "audio-edge")
    on = {"", *(["plain"] if name in ("keda", "cloudnativepg") else []), *(["valkey"] if valkey else [])}
    on |= ({"models", "certificates"} & set(places)) | ({"regions"} if name == "standby" else set())
    on |= {"exporters"} if name == "valkey" else set()
    found = set()
    for path in paths():
        if path.get("when", "") not in on:
            continue
        targets = [path["to"]]
        if path["to"] == "REDIS":
            targets = [each for each in places if each.startswith("redis-")]
        ports = [path["port"]] if "port" in path else [6379, 26379] if valkey else [6379]
        # Another region is of the world too.
        sources = [path["from"], *(["REGIONS"] if path["from"] == "WORLD" else [])]
        sources = [one for one in sources if one.isupper() or one in places]
        found |= {(one, target, port) for one in sources for target in targets if target in places for port in ports}
    return found


@pytest.mark.parametrize(
    "name", ["external", "small", "keda", "cloudnativepg", "certificates", "valkey", "standby", "audio-edge"]
)
def test_who_may_reach_whom_is_the_table(name: str) -> None:
    policies = list(of_kind("NetworkPolicy", name).values())
    places = inside(name)
    if "certificates" in places:
        places["SOLVER"] = SOLVER
    everyone = {**places, **ELSEWHERE, "WORLD": WORLD, "REGIONS": REGIONS}
    ports = {path["port"] for path in paths() if "port" in path} | {6379, 22}
    found = {
        (source, target, port)
        for source in everyone
        for target in places
        for port in ports
        if (source != target or source.startswith("redis-"))
        and reaches(policies, everyone[source], places[target], port)
    }
    assert found == wanted(name, places)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "passthrough"])
def test_every_pod_has_a_default_of_nothing(name: str) -> None:
    policies = list(of_kind("NetworkPolicy", name).values())
    ours = [p for p in policies if "namespace" not in p["metadata"]]
    for workload, pod in pods(name).items():
        labels = pod["metadata"]["labels"]
        mine = [p["spec"] for p in ours if selects(p["spec"]["podSelector"], labels)]
        assert {way for spec in mine for way in spec["policyTypes"]} == {"Ingress", "Egress"}, workload


def test_with_peers_named_the_way_out_is_only_there() -> None:
    settings = [
        "networkPolicies.database.to[0].ipBlock.cidr=10.9.0.0/24",
        "networkPolicies.redis.to[0].ipBlock.cidr=10.9.1.0/24",
        "networkPolicies.services.to[0].ipBlock.cidr=10.9.2.0/24",
    ]  # fmt: skip
    outside = set()
    for policy in of_kind("NetworkPolicy", "external", *settings).values():
        for rule in policy["spec"].get("egress", []):
            assert rule["to"], policy["metadata"]["name"]
            outside |= {peer["ipBlock"]["cidr"] for peer in rule["to"] if "ipBlock" in peer}
    assert outside == {"10.9.0.0/24", "10.9.1.0/24", "10.9.2.0/24"}


def test_edges_near_the_speaker_reach_the_pairs_at_home_and_nothing_else_there() -> None:
    policies = list(of_kind("NetworkPolicy", "audio-edge").values())
    places, home = inside("audio-edge"), Place("HOME", address="10.10.0.9")
    found = {
        (name, port)
        for name, place in places.items()
        for port in (22, 5432, 8088)
        if reaches(policies, place, home, port)
    }
    asks = {"api", "worker", "audio-worker", "scheduler"}
    assert found == {("edge", 8088), *((name, 5432) for name in asks)}
    assert not reaches(policies, places["edge"], Place("elsewhere", address="10.10.1.9"), 8088)


def test_another_region_reaches_postgresql_and_the_pairs_from_its_networks_alone() -> None:
    policies = list(of_kind("NetworkPolicy", "standby").values())
    database = Place("postgres", {"cnpg.io/cluster": f"{FULL}-postgres"}, {"kubernetes.io/metadata.name": HERE})
    certificates = inside("standby")["certificates"]
    for source, welcome in ((REGIONS, True), (Place("x", address="10.11.0.1"), False), (WORLD, False)):
        assert reaches(policies, source, database, 5432) is welcome
        assert reaches(policies, source, certificates, 8088) is welcome
        assert not reaches(policies, source, database, 8000)


def test_a_gateway_that_passes_tls_through_reaches_the_edge_where_pods_are_not_the_world() -> None:
    policies = list(of_kind("NetworkPolicy", "passthrough", "networkPolicies.enabled=true").values())
    edge = inside("passthrough")["edge"]
    narrow = [p for p in policies if not any("ipBlock" in str(rule) for rule in p["spec"].get("ingress", []))]
    assert {port for port in (8080, 8443, 8082) if reaches(policies, ELSEWHERE["GATEWAY"], edge, port)} == {8080, 8443}
    assert len(narrow) < len(policies), "the world may too"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "passthrough"])
def test_no_rule_holds_an_empty_list(name: str) -> None:
    """The API server drops them, so that a second apply would find a difference for ever."""
    for policy in of_kind("NetworkPolicy", name).values():
        for rule in [*policy["spec"].get("egress", []), *policy["spec"].get("ingress", [])]:
            assert all(rule.values()), f"{policy['metadata']['name']}: {rule}"


def test_they_can_be_left_out() -> None:
    assert of_kind("NetworkPolicy", "passthrough") == {}


@pytest.mark.parametrize(
    ("settings", "place", "ports"),
    [
        ((), "DATABASE", {5432, 6432}),
        (("database.pooler.port=7000", "database.external.port=5433"), "DATABASE", {5433, 7000}),
        (("database.pooler.mode=none",), "DATABASE", {5432}),
        (("networkPolicies.database.ports={15432}",), "DATABASE", {15432}),
        ((), "REDIS", {6379}),
        (("redis.external.journal=redis://journal.example.org:6380/0",), "REDIS", {6379, 6380}),
        (("redis.external.cache=redis+sentinel://a:26379\\,b:26380/cache/0",), "REDIS", {6379, 26379, 26380}),
        (("networkPolicies.redis.ports={1}",), "REDIS", {1}),
    ],
)
def test_the_ways_out_are_those_of_the_addresses(settings: tuple[str, ...], place: str, ports: set[int]) -> None:
    """A pooler or Redis on a port of its own is not cut off."""
    policies = list(of_kind("NetworkPolicy", "keda", *settings).values())
    api = inside("keda")["api"]
    outside = Place(place, {}, {"kubernetes.io/metadata.name": "elsewhere"})
    tried = {5432, 5433, 6432, 7000, 15432, 1, 6379, 6380, 26379, 26380}
    own, other = (5432, 5433, 6432, 7000, 15432), (1, 6379, 6380, 26379, 26380)
    mine = own if place == "DATABASE" else other
    found = {port for port in tried if port in mine and reaches(policies, api, outside, port)}
    assert found == ports


def test_postgresqls_pods_let_in_ours_and_the_operator() -> None:
    policies = list(of_kind("NetworkPolicy", "cloudnativepg").values())
    here = {"kubernetes.io/metadata.name": HERE}
    database = Place("postgres", {"cnpg.io/cluster": f"{FULL}-postgres"}, here)
    operator = Place("operator", {}, {"kubernetes.io/metadata.name": "cnpg-system"})
    assert reaches(policies, inside("cloudnativepg")["api"], database, 5432)
    assert not reaches(policies, inside("cloudnativepg")["edge"], database, 5432), "the edge has no way out to it"
    assert reaches(policies, operator, database, 8000)
    assert reaches(policies, database, database, 5432)
    assert not reaches(policies, ELSEWHERE["STRANGER"], database, 5432)


def test_the_documented_table_is_the_same() -> None:
    text = (ROOT / "docs" / "kubernetes.md").read_text()
    part = text[text.index("## Who may reach whom") :]
    rows = re.findall(r"(?m)^\| (\S+) \| (\S+) \| ([^|]*) \| ([^|]*) \|$", part[: part.index("\n## ", 5)])
    documented = [(source, target, port.strip(), why.strip()) for source, target, port, why in rows if source != "From"]
    assert documented == [(p["from"], p["to"], str(p.get("port", "")), p["why"]) for p in paths()]
