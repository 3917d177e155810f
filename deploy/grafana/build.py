#!/usr/bin/env python3
"""Makes the dashboards: `source/NAME.yml` -> `dashboards/NAME.json`. Run it after a change of a source.

A source says what is shown; what Grafana wants besides (ids, places, the data source's variable) is the same for
every panel and comes from here. A test holds that sources and dashboards agree.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
COLUMNS = 24
HEIGHTS = {"stat": 4, "row": 1}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def build(source: dict[str, Any]) -> dict[str, Any]:
    """The dashboard that a source describes."""
    return {
        "uid": f"li-{source['name']}",
        "title": source["title"],
        "description": source["about"],
        "tags": ["legal-intake"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": source.get("from", "now-6h"), "to": "now"},
        "timezone": "browser",
        "links": [
            {"type": "dashboards", "tags": ["legal-intake"], "title": "Others", "asDropdown": True, "keepTime": True}
        ],
        "templating": {"list": [_datasource(), *(_variable(v) for v in source.get("variables", []))]},
        "annotations": {"list": []},
        "panels": _panels(source["rows"]),
    }


def _datasource() -> dict[str, Any]:
    return {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "hide": 0}


def _variable(variable: dict[str, str]) -> dict[str, Any]:
    query = f"label_values({variable['series']}, {variable['label']})"
    return {
        "type": "query",
        "name": variable["name"],
        "label": variable["title"],
        "datasource": DATASOURCE,
        "query": {"qryType": 1, "query": query, "refId": "V"},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _panels(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        panels.append(
            {
                "id": len(panels) + 1, "type": "row", "title": row["title"], "collapsed": False, "panels": [],
                "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
            }
        )  # fmt: skip
        y, x, tallest = y + 1, 0, 0
        for panel in row["panels"]:
            width, height = panel.get("width", 8), HEIGHTS.get(panel.get("type", ""), 8)
            if x + width > COLUMNS:
                y, x, tallest = y + tallest, 0, 0
            panels.append(_panel(panel, len(panels) + 1, {"x": x, "y": y, "w": width, "h": height}))
            x, tallest = x + width, max(tallest, height)
        y += tallest
    return panels


def _panel(panel: dict[str, Any], number: int, place: dict[str, int]) -> dict[str, Any]:
    kind = panel.get("type", "timeseries")
    defaults: dict[str, Any] = {"unit": panel.get("unit", "short"), "min": panel.get("min"), "max": panel.get("max")}
    defaults["thresholds"] = _thresholds(panel.get("thresholds", []), reverse=panel.get("low_is_bad", False))
    defaults["color"] = {"mode": "thresholds" if kind == "stat" else "palette-classic"}
    if kind == "timeseries":
        stack = {"mode": "normal" if panel.get("stack") else "none", "group": "A"}
        defaults["custom"] = {"lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "stacking": stack}
    return {
        "id": number,
        "type": kind,
        "title": panel["title"],
        "description": panel.get("about", ""),
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {k: v for k, v in defaults.items() if v is not None}, "overrides": []},
        "options": _options(kind),
        "targets": [_target(query, index, kind) for index, query in enumerate(panel["queries"])],
    }


def _target(query: dict[str, str], index: int, kind: str) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + index),
        "datasource": DATASOURCE,
        "expr": " ".join(query["expr"].split()),
        "legendFormat": query.get("legend", ""),
        "range": kind == "timeseries",
        "instant": kind != "timeseries",
    }


def _thresholds(steps: list[float], *, reverse: bool) -> dict[str, Any]:
    colours = ["red", "orange", "green"] if reverse else ["green", "orange", "red"]
    if len(steps) == 1:
        colours = [colours[0], colours[2]]
    made: list[dict[str, Any]] = [{"color": colours[0] if steps else "green", "value": None}]
    made += [{"color": colour, "value": value} for colour, value in zip(colours[1:], steps, strict=False)]
    return {"mode": "absolute", "steps": made}


def _options(kind: str) -> dict[str, Any]:
    if kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "values": False}, "colorMode": "background"}
    return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}


def text(source: Path) -> str:
    """The dashboard of a source file, as it stands in its own file."""
    board = build(yaml.safe_load(source.read_text()))
    panels = ",\n  ".join(json.dumps(panel) for panel in board["panels"])  # a line each: changes stay readable
    return json.dumps({**board, "panels": []}, indent=1).replace('"panels": []', f'"panels": [\n  {panels}\n ]') + "\n"


def main() -> int:
    """Write all."""
    for source in sorted((HERE / "source").glob("*.yml")):
        (HERE / "dashboards" / f"{source.stem}.json").write_text(text(source))
    return 0


if __name__ == "__main__":
    sys.exit(main())
