"""The ground that the tests stand on: namespaces of their own, and in them what the chart asks an operator for.

Everything that is made here carries the run's label and is removed at the end. Nothing else is touched: a namespace, a
definition or a class that was there before stays as it is.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.deploy.cluster.kube import Kube, Object, wait_until
from tests.deploy.cluster.needs import Needs, definitions

LABEL = "legal-intake-test"
#: On a class of ours that has its volumes already: `Grounds.provide` adds none.
FILLED = "legal-intake-test-volumes"
ZONE = "topology.kubernetes.io/zone"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}": value for mode, value in (("enforce", "restricted"), ("warn", "restricted"))
}
#: Objects outside namespaces, in the order in which they are removed.
REMOVED = (
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
    "mutatingadmissionpolicies.admissionregistration.k8s.io", "priorityclasses.scheduling.k8s.io", "persistentvolumes",
    "storageclasses.storage.k8s.io", "customresourcedefinitions.apiextensions.k8s.io",
)  # fmt: skip


@dataclass
class Grounds:
    """A run's own part of the cluster."""

    kube: Kube
    run: str = field(default_factory=lambda: secrets.token_hex(3))
    namespaces: list[str] = field(default_factory=list)
    labelled: list[tuple[str, str]] = field(default_factory=list)

    @property
    def labels(self) -> dict[str, str]:
        return {LABEL: self.run}

    def own(self, found: Object) -> Object:
        """An object with the run's label."""
        found["metadata"].setdefault("labels", {}).update(self.labels)
        return found

    def namespace(self, name: str, exact: bool = False) -> str:
        """A new one that enforces the restricted standard. `exact`: not run where it is there already."""
        name = name if exact else f"li-test-{self.run}-{name}"
        if self.kube.get("namespaces", "", name) is not None:
            if name in self.namespaces:
                return name
            pytest.skip(f"not run: namespace {name} is there, and is not this test's")
        meta = {"name": name, "labels": {**self.labels, **RESTRICTED}}
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        self.namespaces.append(name)
        wait_until("its account", lambda: self.kube.get("serviceaccounts", name, "default"), 30)
        return name

    def define(self) -> dict[str, str]:
        """Definitions of the custom resources, where the cluster has none; kind -> who made it."""
        there = {
            each["metadata"]["name"]: each["metadata"].get("labels", {})
            for each in self.kube.client.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").json()["items"]
        }
        made = {kind: self.own(each) for kind, each in definitions().items() if each["metadata"]["name"] not in there}
        if made:
            self.kube.apply(*made.values())
            names = [f"crd/{each['metadata']['name']}" for each in made.values()]
            wait_until("definitions", lambda: self.established(names), 60)
        return {kind: "this run" if kind in made else "the cluster" for kind in definitions()}

    def established(self, names: list[str]) -> bool:
        return not self.kube.kubectl(
            "wait", "--for=condition=Established", "--timeout=10s", *names, check=False
        ).returncode

    def provide(self, namespace: str, needs: Needs) -> None:
        """What an operator makes before the install; values are made up."""
        made: list[Object] = []
        for name, keys in needs.secrets.items():
            data = {key: secrets.token_hex(16) for key in keys}
            made.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace},
                         "stringData": data})  # fmt: skip
        made += [claim(name, namespace) for name in needs.claims]
        made += self.storage(namespace, needs)
        for name in needs.priorities:
            if self.kube.client.get(f"/apis/scheduling.k8s.io/v1/priorityclasses/{name}").status_code == 404:
                made.append(self.own({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                                      "metadata": {"name": name}, "value": 1000}))  # fmt: skip
        if made:
            self.kube.apply(*made)
        for name in needs.namespaces - {namespace}:
            if self.kube.get("namespaces", "", name) is None:
                self.namespace(name, exact=True)
        for labels in needs.node_labels:
            self.label_nodes(labels)

    def storage(self, namespace: str, needs: Needs) -> list[Object]:
        """Classes that are named and not there: by the default one's provisioner, or, where that is kwok's, which knows
        its own class alone, with volumes made by hand."""
        kind = "/apis/storage.k8s.io/v1/storageclasses"
        there = {each["metadata"]["name"]: each for each in self.kube.client.get(kind).json()["items"]}
        made: list[Object] = []
        for name, claims in needs.classes.items():
            labels = there.get(name, {"metadata": {}})["metadata"].get("labels", {})
            if name in there and (labels.get(LABEL) != self.run or FILLED in labels):
                continue
            default: Object = next((each for each in there.values() if is_default(each)), {})
            by_hand = default.get("provisioner", "kwok").startswith("kwok")
            provisioner = "kubernetes.io/no-provisioner" if by_hand else default["provisioner"]
            made.append(self.own({
                "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
                "provisioner": provisioner, "volumeBindingMode": "WaitForFirstConsumer",
            }))  # fmt: skip
            for number, (size, modes) in enumerate(claims if by_hand else []):
                meta = {"name": f"{namespace}-{name}-{number}"}
                made.append(self.own({
                    "apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta,
                    "spec": {"capacity": {"storage": size}, "accessModes": modes, "storageClassName": name,
                             "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": "/volumes"}},
                }))  # fmt: skip
        return made

    def label_nodes(self, labels: dict[str, str]) -> None:
        """For pods that want nodes of a kind: a simulated one of each zone is."""
        by_zone = {each["metadata"]["labels"].get(ZONE): each for each in self.kube.every("nodes") if simulated(each)}
        for key, value in labels.items():
            if any(each["metadata"]["labels"].get(key) == value for each in self.kube.every("nodes")):
                continue
            for node in by_zone.values():
                name = node["metadata"]["name"]
                self.kube.patch(self.kube.path("nodes", "", name), {"metadata": {"labels": {key: value}}})
                self.labelled.append((name, key))

    def clear(self) -> None:
        """Remove all that was made."""
        for name in self.namespaces:
            # Objects of kinds whose controllers do not run here keep no finalizer; a namespace goes by itself.
            self.kube.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false", check=False)
        with contextlib.suppress(AssertionError):
            gone = lambda: not any(self.kube.get("namespaces", "", name) for name in self.namespaces)  # noqa: E731
            wait_until("namespaces gone", gone, 90, 1)
        for kind in REMOVED:
            self.kube.kubectl("delete", kind, "-l", f"{LABEL}={self.run}", "--wait=false", check=False)
        for node, key in self.labelled:
            self.kube.patch(self.kube.path("nodes", "", node), {"metadata": {"labels": {key: None}}})


def is_default(storage_class: Object) -> bool:
    """Whether a claim that names no class gets this one."""
    return DEFAULT_CLASS in storage_class["metadata"].get("annotations", {})


def claim(name: str, namespace: str, storage: str = "1Gi") -> Object:
    """A claim that many pods may write to."""
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": storage}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}  # fmt: skip


def simulated(node: Object) -> bool:
    """Whether nobody's work runs on a node: it is one of kwok's."""
    annotations: dict[str, str] = node["metadata"].get("annotations", {})
    return annotations.get("kwok.x-k8s.io/node") == "fake"


def settled(kube: Kube, namespace: str) -> list[str]:
    """What is not there yet of all that a namespace's controllers want; empty when every desired pod is ready."""
    wrong = []
    for kind in ("deployments", "statefulsets"):
        for each in kube.every(kind, namespace):
            spec, status, name = each["spec"], each.get("status", {}), each["metadata"]["name"]
            want = spec.get("replicas", 1)
            have = min(status.get("readyReplicas", 0), status.get("updatedReplicas", 0))
            fresh = status.get("observedGeneration", 0) >= each["metadata"]["generation"]
            if have != want or status.get("replicas", 0) != want or not fresh:
                wrong.append(f"{name}: {have} of {want}")
    jobs = [each for each in kube.every("jobs", namespace) if not condition(each, "Complete")]
    wrong += [f"job {each['metadata']['name']}" for each in jobs]
    for each in kube.every("horizontalpodautoscalers", namespace):
        least = each["spec"]["minReplicas"]
        if each.get("status", {}).get("currentReplicas", 0) < least:
            wrong.append(f"autoscaler {each['metadata']['name']}: below {least}")
    return wrong


def condition(found: Object, name: str) -> bool:
    """Whether an object says so of itself."""
    return any(
        each["type"] == name and each["status"] == "True" for each in found.get("status", {}).get("conditions", [])
    )


def refusals(kube: Kube, namespace: str) -> set[str]:
    """Pods that the API server took from no controller: Pod Security, quotas, admission."""
    return {
        each["message"][:300] for each in kube.every("events", namespace) if each.get("reason") in ("FailedCreate",)
    }


def wait_settled(kube: Kube, namespace: str, seconds: float) -> float:
    """Until everything is ready. Raises with what is not."""
    began = time.monotonic()
    while True:
        wrong: Any = settled(kube, namespace)
        if not wrong:
            return time.monotonic() - began
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds:.0f} s: {wrong}; refused: {refusals(kube, namespace)}")
        time.sleep(0.5)
