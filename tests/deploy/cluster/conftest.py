"""One cluster, namespaces of this run's own, and a budget of time: what does not fit is named as not run.

Only `make cluster-test` comes here (marker `cluster`); the suite's own servers and firms are not started.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.cluster.grounds import Grounds, wait_settled
from tests.deploy.cluster.kube import Kube
from tests.deploy.cluster.releases import BUSY, SOCKETS, WAITING, Release, place
from tests.deploy.cluster.report import Report
from tests.deploy.cluster.steering import Steering
from tests.deploy.cluster.watching import Rise

BEGAN = time.monotonic()
BUDGET_SECONDS = float(os.environ.get("CLUSTER_SECONDS", "900"))
#: Kept for the removal of what was made.
RESERVE_SECONDS = 40.0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever did not ask for the marker does not get these tests."""
    if "cluster" in (config.option.markexpr or ""):
        return
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.fixture(autouse=True)
def firm() -> None:
    """The suite's own pair of firms is not here."""


@pytest.fixture(autouse=True)
def time_is_left(request: pytest.FixtureRequest) -> None:
    """`@pytest.mark.cluster(seconds=90)`: not begun when fewer are left."""
    marker = request.node.get_closest_marker("cluster")
    needed = float(marker.kwargs.get("seconds", 30)) if marker else 30.0
    left = BUDGET_SECONDS - (time.monotonic() - BEGAN) - RESERVE_SECONDS
    if left < needed:
        pytest.skip(
            f"not run: {left:.0f} of {BUDGET_SECONDS:.0f} s are left, this takes {needed:.0f} (CLUSTER_SECONDS)"
        )


@pytest.fixture(scope="session")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    made = Kube(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def report(kube: Kube) -> Iterator[Report]:
    nodes = kube.every("nodes")
    helm = kube.helm("version", "--template={{.Version}}").stdout.strip()
    made = Report(f"Kubernetes {kube.version()}, Helm {helm}, {len(nodes)} nodes")
    yield made
    made.say("The whole run", f"{time.monotonic() - BEGAN:.0f} s")


@pytest.fixture(scope="session")
def grounds(kube: Kube) -> Iterator[Grounds]:
    """The run's own part of the cluster, with the definitions of custom resources."""
    made = Grounds(kube)
    try:
        made.define()
        yield made
    finally:
        made.clear()


@pytest.fixture(scope="session")
def steering(grounds: Grounds) -> Iterator[Steering]:
    """Load and failures, where this cluster's can be steered."""
    made = Steering(grounds)
    yield made
    made.let_go()


@pytest.fixture(scope="session")
def main(kube: Kube, grounds: Grounds, steering: Steering) -> Release:
    """A release with external metrics, whose load and whose pods' fates can be steered."""
    steering.need_load()
    steering.need_metrics()
    steering.need_fates()
    made = place(grounds, "external", "main", settings=("scaling.externalMetrics=true",))
    for name in (BUSY, WAITING, SOCKETS):
        steering.metric(made.namespace, name, "0")
    made.helm("install")
    wait_settled(kube, made.namespace, 120)
    return made


@pytest.fixture(scope="session")
def rise(kube: Kube, main: Release) -> Iterator[Rise]:
    made = Rise(kube, main.namespace)
    yield made
    made.stack.close()
