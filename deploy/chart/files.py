"""What the chart takes from Compose word for word, or turned into an operator's words: `python deploy/chart/files.py`.

A chart cannot reach outside its folder, so copies lie in it; a test says when one is old. Rules about what a cluster's
own operators watch (hosts, backups, databases, Alertmanager itself) stay with Compose.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "helm" / "legal-intake" / "files"
RULES: Final = ("availability", "firms", "queues", "safety", "slo", "voice")
DASHBOARDS: Final = ("firms", "overview", "queues", "voice")
_MATCHER: Final = re.compile(r'^(\w+)(=~|!=|=)"(.*)"$')


def wanted() -> dict[Path, str]:
    """Each file of the chart that comes from elsewhere, with what it should hold."""
    deploy = ROOT / "deploy"
    found = {
        CHART / "rules" / f"{name}.yml": (deploy / "prometheus/rules" / f"{name}.yml").read_text() for name in RULES
    }
    for name in DASHBOARDS:
        found[CHART / "dashboards" / f"{name}.json"] = (deploy / "grafana/dashboards" / f"{name}.json").read_text()
    found[CHART / "alerting.yaml"] = _alerting(yaml.safe_load((deploy / "alertmanager/alertmanager.yml").read_text()))
    return found


def _alerting(config: dict[str, Any]) -> str:
    """Routes and inhibitions in the words of AlertmanagerConfig. The watchdog is the cluster's own."""
    route = {key: value for key, value in config["route"].items() if key != "routes"}
    routes = [_route(one) for one in config["route"]["routes"] if one["receiver"] != "watchdog"]
    made = {
        "route": {**_route(route), "routes": routes},
        "inhibitRules": [
            {
                "sourceMatch": _matchers(one["source_matchers"]),
                "targetMatch": _matchers(one["target_matchers"]),
                **({"equal": one["equal"]} if "equal" in one else {}),
            }
            for one in config["inhibit_rules"]
        ],
    }
    head = "# From deploy/alertmanager/alertmanager.yml by deploy/chart/files.py.\n"
    return head + yaml.safe_dump(made, sort_keys=False, width=120)


def _route(one: dict[str, Any]) -> dict[str, Any]:
    names = {"group_by": "groupBy", "group_wait": "groupWait", "group_interval": "groupInterval"}
    names |= {"repeat_interval": "repeatInterval", "receiver": "receiver"}
    made = {names[key]: value for key, value in one.items() if key in names}
    # The operator knows no days.
    made = {key: "24h" if value == "1d" else value for key, value in made.items()}
    return {**made, **({"matchers": _matchers(one["matchers"])} if "matchers" in one else {})}


def _matchers(texts: list[str]) -> list[dict[str, str]]:
    found = []
    for text in texts:
        parts = _MATCHER.match(text)
        if parts is None:
            raise ValueError(f"no matcher: {text}")
        # A bare = is a word of its own to some readers of YAML; it is what is meant where nothing is said.
        kind = {} if parts[2] == "=" else {"matchType": parts[2]}
        found.append({"name": parts[1], **kind, "value": parts[3]})
    return found


if __name__ == "__main__":
    files = wanted()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    sys.stdout.write(f"{len(files)} files in {CHART.relative_to(ROOT)}\n")
