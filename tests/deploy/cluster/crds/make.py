"""CustomResourceDefinitions without their prose: `python make.py CRD.yaml...` writes them here, one a file.

What the API server judges by is kept: types, defaults, patterns, validation rules. README.md says from which versions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent


def bare(node: Any) -> Any:
    """A schema without descriptions; a property that is called `description` stays."""
    if isinstance(node, dict):
        return {key: bare(value) for key, value in node.items() if key != "description" or not isinstance(value, str)}
    return [bare(each) for each in node] if isinstance(node, list) else node


def convert(path: Path) -> str:
    """Write one; its name."""
    found = yaml.safe_load(path.read_text())
    for version in found["spec"]["versions"]:
        version["schema"]["openAPIV3Schema"] = bare(version["schema"]["openAPIV3Schema"])
    found.pop("status", None)
    found["spec"].pop("conversion", None)
    name = f"{found['metadata']['name']}.json"
    (HERE / name).write_text(json.dumps(found, separators=(",", ":"), sort_keys=True) + "\n")
    return name


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        sys.stdout.write(convert(Path(argument)) + "\n")
