"""Exporters beside nginx and Redis: Compose's programs, found by Prometheus alone; alerts that know of three."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import monitoring_house
from tests.deploy.chart.house import FULL, HERE, ROOT, needs_helm, of_kind, pods
from tests.deploy.chart.test_watching import in_namespace, rules, run
from tests.deploy.promql import parse
from tests.deploy.test_ports import compose

pytestmark = needs_helm
NAME = "valkey"
ROLES = ("broker", "journal", "cache")
WITH = (f"{FULL}-edge", *(f"{FULL}-redis-{role}" for role in ROLES))
ALERTS = ["RedisDown", "RedisEvicts", "RedisMemoryHigh", "RedisNotPersistent"]


def exporter(workload: str, mode: str = NAME, *settings: str) -> dict[str, Any]:
    (found,) = [one for one in pods(mode, *settings)[workload]["spec"]["containers"] if one["name"] == "exporter"]
    return dict(found)


def test_they_are_beside_every_nginx_and_redis_and_nowhere_else() -> None:
    names = {name for name, pod in pods(NAME).items() for one in pod["spec"]["containers"] if one["name"] == "exporter"}
    assert names == set(WITH)
    off = pods(NAME, "monitoring.exporters.enabled=false")
    assert not [name for name, pod in off.items() for one in pod["spec"]["containers"] if one["name"] == "exporter"]
    # A single Redis has one too; what is outside is watched outside.
    assert exporter(f"{FULL}-redis-cache", "small", "monitoring.exporters.enabled=true")
    assert exporter(f"{FULL}-edge", "external", "monitoring.exporters.enabled=true")


def test_they_are_composes_programs_on_composes_ports() -> None:
    services = compose()["services"]
    nginx, redis = exporter(f"{FULL}-edge"), exporter(f"{FULL}-redis-journal")
    assert redis["image"] == services["redis-exporter"]["image"]
    assert redis["command"] == [word.replace("$$", "$") for word in services["redis-exporter"]["entrypoint"]]
    assert nginx["image"].split(":")[0] in services["nginx-exporter"]["image"]
    assert nginx["args"] == [services["nginx-exporter"]["command"][0].replace("//nginx:", "//127.0.0.1:")]
    prometheus = (ROOT / "deploy/prometheus/prometheus.yml").read_text()
    for found in (nginx, redis):
        (port,) = found["ports"]
        assert re.search(rf"-exporter(:|\], type: A, port: ){port['containerPort']}", prometheus), port


def test_one_that_is_away_takes_nobody_out_of_service() -> None:
    for workload in WITH:
        assert "readinessProbe" not in exporter(workload)
        assert pods(NAME)[workload]["spec"]["containers"][0]["name"] != "exporter", "what serves comes first"


def test_a_monitor_finds_each_by_composes_name_and_role() -> None:
    monitors = of_kind("PodMonitor", NAME)
    found = {}
    for workload in WITH:
        spec = monitors[workload]["spec"]
        assert spec["selector"]["matchLabels"].items() <= pods(NAME)[workload]["metadata"]["labels"].items()
        (endpoint,) = spec["podMetricsEndpoints"]
        assert endpoint["port"] in [port["name"] for port in exporter(workload)["ports"]]
        assert "authorization" not in endpoint
        found[workload] = {one["targetLabel"]: one["replacement"] for one in endpoint["relabelings"]}
    assert found == {
        f"{FULL}-edge": {"job": "nginx"},
        **{f"{FULL}-redis-{role}": {"job": "redis", "role": role} for role in ROLES},
    }
    assert not [name for name in of_kind("PodMonitor", NAME, "monitoring.exporters.enabled=false") if name in WITH]


def test_the_alerts_of_redis_come_with_the_exporters_and_are_composes() -> None:
    assert "redis" not in rules("cloudnativepg"), "without exporters they would be silent for ever"
    ours = {rule["alert"]: rule for group in rules(NAME)["redis"] for rule in group["rules"]}
    theirs = {rule["alert"]: rule for file, rule in monitoring_house.rules() if file == "databases" and "alert" in rule}
    assert sorted(ours) == sorted(name for name in theirs if name.startswith("Redis")) == ALERTS
    for name, rule in ours.items():
        found = parse(rule["expr"]).selectors
        assert all("namespace" in labels for _, labels in found), name
        if name != "RedisDown":
            assert [(series, labels - {"namespace"}) for series, labels in found] == parse(
                theirs[name]["expr"]
            ).selectors
        assert rule["labels"]["severity"] == theirs[name]["labels"]["severity"]
    outside = of_kind(
        "PrometheusRule", "external", "monitoring.rules.enabled=true", "monitoring.exporters.enabled=true"
    )
    assert f"{FULL}-redis" not in outside


def test_the_dashboard_that_alerts_lead_to_shows_one_namespace() -> None:
    data = of_kind("ConfigMap", NAME)[f"{FULL}-dashboard-databases"]["data"]["legal-intake-databases.json"]
    board = json.loads(data)
    assert board["uid"] == "li-databases"
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    assert {re.match(r".*?(redis|nginx)_", text)[1] for text in asked} == {"redis", "nginx"}  # type: ignore[index]
    for text in asked:
        found = parse(text.replace("$__rate_interval", "5m")).selectors
        assert all("namespace" in labels for _, labels in found), text
    assert f"{FULL}-dashboard-databases" not in of_kind("ConfigMap", "monitored")


def cases() -> dict[str, Any]:
    """Compose's own of these alerts."""
    loaded = yaml.safe_load((ROOT / "deploy/prometheus/tests/databases.yml").read_text())
    return {**loaded, "tests": [case for case in loaded["tests"] if case["name"].startswith("Redis")]}


def case_of(series: dict[str, str], minutes: int, firing: list[str], of: str = HERE) -> dict[str, Any]:
    """A case: whether RedisDown fires for these roles."""
    return {
        "interval": "1m",
        "input_series": [in_namespace({"series": name, "values": values}, of) for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'group by (role) (ALERTS{alertname="RedisDown", alertstate="firing"})',
                "eval_time": f"{minutes}m",
                "exp_samples": [{"labels": f'{{role="{role}"}}', "value": 1} for role in firing],
            }
        ],
    }


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_composes_cases_hold_and_of_three_one_may_be_away(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": rules(NAME)["redis"]}))
    found = cases()
    assert len(found["tests"]) == 2 * len(ALERTS)
    for case in found["tests"]:
        case["input_series"] = [in_namespace(series, HERE) for series in case["input_series"]]
    three = {f'redis_up{{role="journal", instance="{pod}"}}': "1x60" for pod in range(3)}
    first = next(iter(three))
    found["tests"] += [
        case_of({**three, first: "1x10 0x50"}, 30, []),
        # The pod is gone, and its series with it.
        case_of({**three, first: "1x10 _x50"}, 30, []),
        case_of(dict.fromkeys(three, "1x10 0x50"), 30, ["journal"]),
        case_of(dict.fromkeys(three, "1x10 _x50"), 30, ["journal"]),
        case_of({**dict.fromkeys(three, "1x10 _x50"), 'redis_up{role="broker"}': "1x60"}, 30, ["journal"]),
        case_of(dict.fromkeys(three, "0x60"), 30, [], of="neighbour"),
    ]
    found["rule_files"] = ["rules.yml"]
    (tmp_path / "cases.yml").write_text(yaml.safe_dump(found))
    run(monitoring_house.tool("promtool"), "test", "rules", str(tmp_path / "cases.yml"))


def test_sockets_are_added_up_in_this_namespace_alone(tmp_path: Path) -> None:
    """What the api scales by (files/adapter-rules.yaml, KEDA)."""
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": rules(NAME)["scaling"]}))
    sockets = "legal_intake_voice_sockets"
    case = {
        "interval": "15s",
        "input_series": [
            {"series": f'{sockets}{{namespace="{HERE}", pod="a"}}', "values": "100x20"},
            {"series": f'{sockets}{{namespace="{HERE}", pod="b"}}', "values": "40x20"},
            {"series": f'{sockets}{{namespace="neighbour", pod="a"}}', "values": "7x20"},
        ],
        "promql_expr_test": [
            {
                "expr": "legal_intake:voice_sockets:sum",
                "eval_time": "2m",
                "exp_samples": [{"labels": f'legal_intake:voice_sockets:sum{{namespace="{HERE}"}}', "value": 140}],
            },
            # Prometheus forgets what is not told any more, so a scaler hears of nothing, not of zero.
            {"expr": "legal_intake:voice_sockets:sum", "eval_time": "20m", "exp_samples": []},
        ],
    }
    found = {"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": [case]}
    (tmp_path / "cases.yml").write_text(yaml.safe_dump(found))
    run(monitoring_house.tool("promtool"), "test", "rules", str(tmp_path / "cases.yml"))
