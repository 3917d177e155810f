"""What the monitoring's tests share: rules, dashboards, and which series there really are."""

from __future__ import annotations

import json
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
RULE_TESTS = sorted((DEPLOY / "prometheus" / "tests").glob("*.yml"))
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
RUNBOOKS = ROOT / "docs" / "runbooks"
#: Names that others' programs tell; each file says where they were read.
LISTS = sorted((Path(__file__).parent / "metrics").glob("*.txt"))

#: Made by Prometheus itself, of every scrape or of the rules.
OF_PROMETHEUS = {"up", "ALERTS", "scrape_duration_seconds", "scrape_samples_scraped"}
#: Labels that a target gets before its own are looked at.
OF_TARGETS = {"job", "instance", "role", "__name__"}


def load(path: Path) -> Any:
    """A YAML file."""
    return yaml.safe_load(path.read_text())


@cache
def rules() -> list[tuple[str, dict[str, Any]]]:
    """(file, rule) of all rules."""
    return [
        (path.stem, rule) for path in RULES for group in load(path)["groups"] for rule in group["rules"]
    ]  # fmt: skip


def alerts() -> list[tuple[str, dict[str, Any]]]:
    """Those that are alerts."""
    return [(file, rule) for file, rule in rules() if "alert" in rule]


def dashboard(path: Path) -> dict[str, Any]:
    """A dashboard."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def dashboard_queries(path: Path) -> list[tuple[str, str]]:
    """(panel, query) of a dashboard, with Grafana's variables filled in."""
    found = []
    for panel in dashboard(path)["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$__rate_interval", "5m").replace("$__range", "1h")
            found.append((panel["title"], query))
    return found


@cache
def our_series() -> dict[str, set[str]]:
    """Each series that our processes tell, from their own registries, with the labels it has."""
    import importlib

    from prometheus_client import REGISTRY

    for module in (
        "audio.metrics", "audio.models_service.metrics", "django_prometheus.db.metrics", "intake.assistant.metrics",
        "intake.metrics", "legal_intake.http_metrics",
        "legal_intake.metrics", "legal_intake.scheduler", "tenants.firm_look", "tenants.http", "tenants.isolation",
        "tenants.job_metrics", "tenants.jobs", "tenants.queue_look", "tenants.sockets",
    ):  # fmt: skip
        importlib.import_module(module)
    found: dict[str, set[str]] = {}
    for collector in list(REGISTRY._collector_to_names):
        own = set(getattr(collector, "_labelnames", ()))
        described = {metric.name: metric for metric in getattr(collector, "describe", list)()}
        for name in REGISTRY._collector_to_names[collector]:
            if not name.endswith("_created"):
                told = set(getattr(described.get(name), "_labelnames", ()))
                found[name] = own | told | ({"le"} if name.endswith("_bucket") else set())
    return found


@cache
def others_series() -> set[str]:
    """Each series of the exporters and servers that others wrote, and of our backup service."""
    found: set[str] = set()
    for path in LISTS:
        lines = path.read_text().splitlines()
        found |= {line for line in lines if line and not line.startswith("#")}
    return found


@cache
def recorded() -> set[str]:
    """What recording rules make."""
    return {rule["record"] for _, rule in rules() if "record" in rule}


def complaint(selector: str, labels: frozenset[str]) -> str:
    """Why a query must not name this series with these labels; empty when it may."""
    ours = our_series()
    if selector in ours:
        unknown = labels - ours[selector] - OF_TARGETS
        return f"{selector} has no label {', '.join(sorted(unknown))}" if unknown else ""
    if selector in others_series() | recorded() | OF_PROMETHEUS:
        return ""
    return f"nobody tells {selector}"


def tool(name: str) -> str:
    """promtool or amtool; skips where there is none."""
    found = os.environ.get(name.upper()) or shutil.which(name) or shutil.which(name, path=str(ROOT / ".data" / "tools"))
    if not found:
        pytest.skip(f"not run: no {name} here (scripts/system-packages fetches it; or {name.upper()}=path)")
    return found
