"""docs/kubernetes.md: what its steps say to write is what the chart takes, and what the API takes."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.chart.house import CHART, HERE, KUBERNETES, RELEASE, ROOT, needs_helm

pytestmark = needs_helm
SCHEMAS = Path(__file__).parent / "schemas"
PAGE = (ROOT / "docs" / "kubernetes.md").read_text()
STEPS = PAGE[PAGE.index("## From nothing to running") : PAGE.index("## Upgrade and rollback")]
BLOCKS = re.findall(r"```yaml\n(.*?)```", STEPS, re.S)
VALUES = [block for block in BLOCKS if "apiVersion:" not in block and "my-values.yaml" not in block]
MANIFESTS = [block for block in BLOCKS if "apiVersion:" in block]


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """As Helm merges two files of values; a mode that is chosen takes the addresses of the other one away."""
    made = copy.deepcopy(base)
    for name, value in more.items():
        if isinstance(value, dict) and "mode" in value:
            made[name] = value
        elif isinstance(value, dict) and isinstance(made.get(name), dict):
            made[name] = merged(made[name], value)
        else:
            made[name] = value
    return made


def rendered(values: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    done = subprocess.run(
        ["helm", "template", RELEASE, CHART, "-n", HERE, "-f", folder / "values.yaml", "--kube-version", KUBERNETES],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


@pytest.mark.parametrize("block", VALUES, ids=lambda block: block.splitlines()[0])
def test_the_values_of_each_step_are_taken(block: str, tmp_path: Path) -> None:
    base = yaml.safe_load((CHART / "ci" / "external-values.yaml").read_text())
    more = yaml.safe_load(block)
    if "cloudnativepg" in more.get("database", {}) and "mode" not in more["database"]:
        base["database"] = {"mode": "cloudnativepg", "existingSecret": {"name": "legal-intake-database"}}
    found = rendered(merged(base, more), tmp_path)
    annotations = more.get("edge", {}).get("service", {}).get("annotations", {})
    (edge,) = [one for one in found if one["kind"] == "Service" and one["metadata"]["name"].endswith("-edge")]
    assert edge["metadata"].get("annotations", {}).items() >= annotations.items()


def test_there_is_one_for_each_cloud() -> None:
    heads = {block.splitlines()[0] for block in VALUES}
    assert {"# EKS", "# GKE", "# AKS", "# Bare metal"} <= heads
    for number in range(1, 12):
        assert f"\n### {number}. " in STEPS


@pytest.mark.parametrize("block", MANIFESTS, ids=lambda block: block.splitlines()[0])
def test_objects_of_the_guide_are_valid(block: str) -> None:
    folder = os.environ.get("KUBERNETES_SCHEMAS", "")
    if shutil.which("kubeconform") is None or not folder:
        pytest.skip("not run: kubeconform is not on the PATH, or KUBERNETES_SCHEMAS names no folder")
    names = "{{.ResourceKind}}{{.KindSuffix}}.json"
    done = subprocess.run(
        ["kubeconform", "-strict", "-summary", "-schema-location", f"{folder}/{names}",
         "-schema-location", f"{SCHEMAS}/{names}", "-"],
        input=block, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "Skipped: 0" in done.stdout


def test_the_operators_versions_are_those_that_the_chart_is_checked_against() -> None:
    table = (SCHEMAS / "README.md").read_text()
    wanted = {line.split("|")[2].strip(): line.split("|")[3].strip() for line in table.splitlines() if "`-v1" in line or
              re.match(r"\| `", line)}  # fmt: skip
    assert len(wanted) >= 6
    rows = STEPS[STEPS.index("### 3. Operators") : STEPS.index("### 4. ")]
    for name, version in wanted.items():
        assert version in rows, f"{name} {version}"
