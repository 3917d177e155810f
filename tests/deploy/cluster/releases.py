"""The chart, installed as an operator would, into a namespace of the run's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.deploy.cluster.grounds import Grounds
from tests.deploy.cluster.kube import CHART, Kube, Object
from tests.deploy.cluster.needs import needs_of

#: The external metrics that the chart's autoscalers ask for.
BUSY = "legal_intake_voice_slots_busy"
WAITING = "legal_intake_voice_waiting_oldest_seconds"
SOCKETS = "legal_intake_voice_sockets"
#: Every way to install it that is held to work.
MODES = {path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}


@dataclass
class Release:
    """A release: its name, its namespace, its values."""

    kube: Kube
    name: str
    namespace: str
    values: Path
    settings: tuple[str, ...] = ()

    @property
    def full(self) -> str:
        """What its objects' names begin with, unless the values say otherwise."""
        return f"{self.name}-legal-intake"

    def words(self, more: Iterable[str] = ()) -> list[str]:
        """The values, as words of a helm command."""
        settings = [*self.settings, *more]
        return ["-n", self.namespace, "-f", str(self.values), *(word for each in settings for word in ("--set", each))]

    def rendered(self, *settings: str) -> list[Object]:
        text = self.kube.helm("template", self.name, str(CHART), *self.words(settings)).stdout
        return [each for each in yaml.safe_load_all(text) if each]

    def helm(
        self, verb: str, *words: str, settings: Iterable[str] = (), check: bool = True, seconds: float = 300
    ) -> str:
        """install or upgrade; what it said, on both channels."""
        done = self.kube.helm(verb, self.name, str(CHART), *self.words(settings), *words, check=check, seconds=seconds)
        self.code = done.returncode
        return str(done.stdout + done.stderr)

    def migration(self) -> dict[str, Object]:
        """The migration Jobs that are there, by name."""
        labels = f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component=migrate"
        return {each["metadata"]["name"]: each for each in self.kube.every("jobs", self.namespace, labels)}

    def deployment(self, component: str) -> Object:
        found = self.kube.get("deployments", self.namespace, f"{self.full}-{component}")
        assert found is not None, f"no deployment {component}"
        return found

    def ready(self, component: str) -> int:
        count: int = self.deployment(component).get("status", {}).get("readyReplicas", 0)
        return count

    def images(self, component: str) -> set[str]:
        """Of the pods that run."""
        labels = f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component={component}"
        pods = self.kube.every("pods", self.namespace, labels)
        return {pod["spec"]["containers"][0]["image"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}


def place(grounds: Grounds, mode: str, where: str, name: str = "intake", settings: tuple[str, ...] = ()) -> Release:
    """A namespace with all that the mode names; not installed yet."""
    release = Release(grounds.kube, name, grounds.namespace(where), MODES[mode], settings)
    grounds.provide(release.namespace, needs_of(release.rendered()))
    return release


def scaled(release: Release, **wanted: int) -> bool:
    """Whether each component has exactly so many ready pods."""
    for name, count in wanted.items():
        found = release.deployment(name.replace("_", "-"))
        if found["spec"]["replicas"] != count or found["status"].get("readyReplicas") != count:
            return False
    return True
