"""Sizes and money of each step of docs/kubernetes.md, between the comments there; and of what k8s/ holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import yaml

from legal_intake_capacity import inputs
from legal_intake_capacity.model import nodes, size
from legal_intake_capacity.sizes import amount
from legal_intake_capacity.tables import HIGH, MEDIAN, short, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from legal_intake_capacity.sampling import Spread

TARGET = inputs.ROOT / "docs" / "kubernetes.md"
MANIFESTS = inputs.ROOT / "k8s"
#: (step of the guide, field of Sizes, what it is called)
ROWS = (
    ("1 cluster", "nodes", "nodes"),
    ("", "compute_cost", "dollars: nodes"),
    ("", "cluster_cost", "dollars: control plane, load balancer, addresses, DNS"),
    ("2 storage", "shared", "shared volume, GiB (`media.storage`)"),
    ("", "shared_cost", "dollars: shared volume"),
    ("", "block", "volumes of PostgreSQL, Redis and logs, GiB"),
    ("", "block_cost", "dollars: volumes"),
    ("5 data", "db_cores", "cores of each PostgreSQL"),
    ("", "db_memory", "its memory, GiB"),
    ("", "connections", "connections, at most"),
    ("", "pooler_pods", "pooler pods"),
    ("", "redis_pods", "Redis pods"),
    ("7 install", "api_pods", "api pods in the busiest hour"),
    ("", "audio_pods", "audio workers"),
    ("", "worker_pods", "workers"),
    ("", "frontend_pods", "frontend pods, and as many edges"),
    ("", "egress_cost", "dollars: traffic out"),
    ("11 backup", "backups", "backups, GiB"),
    ("", "backup_cost", "dollars: backups"),
    ("All", "cost", "dollars a month"),
)
#: What can be applied as it is: (how it is called, its files).
SIZES = (
    ("`overlays/small`", "overlays/small/*.yaml"),
    ("`k8s/`", "*.yaml"),
    ("`overlays/regional`", "overlays/regional/*.yaml"),
    ("`overlays/global`", "overlays/global/*.yaml"),
)
#: From one person on, by halving: how finely the users of so many pods are searched.
TURNS = 24


@dataclass(frozen=True, slots=True)
class Pods:
    """What a set of manifests has, or grows to."""

    count: float
    cores: float
    memory: float
    api: float
    audio: float
    slots: float


def by_step(spreads: Sequence[Spread]) -> str:
    """Each step of the guide, from small to global: the middle of the draws, and what most of them do not exceed."""

    def cell(spread: Spread, name: str) -> str:
        middle, high = (short(spread.at(name, share)) for share in (MEDIAN, HIGH))
        return middle if middle == high else f"{middle} ({high})"

    head = ["Step", "", *(f"{spread.users:,} users" for spread in spreads)]
    return table(head, [[step, what, *(cell(one, name) for one in spreads)] for step, name, what in ROWS])


def overlays(v: Mapping[str, float]) -> str:
    """What is applied as it is, at its fewest and at its most: pods, nodes, their money, and for how many users."""
    rows = []
    for name, pattern in SIZES:
        found = list(objects(MANIFESTS, pattern))
        least, most = (counted(found, bound) for bound in ("minReplicas", "maxReplicas"))
        for which, pods in (("", least),) if least == most else (("at its fewest", least), ("at its most", most)):
            cores, memory = pods.cores / v["packing"], pods.memory / v["packing"]
            money = cores * v["vcpu_price"] + memory * v["memory_price"]
            rows.append(
                [
                    f"{name} {which}".strip(), f"{pods.count:.0f}", short(pods.cores), short(pods.memory),
                    f"{nodes(cores, memory, {**v, 'redis_copies': 1}):.0f}", short(money), short(users_of(pods, v)),
                ]
            )  # fmt: skip
    head = ["", "Pods", "Cores reserved", "Memory at most, GiB", "Nodes", "Dollars a month for them", "Users"]
    return table(head, rows)


def objects(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    """Every object of the files."""
    for path in sorted(folder.glob(pattern)):
        yield from (found for found in yaml.safe_load_all(path.read_text(encoding="utf-8")) if found)


def counted(found: Sequence[dict[str, Any]], bound: str) -> Pods:
    """Pods that stay, with what they reserve of cores and may use of memory; scaled ones at `bound`."""
    scaled = {one["spec"]["scaleTargetRef"]["name"]: one["spec"][bound] for one in found if "scaleTargetRef" in
              one.get("spec", {})}  # fmt: skip
    total = dict.fromkeys(("count", "cores", "memory", "api", "audio", "slots"), 0.0)
    for one in found:
        if one["kind"] not in ("Deployment", "StatefulSet"):
            continue
        count = one["spec"].get("replicas") or scaled[one["metadata"]["name"]]
        spec = one["spec"]["template"]["spec"]
        # Of those that begin a pod only the ones that stay.
        stay = [each for each in spec.get("initContainers", ()) if each.get("restartPolicy") == "Always"]
        total["count"] += count
        for each in (*spec["containers"], *stay):
            total["cores"] += count * amount(str(each["resources"]["requests"]["cpu"]), "pod_cores")
            total["memory"] += count * amount(str(each["resources"]["limits"]["memory"]), "pod_memory")
        component = one["metadata"]["labels"]["app.kubernetes.io/component"]
        if component == "api":
            total["api"] += count
        if component == "audio-worker":
            total["audio"] += count
            total["slots"] = float(next(each["value"] for each in spec["containers"][0]["env"]
                                        if each["name"] == "AUDIO_SLOTS"))  # fmt: skip
    return Pods(**total)


def users_of(pods: Pods, v: Mapping[str, float]) -> float:
    """The most users, as assumed, for whom so many api pods and voice slots are enough."""
    # One of each is enough where the model counts one a zone.
    given = {**v, "audio_slots": pods.slots, "least_pods": 1}

    def enough(users: float) -> bool:
        wanted = size(users, given)
        return wanted.api_pods <= pods.api and wanted.audio_pods <= pods.audio

    low, high = 0.0, 1.0
    while enough(high):
        low, high = high, high + high
    for _ in range(TURNS):
        middle = (low + high) * MEDIAN
        low, high = (middle, high) if enough(middle) else (low, middle)
    return low


def filled(page: str, spreads: Sequence[Spread], v: Mapping[str, float]) -> str:
    """The guide with both tables as they are now."""
    for name, made in (("steps", partial(by_step, spreads)), ("overlays", partial(overlays, v))):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, found, rest = page.partition(begin)
        _, found_too, after = rest.partition(end)
        if not found or not found_too:
            raise SystemExit(f"{TARGET} has no place for the table {name}")
        page = f"{before}{begin}{made()}{end}{after}"
    return page
