"""What objects need and do not bring: Secrets, claims, priority classes, labels of nodes, definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.deploy.cluster.kube import Object

CRDS = Path(__file__).parent / "crds"
SCHEMAS = Path(__file__).parents[1] / "chart" / "schemas"
#: Kinds that belong to the cluster, among those that a chart like ours may have.
OF_THE_CLUSTER = {"PriorityClass", "ClusterIssuer", "ClusterSecretStore", "Namespace", "ClusterRole", "StorageClass"}


@dataclass
class Needs:
    """Names; of each Secret its keys too."""

    secrets: dict[str, set[str]] = field(default_factory=dict)
    claims: set[str] = field(default_factory=set)
    priorities: set[str] = field(default_factory=set)
    node_labels: list[dict[str, str]] = field(default_factory=list)
    namespaces: set[str] = field(default_factory=set)
    #: Of each storage class: (size, access modes) of every claim that the objects make of it.
    classes: dict[str, list[tuple[str, list[str]]]] = field(default_factory=dict)

    def secret(self, name: str, keys: list[Object]) -> None:
        self.secrets.setdefault(name, set()).update(each["key"] for each in keys)


def blocks(node: Any) -> Iterator[Object]:
    """Every mapping in an object, however deep."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from blocks(value)
    elif isinstance(node, list):
        for value in node:
            yield from blocks(value)


def pod_specs(objects: list[Object]) -> Iterator[Object]:
    """The pods of every workload of Kubernetes' own kinds."""
    for each in objects:
        spec = each.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        found = spec.get("template", {}).get("spec")
        if found and each["apiVersion"] in ("apps/v1", "batch/v1"):
            yield found


def operators(found: Needs, custom: Object) -> None:
    """Secrets that CloudNativePG and its plug-in read."""
    for block in blocks(custom):
        if set(block) == {"name", "key"}:
            found.secret(block["name"], [block])
        if "owner" in block and "secret" in block:
            found.secret(block["secret"]["name"], [{"key": "username"}, {"key": "password"}])


def classes_of(found: Needs, each: Object) -> None:
    """Claims of a class that is named: an object's own, or one for each pod of a StatefulSet."""
    templates = [each["spec"]] if each["kind"] == "PersistentVolumeClaim" else []
    if each["kind"] == "StatefulSet":
        templates = [claim["spec"] for claim in each["spec"].get("volumeClaimTemplates", [])]
        templates *= each["spec"].get("replicas", 1)
    for spec in templates:
        if spec.get("storageClassName"):
            claim = spec["resources"]["requests"]["storage"], spec["accessModes"]
            found.classes.setdefault(spec["storageClassName"], []).append(claim)


def needs_of(objects: list[Object]) -> Needs:
    """What `objects` name and do not hold."""
    found = Needs()
    for pod in pod_specs(objects):
        for block in blocks(pod):
            if "secretName" in block:
                found.secret(block["secretName"], block.get("items", []))
            if isinstance(block.get("secret"), dict) and "name" in block["secret"]:
                found.secret(block["secret"]["name"], block["secret"].get("items", []))
            if "secretKeyRef" in block:
                found.secret(block["secretKeyRef"]["name"], [block["secretKeyRef"]])
            if "claimName" in block:
                found.claims.add(block["claimName"])
        for pull in pod.get("imagePullSecrets", []):
            found.secret(pull["name"], [])
        if pod.get("priorityClassName"):
            found.priorities.add(pod["priorityClassName"])
        if pod.get("nodeSelector"):
            found.node_labels.append(pod["nodeSelector"])
    for each in objects:
        classes_of(found, each)
        if each["kind"] in ("Cluster", "ObjectStore"):
            operators(found, each)
        if each["kind"] == "Ingress":
            for tls in each["spec"].get("tls", []):
                found.secret(tls["secretName"], [{"key": "tls.crt"}, {"key": "tls.key"}])
    here = {(each["kind"], each["metadata"]["name"]) for each in objects}
    found.claims -= {name for kind, name in here if kind == "PersistentVolumeClaim"}
    found.priorities -= {name for kind, name in here if kind == "PriorityClass"}
    found.secrets = {name: keys for name, keys in found.secrets.items() if ("Secret", name) not in here}
    found.namespaces = {each["metadata"]["namespace"] for each in objects if "namespace" in each["metadata"]}
    found.namespaces -= {name for kind, name in here if kind == "Namespace"}
    return found


def real_definitions() -> dict[str, Object]:
    """The definitions that are committed, by kind."""
    found = [json.loads(path.read_text()) for path in sorted(CRDS.glob("*.json"))]
    return {each["spec"]["names"]["kind"]: each for each in found}


def structural(node: Any) -> Object:
    """A schema for checks as one that a definition may hold: types that may be null, free parts named as such."""
    types = node.get("type", [])
    types = [each for each in ([types] if isinstance(types, str) else types) if each != "null"]
    made = {key: value for key, value in node.items() if key not in ("type", "additionalProperties", "properties")}
    if len(types) > 1:
        return {"x-kubernetes-int-or-string": True}
    if not types and "properties" not in node:
        return {"x-kubernetes-preserve-unknown-fields": True}
    made["type"] = types[0] if types else "object"
    if "properties" in node:
        made["properties"] = {name: structural(inner) for name, inner in node["properties"].items()}
    elif isinstance(node.get("additionalProperties"), dict):
        made["additionalProperties"] = structural(node["additionalProperties"])
    elif made["type"] == "object":
        made["x-kubernetes-preserve-unknown-fields"] = True
    if "items" in node:
        made["items"] = structural(node["items"])
    return made


def definition_from_schema(schema: Object) -> Object:
    """A definition for a kind of which only the schema for kubeconform is at hand."""
    group, version = schema["properties"]["apiVersion"]["enum"][0].split("/")
    kind = schema["properties"]["kind"]["enum"][0]
    plural = kind.lower() + ("es" if kind.endswith(("s", "h")) else "s")
    judged = structural({"type": "object", "properties": {**schema["properties"]}})
    for own in ("apiVersion", "kind"):
        judged["properties"][own] = {"type": "string"}
    judged["properties"]["metadata"] = {"type": "object"}
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": judged}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": names,
            "scope": "Cluster" if kind in OF_THE_CLUSTER else "Namespaced",
            "versions": [served],
        },
    }


def definitions() -> dict[str, Object]:
    """One for each kind that the chart's checks know a schema of; the real one where it is committed."""
    found = real_definitions()
    for path in sorted(SCHEMAS.glob("*.json")):
        schema = json.loads(path.read_text())
        kind = schema["properties"]["kind"]["enum"][0]
        found.setdefault(kind, definition_from_schema(schema))
    return found
