"""Monitors, rules, dashboards, alerts and outside Secrets of the chart: Compose's, and they fit each other."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.chart.house import FULL, ROOT, needs_helm, of_kind, pods

pytestmark = needs_helm
NAME = "monitored"
FILES: dict[str, Any] = runpy.run_path(str(ROOT / "deploy" / "chart" / "files.py"))


def test_what_comes_from_compose_is_composes() -> None:
    old = [
        path.relative_to(ROOT)
        for path, text in FILES["wanted"]().items()
        if not path.exists() or path.read_text() != text
    ]
    assert not old, "run .venv/bin/python deploy/chart/files.py"


def test_a_monitor_finds_its_pods_their_port_and_the_token() -> None:
    found = pods(NAME)
    monitors = of_kind("PodMonitor", NAME)
    assert set(monitors) == {f"{FULL}-{name}" for name in ("api", "worker", "audio-worker", "scheduler", "models")}
    for name, monitor in monitors.items():
        labels = found[name]["metadata"]["labels"]
        assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
        endpoint = monitor["spec"]["podMetricsEndpoints"][0]
        ports = [port["name"] for one in found[name]["spec"]["containers"] for port in one.get("ports", ())]
        assert endpoint["port"] in ports, name
        assert endpoint["authorization"]["credentials"] == {"name": "legal-intake", "key": "metrics_token"}
        assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_rules_ask_for_jobs_that_there_are() -> None:
    jobs = {
        monitor["spec"]["podMetricsEndpoints"][0]["relabelings"][0]["replacement"]
        for monitor in of_kind("PodMonitor", NAME).values()
    }
    # What a probe from outside sees is asked of the operator's own blackbox exporter.
    jobs |= {"site", "certificate"}
    rules = of_kind("PrometheusRule", NAME)
    assert set(rules) == {f"{FULL}-{name}" for name in FILES["RULES"]}
    asked: set[str] = set()
    for rule in rules.values():
        for group in rule["spec"]["groups"]:
            for one in group["rules"]:
                for names in re.findall(r'job=~?"([^"]+)"', one["expr"]):
                    asked.update(name for name in names.split("|") if re.fullmatch(r"\w+", name))
                assert "alert" not in one or one["labels"]["namespace"] == "legal-ai-intake"
    assert {"api", "worker", "audio_worker"} <= asked <= jobs


def test_rules_are_valid(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("not run: promtool is not on the PATH")
    for name, rule in of_kind("PrometheusRule", NAME).items():
        path = tmp_path / f"{name}.yml"
        path.write_text(yaml.safe_dump(rule["spec"]))
        done = subprocess.run(
            [promtool, "check", "rules", path], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_route_leads_to_somebody_and_inhibitions_name_alerts_that_there_are() -> None:
    config = of_kind("AlertmanagerConfig", NAME)[FULL]["spec"]
    receivers = {one["name"] for one in config["receivers"]}
    routes = [config["route"], *config["route"]["routes"]]
    assert {route["receiver"] for route in routes} <= receivers == {"people"}
    assert {"slackConfigs", "emailConfigs"} <= config["receivers"][0].keys()
    assert "PASSWORD" not in str(config).upper().replace("AUTHPASSWORD", "").replace("SMTP_PASSWORD", "")


def test_dashboards_carry_the_sidecars_label() -> None:
    found = {name: one for name, one in of_kind("ConfigMap", NAME).items() if "-dashboard-" in name}
    assert len(found) == 4
    for one in found.values():
        assert one["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert all(yaml.safe_load(text)["uid"].startswith("li-") for text in one["data"].values())


def test_a_secret_from_outside_has_every_key_that_pods_read() -> None:
    made = {
        name: {one["secretKey"] for one in found["spec"]["data"]}
        for name, found in of_kind("ExternalSecret", NAME).items()
    }
    for workload, pod in pods(NAME).items():
        for volume in pod["spec"].get("volumes", ()):
            for source in volume.get("projected", {}).get("sources", ()):
                secret = source.get("secret")
                if secret and secret["name"] in made:
                    assert {item["key"] for item in secret["items"]} <= made[secret["name"]], workload
    assert set(made) == {"legal-intake", "legal-intake-database", "legal-intake-redis"}
