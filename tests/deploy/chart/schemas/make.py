"""Strict JSON schemas for kubeconform from CustomResourceDefinitions: `python make.py CRD.yaml...` writes them here.

Unknown fields are refused where the CRD does not keep them, prose is dropped, `null` counts as absent. The files
beside this one were made so; README.md says from which versions, and under which licence they stand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
KEPT = ("required", "enum", "pattern", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum")


class _Loader(yaml.SafeLoader):
    """Reads a bare `=` (an operator in a list of operators) as text."""


def _as_text(_loader: yaml.SafeLoader, node: yaml.Node) -> str:
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:value", _as_text)


def strict(node: dict[str, Any]) -> dict[str, Any]:
    """A CRD's OpenAPI node as a JSON schema that refuses unknown fields."""
    if node.get("x-kubernetes-int-or-string"):
        return {"type": ["string", "number", "null"]}
    made: dict[str, Any] = {key: node[key] for key in KEPT if key in node}
    if "type" in node:
        made["type"] = [node["type"], "null"]
    if "items" in node:
        made["items"] = strict(node["items"])
    if "properties" in node:
        made["properties"] = {name: strict(inner) for name, inner in node["properties"].items()}
        if not node.get("x-kubernetes-preserve-unknown-fields"):
            made["additionalProperties"] = False
    elif isinstance(node.get("additionalProperties"), dict):
        made["additionalProperties"] = strict(node["additionalProperties"])
    return made


def convert(path: Path) -> list[str]:
    """Write the schemas of one CRD's served versions; their names."""
    spec = yaml.load(path.read_text(), Loader=_Loader)["spec"]
    written = []
    for version in spec["versions"]:
        if not version.get("served", True):
            continue
        schema = strict(version["schema"]["openAPIV3Schema"])
        # The API server's own part of an object is no part of a CRD.
        schema["properties"]["metadata"] = {"type": "object"}
        schema["properties"]["apiVersion"] = {"enum": [f"{spec['group']}/{version['name']}"]}
        schema["properties"]["kind"] = {"enum": [spec["names"]["kind"]]}
        schema["required"] = sorted({*schema.get("required", []), "apiVersion", "kind", "metadata"})
        name = f"{spec['names']['kind'].lower()}-{spec['group'].split('.')[0]}-{version['name']}.json"
        (HERE / name).write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")
        written.append(name)
    return written


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        sys.stdout.write("\n".join(convert(Path(argument))) + "\n")
