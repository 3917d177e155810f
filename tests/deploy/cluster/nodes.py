"""Nodes that are emptied, or lost with their zone. Only on a cluster whose nodes are simulated."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.deploy.cluster.grounds import ZONE
from tests.deploy.cluster.kube import Kube, Object, run


@dataclass
class Drain:
    """How long it took, and how often a budget said "later"."""

    seconds: float
    held: int


def pods_on(kube: Kube, node: str, namespace: str = "") -> list[str]:
    """What runs there."""
    return [
        each["metadata"]["name"] for each in kube.every("pods", namespace)
        if each["spec"].get("nodeName") == node and each["status"].get("phase") == "Running"
    ]  # fmt: skip


@contextmanager
def drained(kube: Kube, node: str, seconds: float) -> Iterator[Drain]:
    """An operator's `kubectl drain`; at the end the node takes pods again."""
    began = time.monotonic()
    words = ["kubectl", "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", f"--timeout={seconds:.0f}s"]
    try:
        done = run(words, seconds=seconds + 30)
        yield Drain(time.monotonic() - began, (done.stdout + done.stderr).count("disruption budget"))
    finally:
        kube.kubectl("uncordon", node)


def zone_of(kube: Kube) -> dict[str, str]:
    """Each node's zone."""
    return {each["metadata"]["name"]: each["metadata"]["labels"].get(ZONE, "") for each in kube.every("nodes")}


def spread(kube: Kube, pods: list[Object]) -> dict[str, int]:
    """How many of these pods are in each zone."""
    zones = zone_of(kube)
    found: dict[str, int] = {}
    for pod in pods:
        zone = zones.get(pod["spec"].get("nodeName", ""), "")
        found[zone] = found.get(zone, 0) + 1
    return dict(sorted(found.items()))
