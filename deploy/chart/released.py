"""What the next release may not change: `python deploy/chart/released.py` notes it, once a version is released.

The names of all values, since somebody's file of values holds them; and what an API server never changes in an object
that is there: selectors, volumes of StatefulSets, claims. A test holds each later chart against every note.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "helm" / "legal-intake"
NOTES: Final = ROOT / "tests" / "deploy" / "chart" / "released"
MODES: Final = ("cloudnativepg", "external", "keda", "small", "valkey")
#: By kind, what cannot be changed in its spec.
FIXED: Final = {
    "Deployment": ("selector",),
    "StatefulSet": ("selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"),
    "PersistentVolumeClaim": ("accessModes", "storageClassName"),
    "Service": ("clusterIP",),
}


def names(values: dict[str, Any], before: str = "") -> list[str]:
    """Every value by its path; maps that are empty are values."""
    found = []
    for name, value in values.items():
        inside = isinstance(value, dict) and value
        found += names(value, f"{before}{name}.") if inside else [f"{before}{name}"]
    return found


def fixed(mode: str) -> dict[str, Any]:
    """What cannot be changed in the objects of a mode."""
    values = CHART / "ci" / f"{mode}-values.yaml"
    options = ["-n", "legal-ai-intake", "-f", str(values), "--kube-version", "1.36.3"]
    command = ["helm", "template", "intake", str(CHART), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found = [each for each in yaml.safe_load_all(done.stdout) if each and each["kind"] in FIXED]
    return {
        f"{each['kind']} {each['metadata']['name']}": {
            field: each["spec"][field] for field in FIXED[each["kind"]] if field in each["spec"]
        }
        for each in found
    }


def note() -> dict[str, Any]:
    """Of the chart as it is."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    return {"values": names(values), "fixed": {mode: fixed(mode) for mode in MODES}}


if __name__ == "__main__":
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
    NOTES.mkdir(exist_ok=True)
    path = NOTES / f"{version}.json"
    path.write_text(json.dumps(note(), indent=1) + "\n")
    sys.stdout.write(f"{path.relative_to(ROOT)}\n")
