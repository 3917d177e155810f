"""Monitors, rules, dashboards, alerts and outside Secrets of the chart: Compose's, and they fit each other."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import monitoring_house
from tests.deploy.chart.house import FULL, HERE, ROOT, needs_helm, of_kind, pods
from tests.deploy.promql import parse

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


def rules(mode: str = NAME) -> dict[str, list[Any]]:
    """The groups of each PrometheusRule by its file's name."""
    return {
        name.removeprefix(f"{FULL}-"): one["spec"]["groups"] for name, one in of_kind("PrometheusRule", mode).items()
    }


def each_rule() -> list[Any]:
    """Those that come from Compose."""
    return [
        rule for name, groups in rules().items() if name != "scaling" for group in groups for rule in group["rules"]
    ]


def test_rules_ask_for_jobs_that_there_are() -> None:
    jobs = {
        monitor["spec"]["podMetricsEndpoints"][0]["relabelings"][0]["replacement"]
        for monitor in of_kind("PodMonitor", NAME).values()
    }
    jobs |= {probe["spec"]["jobName"] for probe in of_kind("Probe", NAME).values()}
    # Without exporters nothing is asked of Redis; what the chart itself records is besides.
    assert set(rules()) == {*FILES["RULES"], "scaling"}
    asked: set[str] = set()
    for rule in each_rule():
        for names in re.findall(r'job=~?"([^"]+)"', rule["expr"]):
            asked.update(name for name in names.split("|") if re.fullmatch(r"\w+", name))
    assert {"api", "worker", "audio_worker", "site", "certificate"} <= asked <= jobs


def test_rules_ask_this_namespace_alone_and_otherwise_what_compose_asks() -> None:
    """One Prometheus of a cluster sees every `up` there is: without it, a stranger's target would ring here."""
    theirs = [rule for file, rule in monitoring_house.rules() if file in FILES["RULES"]]
    ours = each_rule()
    assert len(ours) == len(theirs)
    by_name = {rule.get("alert") or rule["record"]: rule for rule in ours}
    for rule in theirs:
        found = by_name[rule.get("alert") or rule["record"]]
        selectors = [(name, labels - {"namespace"}) for name, labels in parse(found["expr"]).selectors]
        assert selectors == parse(rule["expr"]).selectors, rule
        assert all("namespace" in labels for _, labels in parse(found["expr"]).selectors), rule
        assert found["labels"] == {**rule.get("labels", {}), "namespace": HERE}
        assert "@" not in json.dumps(found), rule


def test_an_alert_links_a_dashboard_where_grafana_is_and_nowhere_else() -> None:
    links = [rule["annotations"]["dashboard_url"] for rule in each_rule() if "alert" in rule]
    assert all(re.fullmatch(r"https://grafana\.example\.org/d/li-\w+", link) for link in links)
    bare = of_kind("PrometheusRule", NAME, "monitoring.rules.grafanaUrl=")
    assert "dashboard_url" not in json.dumps(bare)
    assert "externalLabels" not in json.dumps(bare)


def test_rules_are_valid(tmp_path: Path) -> None:
    for name, groups in rules().items():
        path = tmp_path / f"{name}.yml"
        path.write_text(yaml.safe_dump({"groups": groups}))
        run(monitoring_house.tool("promtool"), "check", "rules", "--lint=none", str(path))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FILES["RULES"])
def test_composes_own_cases_hold_here_and_another_namespace_is_not_heard(name: str, tmp_path: Path) -> None:
    """Each alert fires and stays silent as in Compose; the same series of a neighbour's namespace change nothing."""
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": rules()[name]}))
    cases = yaml.safe_load((ROOT / "deploy" / "prometheus" / "tests" / f"{name}.yml").read_text())
    cases["rule_files"] = ["rules.yml"]
    silent = []
    # What is missing here is missing, whatever a neighbour has.
    missing = {rule["alert"] for rule in each_rule() if "alert" in rule and re.search(r"absent\(|\) < 1", rule["expr"])}
    for case in cases["tests"]:
        elsewhere = {**case, "name": f"{case['name']}, elsewhere", "promql_expr_test": []}
        elsewhere["input_series"] = [in_namespace(series, "neighbour") for series in case.get("input_series", ())]
        case["input_series"] = [in_namespace(series, HERE) for series in case.get("input_series", ())]
        for check in case["promql_expr_test"]:
            alert = re.search(r'alertname="(\w+)"', check["expr"])
            if check["exp_samples"] and alert and alert[1] not in missing:
                elsewhere["promql_expr_test"].append({**check, "exp_samples": []})
        if elsewhere["promql_expr_test"]:
            silent.append(elsewhere)
    assert silent
    cases["tests"] += silent
    (tmp_path / "cases.yml").write_text(yaml.safe_dump(cases))
    run(monitoring_house.tool("promtool"), "test", "rules", str(tmp_path / "cases.yml"))


def in_namespace(series: dict[str, str], namespace: str) -> dict[str, str]:
    name, _, rest = series["series"].partition("{")
    labels = ", ".join(part for part in (rest.rstrip().removesuffix("}"), f'namespace="{namespace}"') if part)
    return {**series, "series": f"{name}{{{labels}}}"}


def test_a_probe_asks_the_sites_hosts_for_an_answer_and_for_trust() -> None:
    probes = of_kind("Probe", NAME)
    assert {probe["spec"]["jobName"]: probe["spec"]["module"] for probe in probes.values()} == {
        "site": "site", "certificate": "certificate",
    }  # fmt: skip
    modules = yaml.safe_load((ROOT / "deploy" / "blackbox" / "config.yml").read_text())["modules"]
    for probe in probes.values():
        assert probe["spec"]["module"] in modules
        asked = probe["spec"]["targets"]["staticConfig"]["static"]
        assert asked == ["https://admin.intake.example.org/admin/", "https://intake.smith.example/admin/"]


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def native(spec: dict[str, Any]) -> dict[str, Any]:
    """What the operator makes of an AlertmanagerConfig, as far as this one goes: every route asks for its namespace."""

    def matchers(found: list[dict[str, str]]) -> list[str]:
        return [f'{one["name"]}{one.get("matchType", "=")}"{one["value"]}"' for one in found]

    def route(one: dict[str, Any], *more: str) -> dict[str, Any]:
        made = {re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", key): value for key, value in one.items()}
        made["matchers"] = [*more, *matchers(one.get("matchers", []))]
        made["routes"] = [route(inner) for inner in one.get("routes", [])]
        return made

    namespace = f'namespace="{HERE}"'
    (people,) = spec["receivers"]
    (slack,), (mail,) = people["slackConfigs"], people["emailConfigs"]
    return {
        "route": {"receiver": "nobody", "routes": [route(spec["route"], namespace)]},
        "inhibit_rules": [
            {
                "source_matchers": [namespace, *matchers(one["sourceMatch"])],
                "target_matchers": [namespace, *matchers(one["targetMatch"])],
                "equal": one.get("equal", []),
            }
            for one in spec["inhibitRules"]
        ],
        "receivers": [
            {"name": "nobody"},
            {
                "name": "people",
                "slack_configs": [
                    {"channel": slack["channel"], "api_url": "https://slack.example.org/x", "title": slack["title"],
                     "text": slack["text"], "send_resolved": slack["sendResolved"]}
                ],
                "email_configs": [
                    {"to": mail["to"], "from": mail["from"], "smarthost": mail["smarthost"], "auth_username": "x",
                     "auth_password": "x", "require_tls": mail["requireTLS"], "send_resolved": mail["sendResolved"]}
                ],
            },
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"alertname": "ApiDown", "severity": "page", "namespace": HERE}, "people"),
        ({"alertname": "AudioWaits", "severity": "ticket", "namespace": HERE}, "people"),
        ({"alertname": "ApiDown", "severity": "page", "namespace": "neighbour"}, "nobody"),
    ],
)
def test_alertmanager_takes_the_routes_and_an_alert_goes_to(
    tmp_path: Path, labels: dict[str, str], receiver: str
) -> None:
    amtool = monitoring_house.tool("amtool")
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(native(of_kind("AlertmanagerConfig", NAME)[FULL]["spec"])))
    run(amtool, "check-config", str(path))
    pairs = [f"{name}={value}" for name, value in labels.items()]
    run(amtool, "config", "routes", "test", f"--config.file={path}", f"--verify.receivers={receiver}", *pairs)


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
        for text in one["data"].values():
            board = json.loads(text)
            assert board["uid"].startswith("li-")
            assert [choice["name"] for choice in board["templating"]["list"]][:2] == ["datasource", "namespace"]


@pytest.mark.parametrize("name", FILES["DASHBOARDS"])
def test_a_dashboard_shows_one_namespace_and_otherwise_composes_panels(name: str) -> None:
    data = of_kind("ConfigMap", NAME)[f"{FULL}-dashboard-{name}"]["data"][f"legal-intake-{name}.json"]
    (theirs,) = [path for path in monitoring_house.DASHBOARDS if path.stem == name]
    ours = [target["expr"] for panel in json.loads(data)["panels"] for target in panel.get("targets", ())]
    wanted = [
        target["expr"] for panel in monitoring_house.dashboard(theirs)["panels"] for target in panel.get("targets", ())
    ]
    for here, there in zip(ours, wanted, strict=True):
        found = parse(here.replace("$__rate_interval", "5m").replace("$__range", "1h")).selectors
        plain = parse(there.replace("$__rate_interval", "5m").replace("$__range", "1h")).selectors
        assert [(series, labels - {"namespace"}) for series, labels in found] == plain
        # An exporter of Redis is yours, wherever it runs.
        assert all("namespace" in labels or series.startswith("redis_") for series, labels in found), here


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
