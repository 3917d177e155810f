"""Renders the chart with helm, as objects. Needs `helm` on the PATH."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "helm" / "legal-intake"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
NAMES = [path.name.removesuffix("-values.yaml") for path in CI]
KUBERNETES = "1.36.3"
# What the tests call the release; `intake` in full names where nothing else is said.
RELEASE = "intake"
HERE = "legal-ai-intake"
FULL = "intake-legal-intake"

needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="not run: helm is not on the PATH")

Object = dict[str, Any]


def template(name: str, *settings: str, version: str = KUBERNETES) -> subprocess.CompletedProcess[str]:
    """`helm template` with ci/<name>-values.yaml and `--set` for each setting."""
    options = [word for setting in settings for word in ("--set", setting)]
    values = CHART / "ci" / f"{name}-values.yaml"
    return subprocess.run(
        [
            "helm",
            "template",
            RELEASE,
            CHART,
            "-n",
            HERE,
            "-f",
            values,
            "--kube-version",
            version,
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@functools.cache
def text(name: str, *settings: str) -> str:
    """What is rendered."""
    done = template(name, *settings)
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def objects(name: str, *settings: str) -> tuple[Object, ...]:
    """Every object that is rendered, the Jobs of `helm test` too. Not to be changed."""
    return tuple(found for found in yaml.safe_load_all(text(name, *settings)) if found)


def refused(name: str, *settings: str, version: str = KUBERNETES) -> str:
    """Why it is not rendered."""
    done = template(name, *settings, version=version)
    assert done.returncode != 0, "it was rendered"
    assert not done.stdout.strip(), "something was rendered before it was refused"
    return done.stderr


def of_kind(kind: str, name: str, *settings: str) -> dict[str, Object]:
    """The objects of a kind by their names."""
    return {found["metadata"]["name"]: found for found in objects(name, *settings) if found["kind"] == kind}


def pod_of(found: Object) -> Object | None:
    """The pod template of a workload; None for anything else."""
    if found["kind"] in ("Deployment", "StatefulSet", "Job", "DaemonSet"):
        template: Object = found["spec"]["template"]
        return template
    if found["kind"] == "CronJob":
        each_time: Object = found["spec"]["jobTemplate"]["spec"]["template"]
        return each_time
    return None


def pods(name: str, *settings: str) -> dict[str, Object]:
    """Every pod template by its workload's name."""
    found = [(each["metadata"]["name"], pod_of(each)) for each in objects(name, *settings)]
    return {workload: pod for workload, pod in found if pod is not None}


def component(labelled: Object) -> str:
    """The component that an object's or a pod's labels name."""
    labels: dict[str, str] = labelled["metadata"]["labels"]
    return labels["app.kubernetes.io/component"]


def environment(pod: Object, container: int = 0) -> dict[str, str]:
    """The plain environment variables of a container."""
    return {each["name"]: each.get("value", "") for each in pod["spec"]["containers"][container].get("env", [])}
