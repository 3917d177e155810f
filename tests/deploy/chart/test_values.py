"""values.yaml, values.schema.json and the page say the same of every value."""

from __future__ import annotations

import json
import re
import runpy
import shutil
from typing import Any

import pytest
import yaml

from tests.deploy.chart.house import CHART, ROOT

TABLES: dict[str, Any] = runpy.run_path(str(ROOT / "deploy" / "chart" / "tables.py"))
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
PAGE = (ROOT / "docs" / "kubernetes.md").read_text()


def test_every_value_has_a_comment() -> None:
    said = TABLES["comments"]()
    without = [path for path in TABLES["leaves"](VALUES) if path not in said]
    assert without == []


def test_the_schema_says_the_same_of_each() -> None:
    for path, text in TABLES["comments"]().items():
        node = SCHEMA
        for part in path.split("."):
            node = node["properties"][part]
        assert node.get("description") == text, path


def pairs(schema: dict[str, Any], values: dict[str, Any], path: str = "") -> list[str]:
    """Where the schema and the values differ in their names."""
    if "properties" not in schema:
        return []
    known = {name for name, node in schema["properties"].items() if not renamed(node)} - {"global"}
    wrong = [f"{path}{name}" for name in known ^ set(values)] if "edge.limits" not in path else []
    for name, value in values.items():
        if isinstance(value, dict) and name in schema["properties"] and f"{path}{name}" != "edge.limits":
            wrong += pairs(schema["properties"][name], value, f"{path}{name}.")
    return wrong


def renamed(node: dict[str, Any]) -> bool:
    return str(node.get("description", "")).startswith("Renamed: ")


def test_the_schema_knows_every_value_and_no_other() -> None:
    assert pairs(SCHEMA, VALUES) == []


def objects_of(node: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = []
    if isinstance(node, dict):
        if node.get("type") == "object":
            found.append((path, node))
        for name, inner in node.items():
            found += objects_of(inner, f"{path}/{name}")
    return found


# Kubernetes' own objects, which the API server judges.
OPEN = ("/global", "/valueFrom", "/ipBlock", "/namespaceSelector", "/podSelector")


def test_every_object_refuses_what_it_does_not_know() -> None:
    for path, node in objects_of(SCHEMA):
        if path.endswith(OPEN):
            continue
        allowed = node.get("additionalProperties", True)
        assert allowed is False or (isinstance(allowed, dict) and "properties" not in node), path


def test_renamed_values_are_known_to_the_schema() -> None:
    for each in yaml.safe_load((CHART / "files" / "deprecations.yaml").read_text()):
        node = SCHEMA
        for part in each["old"].split("."):
            node = node["properties"][part]
        assert node["description"] == f"Renamed: {each['new']}."


def test_the_pages_tables_are_the_charts() -> None:
    assert TABLES["filled"](PAGE) == PAGE, "run .venv/bin/python deploy/chart/tables.py"


def test_the_first_values_on_the_page_are_those_that_are_tested() -> None:
    shown = re.search(r"```yaml\n(# my-values\.yaml\n.*?)```", PAGE, re.S)
    assert shown is not None
    assert yaml.safe_load(shown[1]) == yaml.safe_load((CHART / "ci" / "external-values.yaml").read_text())


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", PAGE))
def test_links_of_the_page_lead_somewhere(path: str) -> None:
    assert (ROOT / "docs" / path).exists()


def test_the_page_says_what_the_workloads_ask_for() -> None:
    from tests.deploy.chart.house import Object, objects, of_kind

    def asked(name: str, limit: str) -> str:
        scaled = {
            each["spec"]["scaleTargetRef"]["name"]: each["spec"]
            for each in of_kind("HorizontalPodAutoscaler", name).values()
        }
        cores = memory = 0.0
        for found in objects(name):
            if found["kind"] not in ("Deployment", "StatefulSet"):
                continue
            count = found["spec"].get("replicas") or scaled[found["metadata"]["name"]][limit]
            requests: Object = found["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]
            cpu, size = str(requests["cpu"]), requests["memory"]
            cores += count * (float(cpu[:-1]) / 1000 if cpu.endswith("m") else float(cpu))
            memory += count * float(size[:-2]) * (1 if size.endswith("Gi") else 1 / 1024)
        return f"{cores:.1f} cores and {memory:.1f} GiB" if cores < 10 else f"{cores:.0f} cores and {memory:.0f} GiB"

    if shutil.which("helm") is None:
        pytest.skip("not run: helm is not on the PATH")
    for said in (asked("external", "minReplicas"), asked("external", "maxReplicas"), asked("small", "minReplicas")):
        assert said in PAGE, said
