"""A zone is lost, with volumes that exist only there: what moves, what is stranded, what goes on serving."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.cluster.grounds import FILLED, ZONE, Grounds, wait_settled
from tests.deploy.cluster.kube import Kube, Object, wait_until
from tests.deploy.cluster.nodes import spread, zone_of
from tests.deploy.cluster.releases import Release, place
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import Steering

#: What an operator sets on nodes that are gone, so that their pods are given up at once and not after five minutes.
GONE = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
SERVING = ("api", "frontend", "edge")
ROLES = ("broker", "journal", "cache")
MOVING = (*SERVING, "worker", "audio-worker")
THREE = [f"{each}.replicas=3" for each in ("api", "frontend", "edge", "worker", "audioWorker")]


def zonal(grounds: Grounds, zones: set[str], ending: str) -> str:
    """A class whose volumes are bound to a pod's zone, and three volumes in each."""
    name = f"li-test-{grounds.run}-{ending}"
    made: list[Object] = [
        {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
         "metadata": {"name": name, "labels": {FILLED: "yes"}},
         "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer"},
    ]  # fmt: skip
    for zone in zones:
        for number in range(3):
            where = {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}
            spec = {
                "capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": name,
                "persistentVolumeReclaimPolicy": "Delete", "local": {"path": f"/volumes/{number}"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [where]}},
            }  # fmt: skip
            made.append({"apiVersion": "v1", "kind": "PersistentVolume",
                         "metadata": {"name": f"{name}-{zone}-{number}"}, "spec": spec})  # fmt: skip
    grounds.kube.apply(*map(grounds.own, made))
    return name


def pods(kube: Kube, release: Release, component: str = "") -> list[Object]:
    labels = f"app.kubernetes.io/instance={release.name}"
    found = kube.every(
        "pods", release.namespace, labels + (f",app.kubernetes.io/component={component}" if component else "")
    )
    return [each for each in found if "deletionTimestamp" not in each["metadata"]]


def serving(kube: Kube, release: Release, component: str) -> int:
    """Addresses that its Service sends to."""
    labels = f"kubernetes.io/service-name={release.full}-{component}"
    slices = kube.every("endpointslices", release.namespace, labels)
    return sum(each["conditions"].get("ready", False) for found in slices for each in found.get("endpoints") or [])


@pytest.fixture
def lost(kube: Kube) -> Iterator[list[str]]:
    """Nodes that the test takes away; back at its end."""
    names: list[str] = []
    yield names
    if names:
        kube.kubectl("taint", "node", *names, f"{GONE['key']}-", check=False)


@pytest.fixture
def zones(kube: Kube, steering: Steering) -> dict[str, str]:
    """The zone of each node."""
    steering.need_nodes()
    found = zone_of(kube)
    if len(set(found.values())) < 3:
        pytest.skip("not run: this cluster has fewer than three zones")
    return found


def lose(kube: Kube, release: Release, zones: dict[str, str], zone: str, lost: list[str]) -> tuple[float, str]:
    """Take a zone away. Returns after how long what has no volume there ran elsewhere, and the fewest that served."""
    for component in SERVING:
        assert len(spread(kube, pods(kube, release, component))) == 3, f"{component} is in every zone"
    least = {component: serving(kube, release, component) for component in SERVING}
    lost += [node for node, at in zones.items() if at == zone]
    kube.kubectl("taint", "node", *lost, f"{GONE['key']}={GONE['value']}:{GONE['effect']}")

    def moved() -> bool:
        for component in SERVING:
            least[component] = min(least[component], serving(kube, release, component))
        left = [each for component in MOVING for each in pods(kube, release, component)]
        return zone not in spread(kube, left) and all(release.ready(each) == 3 for each in MOVING)

    took = wait_until("what has no volume there runs elsewhere", moved, 60, 0.1)
    for component in SERVING:
        assert least[component] >= 1, f"nobody served as {component}"
        assert zone not in spread(kube, pods(kube, release, component))
    return took, ", ".join(f"{least[each]} {each}" for each in SERVING)


def give_back(kube: Kube, release: Release, lost: list[str]) -> float:
    """The zone comes back; after how long everything is as it was."""
    kube.kubectl("taint", "node", *lost, f"{GONE['key']}-")
    lost.clear()
    return wait_settled(kube, release.namespace, 60)


@pytest.mark.cluster(seconds=110)
def test_a_zone_is_lost(
    kube: Kube, grounds: Grounds, report: Report, zones: dict[str, str], lost: list[str]
) -> None:  # fmt: skip
    name = zonal(grounds, set(zones.values()), "one")
    settings = ("redis.storageClass=" + name, "database.external.maxConnections=500", *THREE)
    release = place(grounds, "small", "zone", settings=settings)
    release.helm("install")
    wait_settled(kube, release.namespace, 90)
    held = {role: pods(kube, release, f"redis-{role}")[0] for role in ROLES}
    where = {role: zones[pod["spec"]["nodeName"]] for role, pod in held.items()}
    zone = where["broker"]
    gone_with_it = sum(zones[each["spec"]["nodeName"]] == zone for each in pods(kube, release))
    took, least = lose(kube, release, zones, zone, lost)
    stranded = {}
    for role, at in where.items():
        if role != "cache" and at == zone:
            stranded[role] = why_pending(kube, release, f"redis-{role}")
            assert "volume" in stranded[role] or "affinity" in stranded[role], stranded
        elif at != zone:
            (now,) = pods(kube, release, f"redis-{role}")
            assert now["metadata"]["uid"] == held[role]["metadata"]["uid"], f"{role} was not there, and stays"
    assert "broker" in stranded
    report.say(
        f"Loss of a zone with {gone_with_it} pods, `small`, volumes bound to zones",
        f"what has no volume there runs elsewhere after {took:.0f} s; meanwhile at least {least} of 3 served; "
        + f'stranded: {", ".join(f"redis-{role}" for role in stranded)} ("{stranded["broker"][:120]}")',
    )
    back = give_back(kube, release, lost)
    (broker,) = pods(kube, release, "redis-broker")
    assert zone_of(kube)[broker["spec"]["nodeName"]] == zone
    report.say("The zone comes back", f"redis-broker runs on its old volume after {back:.0f} s")
    kube.helm("uninstall", release.name, "-n", release.namespace)


@pytest.mark.cluster(seconds=110)
def test_a_zone_is_lost_with_three_of_each_redis(
    kube: Kube, grounds: Grounds, report: Report, zones: dict[str, str], lost: list[str]
) -> None:  # fmt: skip
    name = zonal(grounds, set(zones.values()), "three")
    fixed = [f"{each}.autoscaling.enabled=false" for each in ("api", "frontend", "worker", "audioWorker")]
    settings = ("redis.storageClass=" + name, *THREE, *fixed)
    release = place(grounds, "valkey", "zone-three", settings=settings)
    release.helm("install")
    wait_settled(kube, release.namespace, 90)
    zone = sorted(set(zones.values()))[0]
    for role in ROLES:
        assert len(spread(kube, pods(kube, release, f"redis-{role}"))) == 3, f"redis-{role} is in every zone"
    gone_with_it = sum(zones[each["spec"]["nodeName"]] == zone for each in pods(kube, release))
    took, least = lose(kube, release, zones, zone, lost)
    for role in ("broker", "journal"):
        why = why_pending(kube, release, f"redis-{role}")
        assert "volume" in why or "affinity" in why, why
    for role in ROLES:
        found = pods(kube, release, f"redis-{role}")
        left = [each for each in found if each["spec"].get("nodeName")]
        # A cache has no volume to wait for; of the others two go on, which is enough to choose a leader.
        assert len(left) == (3 if role == "cache" else 2), role
        assert zone not in spread(kube, left)
    report.say(
        f"Loss of a zone with {gone_with_it} pods, `valkey`, volumes bound to zones",
        f"what has no volume there runs elsewhere after {took:.0f} s; meanwhile at least {least} of 3 served; two of "
        "three of broker and journal go on, in two zones, and the third waits for its volume; the cache has three",
    )
    back = give_back(kube, release, lost)
    for role in ("broker", "journal"):
        assert len(spread(kube, pods(kube, release, f"redis-{role}"))) == 3
    report.say(
        "The zone comes back, `valkey`", f"all nine of Redis run after {back:.0f} s, those with volumes on their own"
    )
    kube.helm("uninstall", release.name, "-n", release.namespace)


def why_pending(kube: Kube, release: Release, component: str) -> str:
    """Why its one pod has no node, in the scheduler's words."""

    def said() -> str:
        for pod in pods(kube, release, component):
            for each in pod["status"].get("conditions", []):
                if each["type"] == "PodScheduled" and each["status"] == "False":
                    return str(each.get("message", ""))
        return ""

    wait_until(f"{component} is stranded", said, 30)
    return said()
