"""Steers what pods report and how they fare, on a cluster whose nodes are kwok's and run no containers.

Three things can be steered there: CPU (kwok's ClusterResourceUsage), the external metrics (a text file that the
cluster's external metrics API reads: CLUSTER_EXTERNAL_METRICS), and a pod's fate (annotations that the cluster's Stages
know, given to pods of chosen images by an admission policy of this run). Where one cannot be steered, a test that needs
it is not run.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.cluster.grounds import LABEL, Grounds, simulated
from tests.deploy.cluster.kube import ClusterError, Object

USAGES = "/apis/kwok.x-k8s.io/v1alpha1/clusterresourceusages"
ADMISSION = "admissionregistration.k8s.io/v1"
#: An image tag with this end: no pod of it ever becomes ready.
STUCK = "-stuck"
#: With this end: its migration fails, and pods that would wait for it never become ready.
BROKEN = "-broken"
NEVER_READY, JOB_FAILS = {"sim/ready": "false"}, {"sim/job": "fail"}
COMPONENT = "app.kubernetes.io/component"


class Steering:
    """What this run changed; `let_go` puts it back."""

    def __init__(self, grounds: Grounds) -> None:
        self.grounds, self.kube = grounds, grounds.kube
        self.before: Object | None = None
        self.fixed: dict[tuple[str, str], str] = {}
        self.stop = threading.Event()
        self.threads: list[threading.Thread] = []
        self.file = Path(os.environ["CLUSTER_EXTERNAL_METRICS"]) if "CLUSTER_EXTERNAL_METRICS" in os.environ else None
        self.metrics: dict[tuple[str, str], str] = {}
        self.fates = False

    # --- whether

    def need_nodes(self) -> list[Object]:
        """The nodes, if all are simulated."""
        nodes = self.kube.every("nodes")
        if not all(simulated(each) for each in nodes):
            pytest.skip("not run: this cluster's nodes are real, and others' pods may run on them")
        return nodes

    def need_load(self) -> None:
        self.need_nodes()
        answer = self.kube.client.get(USAGES)
        if answer.is_error or not answer.json()["items"]:
            pytest.skip("not run: this cluster's load cannot be steered (no ClusterResourceUsage)")
        self.before = self.before or answer.json()["items"][0]

    def need_metrics(self) -> Path:
        answer = self.kube.client.get("/apis/external.metrics.k8s.io/v1beta1")
        if self.file is None or answer.is_error:
            pytest.skip("not run: this cluster's external metrics cannot be steered (CLUSTER_EXTERNAL_METRICS)")
        return self.file

    def need_fates(self) -> None:
        """Pods of marked images fail from now on, in this run's namespaces alone."""
        if self.fates:
            return
        stages = self.kube.client.get("/apis/kwok.x-k8s.io/v1alpha1/stages")
        known = NEVER_READY | JOB_FAILS
        if stages.is_error or any(name not in stages.text for name in known):
            pytest.skip("not run: this cluster's pods cannot be made to fail (no Stage knows the annotations)")
        if self.kube.client.get(f"/apis/{ADMISSION}/mutatingadmissionpolicies").is_error:
            pytest.skip("not run: this cluster has no MutatingAdmissionPolicy")
        migrates = f'object.metadata.labels[?"{COMPONENT}"].orValue("") == "migrate"'
        self._policy("stuck", STUCK, f"!({migrates})", NEVER_READY)
        self._policy("waiting", BROKEN, f"!({migrates})", NEVER_READY)
        self._policy("failing", BROKEN, migrates, JOB_FAILS)
        self.fates = True

    # --- load

    def cpu(self, namespace: str, component: str, each: str) -> None:
        """Every pod of a component reports this much (such as 450m) from now on."""
        self.fixed[namespace, component] = each
        self._tell()

    def demand(self, namespace: str, component: str, cores: float) -> None:
        """`cores` of work, shared by the pods that are ready: the more there are, the less each has."""
        labels = f"{COMPONENT}={component}"

        def keep() -> None:
            while not self.stop.wait(2):
                with suppress(Exception):
                    pods = self.kube.every("pods", namespace, labels)
                    ready = sum(each["status"].get("phase") == "Running" for each in pods)
                    told = f"{cores * 1000 / max(ready, 1):.0f}m"
                    if self.fixed.get((namespace, component)) != told:
                        self.cpu(namespace, component, told)

        thread = threading.Thread(target=keep, daemon=True)
        thread.start()
        self.threads.append(thread)

    def no_demand(self) -> None:
        """The work is done; every pod idles."""
        self.stop.set()
        for thread in self.threads:
            thread.join()
        self.stop.clear()
        self.threads.clear()
        self.fixed.clear()
        self._tell()

    def _tell(self) -> None:
        assert self.before is not None, "need_load() comes first"
        rule = ""
        for (namespace, component), each in dict(self.fixed).items():
            labels = f'"{COMPONENT}" in pod.metadata.labels && pod.metadata.labels["{COMPONENT}"] == "{component}"'
            rule += f'pod.metadata.namespace == "{namespace}" && {labels} ? Quantity("{each}") : '
        usage = self.before["spec"]["usages"][0]
        old = usage["usage"]["cpu"].get("expression", "").strip() or f'Quantity("{usage["usage"]["cpu"]["value"]}")'
        where = f"{USAGES}/{self.before['metadata']['name']}"
        change = [{"op": "add", "path": "/spec/usages/0/usage/cpu/expression", "value": f"{rule}({old})"}]
        self.kube.patch(where, change, "json-patch+json")

    # --- external metrics

    def metric(self, namespace: str, name: str, value: str | None) -> None:
        """A series of a namespace; None: it is gone, as when Prometheus is away."""
        file = self.need_metrics()
        if value is None:
            self.metrics.pop((namespace, name), None)
        else:
            self.metrics[namespace, name] = value
        ours = [f"{where} {what} {told} namespace={where}" for (where, what), told in self.metrics.items()]
        others = file.read_text().splitlines() if file.exists() else []
        others = [line for line in others if line.split()[0] not in self.grounds.namespaces]
        fresh = file.with_suffix(".new")
        fresh.write_text("".join(f"{line}\n" for line in [*others, *ours]))
        fresh.replace(file)

    # --- fates of pods

    def _policy(self, name: str, ending: str, also: str, annotations: dict[str, str]) -> None:
        name = f"li-test-{self.grounds.run}-{name}"
        marked = f'object.spec.containers.exists(c, c.image.endsWith("{ending}"))'
        told = ", ".join(f'"{key}": "{value}"' for key, value in annotations.items())
        rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]
        spec: dict[str, Any] = {
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {LABEL: self.grounds.run}}, "resourceRules": rules,
            },
            "matchConditions": [{"name": "marked", "expression": f"{marked} && {also}"}],
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "mutations": [{
                "patchType": "ApplyConfiguration",
                "applyConfiguration": {
                    "expression": f"Object{{metadata: Object.metadata{{annotations: {{{told}}}}}}}"
                },
            }],
        }  # fmt: skip
        binding = {"policyName": name}
        for kind, what in (("MutatingAdmissionPolicy", spec), ("MutatingAdmissionPolicyBinding", binding)):
            made = {"apiVersion": ADMISSION, "kind": kind, "metadata": {"name": name}, "spec": what}
            self.kube.apply(self.grounds.own(made))

    def let_go(self) -> None:
        """As it was. Policies go with the run's other objects."""
        with suppress(ClusterError):
            if self.before is not None:
                self.no_demand()
                change = [{"op": "replace", "path": "/spec", "value": self.before["spec"]}]
                self.kube.patch(f"{USAGES}/{self.before['metadata']['name']}", change, "json-patch+json")
        for namespace, name in list(self.metrics):
            self.metric(namespace, name, None)
