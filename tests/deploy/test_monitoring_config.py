"""Prometheus, Alertmanager and blackbox: what their configuration says, and what promtool and amtool say of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import monitoring_house as house

PROMETHEUS = house.DEPLOY / "prometheus"
ALERTMANAGER = house.DEPLOY / "alertmanager"
OURS = ("api", "worker", "audio_worker", "scheduler", "models")
PORTS = {
    "api": 8000, "worker": 9200, "audio_worker": 9200, "scheduler": 9200, "models": 8090, "backup": 9210,
    "nginx": 9113, "postgres": 9187, "elasticsearch": 9114, "node": 9100, "fluent-bit": 2020, "grafana": 3000,
}  # fmt: skip
EVERYTHING = {
    "ALERT_EMAIL_TO": "ops@example.org,partner@example.org",
    "SMTP_HOST": "smtp.example.org",
    "SMTP_FROM": "intake@example.org",
    "SMTP_USER": "intake",
    "SLACK_CHANNEL": "#intake",
    "WATCHDOG_URL": "https://watch.example.org/ping?id=1&key=2",
}


def jobs() -> dict[str, dict[str, Any]]:
    found = house.load(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    return {job["job_name"]: job for job in found}


@pytest.mark.parametrize("name", OURS)
def test_our_processes_are_found_by_name_and_asked_with_the_token(name: str) -> None:
    job = jobs()[name]
    (discovery,) = job["dns_sd_configs"]
    assert (discovery["names"], discovery["type"], discovery["port"]) == ([name], "A", PORTS[name])
    assert job["authorization"] == {"credentials_file": "/run/secrets/metrics_token"}
    assert {"source_labels": ["__name__"], "regex": ".+_created", "action": "drop"} in job["metric_relabel_configs"]


def test_every_exporter_is_asked_on_its_port() -> None:
    for name, port in PORTS.items():
        (discovery,) = jobs()[name]["dns_sd_configs"]
        assert discovery["port"] == port
    assert {target["labels"]["role"] for target in jobs()["redis"]["static_configs"]} == {"broker", "journal", "cache"}
    modules = house.load(house.DEPLOY / "blackbox" / "config.yml")["modules"]
    for name, trusts_all in (("site", True), ("certificate", False)):
        assert jobs()[name]["relabel_configs"][-1]["replacement"] == "blackbox-exporter:9115"
        assert jobs()[name]["params"]["module"] == [name]
        assert modules[name]["http"]["tls_config"]["insecure_skip_verify"] is trusts_all


def test_postgresql_is_not_asked_for_a_series_a_table_and_firm() -> None:
    services = house.load(house.ROOT / "docker-compose.yml")["services"]
    command = services["postgres-exporter"]["command"]
    assert {"--no-collector.stat_user_tables", "--no-collector.statio_user_tables"} <= set(command)
    (drop,) = jobs()["postgres"]["metric_relabel_configs"]
    assert drop["action"] == "drop"
    assert "pg_stat_user_tables_.+" in drop["regex"].split("|")


def test_every_target_is_a_service_of_the_compose_file() -> None:
    services = house.load(house.ROOT / "docker-compose.yml")["services"]
    for job in jobs().values():
        for discovery in job.get("dns_sd_configs", []):
            assert set(discovery["names"]) <= set(services)
            for name in discovery["names"]:
                assert "observability" in services[name]["networks"], f"prometheus cannot reach {name}"


def test_nothing_secret_stands_in_a_configuration() -> None:
    for path in [*PROMETHEUS.rglob("*.yml"), *ALERTMANAGER.glob("*"), *(house.DEPLOY / "blackbox").glob("*")]:
        text = path.read_text()
        for word in ("password:", "credentials:", "api_url:", "bearer_token:", "hooks.slack.com"):
            assert word not in text, f"{path.name}: {word}"


# -- start.sh of both


def start(folder: Path, script: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **settings}
    return subprocess.run(
        ["sh", str(script), "--only-write"], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def alertmanager(folder: Path, *secrets: str, **settings: str) -> dict[str, Any]:
    (folder / "secrets").mkdir(exist_ok=True)
    for name in secrets:
        (folder / "secrets" / name).write_text("https://hooks.example.org/1\n")
    done = start(folder, ALERTMANAGER / "start.sh", **places(folder), **settings)
    assert done.returncode == 0, done.stderr
    text = (folder / "made.yml").read_text()
    assert "@SMTP" not in text
    assert " #" not in text.split("\nglobal:", 1)[1].replace("# The graver", "").replace("# When the whole", "")
    made: dict[str, Any] = yaml.safe_load(text)
    return made


def places(folder: Path) -> dict[str, str]:
    return {
        "TEMPLATE": str(ALERTMANAGER / "alertmanager.yml"),
        "MADE": str(folder / "made.yml"),
        "SECRETS": str(folder / "secrets"),
    }


def receiver(config: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in config["receivers"] if each["name"] == name)


def test_alertmanager_with_everything(tmp_path: Path) -> None:
    made = alertmanager(tmp_path, "smtp_password", "slack_webhook", **EVERYTHING)
    people = receiver(made, "people")
    assert people["slack_configs"][0]["channel"] == "#intake"
    assert people["email_configs"][0]["to"] == EVERYTHING["ALERT_EMAIL_TO"]
    assert receiver(made, "watchdog")["webhook_configs"][0]["url"] == EVERYTHING["WATCHDOG_URL"]
    assert made["global"]["smtp_auth_password_file"] == "/run/secrets/smtp_password"
    assert made["global"]["slack_api_url_file"] == "/run/secrets/slack_webhook"
    assert made["global"]["smtp_smarthost"] == "smtp.example.org:587"


def test_alertmanager_with_e_mail_that_needs_no_login(tmp_path: Path) -> None:
    settings = {name: EVERYTHING[name] for name in ("ALERT_EMAIL_TO", "SMTP_HOST", "SMTP_FROM")}
    made = alertmanager(tmp_path, **settings, SMTP_TLS="false", SMTP_PORT="1025")
    assert set(receiver(made, "people")) == {"name", "email_configs"}
    assert made["global"]["smtp_require_tls"] is False
    assert "smtp_auth_username" not in made["global"]
    assert receiver(made, "watchdog") == {"name": "watchdog"}


def test_alertmanager_without_a_way_out_says_so_and_starts(tmp_path: Path) -> None:
    done = start(tmp_path, ALERTMANAGER / "start.sh", **places(tmp_path), SLACK_CHANNEL="#no-secret-for-it")
    assert done.returncode == 0
    assert "neither e-mail nor Slack" in done.stderr
    made = yaml.safe_load((tmp_path / "made.yml").read_text())
    assert receiver(made, "people") == {"name": "people"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_HOST", "smtp example"), ("SMTP_HOST", 'a"; rm'), ("ALERT_EMAIL_TO", "x@y\nroute: z"),
        ("SMTP_PORT", "25a"), ("SLACK_CHANNEL", "a|b"),
        ("WATCHDOG_URL", "http://x/`id`"), ("SMTP_TLS", "maybe"), ("SMTP_FROM", ""),
    ],
)  # fmt: skip
def test_alertmanager_refuses_a_bad_setting_by_name(tmp_path: Path, name: str, value: str) -> None:
    done = start(tmp_path, ALERTMANAGER / "start.sh", **places(tmp_path), **{**EVERYTHING, name: value})
    assert done.returncode == 64
    assert name in done.stderr
    assert not (tmp_path / "made.yml").exists()


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        ({"DOMAIN": "intake.example.org"}, ["admin.intake.example.org"]),
        (
            {"DOMAIN": "a.org", "OPERATOR_HOST": "ops.a.org", "PROBE_HOSTS": "one.a.org, two.b.org"},
            ["ops.a.org", "one.a.org", "two.b.org"],
        ),
    ],
)
def test_prometheus_probes_these_hosts(tmp_path: Path, settings: dict[str, str], hosts: list[str]) -> None:
    wanted = tmp_path / "targets" / "site.yml"
    done = start(tmp_path, PROMETHEUS / "start.sh", **settings, TARGETS=str(wanted))
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load(wanted.read_text())
    assert [target["labels"]["__param_hostname"] for target in written] == hosts
    assert {tuple(target["targets"]) for target in written} == {("https://nginx/admin/",)}


@pytest.mark.parametrize("settings", [{}, {"DOMAIN": "a.org", "PROBE_HOSTS": 'x"}'}, {"DOMAIN": "a b"}])
def test_prometheus_refuses_a_bad_setting(tmp_path: Path, settings: dict[str, str]) -> None:
    done = start(tmp_path, PROMETHEUS / "start.sh", **settings, TARGETS=str(tmp_path / "t" / "site.yml"))
    assert done.returncode == 64
    assert ".env" in done.stderr
    assert not (tmp_path / "t" / "site.yml").exists()


# -- with the tools


def test_promtool_takes_the_configuration(tmp_path: Path) -> None:
    config = (PROMETHEUS / "prometheus.yml").read_text()
    config = config.replace("/etc/prometheus", str(PROMETHEUS)).replace("/tmp/targets", str(tmp_path))
    config = config.replace("/run/secrets", str(tmp_path))
    (tmp_path / "metrics_token").write_text("token")
    (tmp_path / "site.yml").write_text('- targets: ["https://nginx/"]\n')
    (tmp_path / "prometheus.yml").write_text(config)
    run(house.tool("promtool"), "check", "config", "--lint=none", str(tmp_path / "prometheus.yml"))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", house.RULE_TESTS, ids=lambda path: path.stem)
def test_every_alert_fires_and_stays_silent(path: Path) -> None:
    run(house.tool("promtool"), "test", "rules", str(path))


def test_promtool_reads_every_query_of_the_dashboards(tmp_path: Path) -> None:
    queries = [query for path in house.DASHBOARDS for _, query in house.dashboard_queries(path)]
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    run(house.tool("promtool"), "check", "rules", "--lint=none", str(tmp_path / "rules.yml"))


ROUTES = [
    ({"alertname": "Watchdog", "severity": "none"}, "watchdog"),
    ({"alertname": "ApiDown", "severity": "page", "job": "api"}, "people"),
    ({"alertname": "DeadLetters", "severity": "ticket", "queue": "default"}, "people"),
    ({"alertname": "NobodyKnowsIt"}, "people"),
]


@pytest.mark.parametrize(("labels", "wanted"), ROUTES, ids=[labels["alertname"] for labels, _ in ROUTES])
def test_an_alert_goes_to(tmp_path: Path, labels: dict[str, str], wanted: str) -> None:
    amtool = house.tool("amtool")
    alertmanager(tmp_path, "smtp_password", "slack_webhook", **EVERYTHING)
    made = tmp_path / "made.yml"
    made.write_text(made.read_text().replace("/etc/alertmanager", str(ALERTMANAGER)))
    run(amtool, "check-config", str(made))
    pairs = [f"{name}={value}" for name, value in labels.items()]
    said = run(amtool, "config", "routes", "test", f"--config.file={made}", f"--verify.receivers={wanted}", *pairs)
    assert wanted in said


def test_a_page_is_repeated_each_hour_a_ticket_each_day() -> None:
    routes = house.load(ALERTMANAGER / "alertmanager.yml")["route"]
    by_match = {route["matchers"][0]: route for route in routes["routes"]}
    assert by_match['severity="page"']["repeat_interval"] == "1h"
    assert routes["repeat_interval"] == "1d"


def test_what_inhibits_and_is_inhibited_are_alerts_that_there_are() -> None:
    import re

    names = {rule["alert"] for _, rule in house.alerts()}
    labels = {name for _, rule in house.alerts() for name in rule["labels"]} | {"role", "job", "instance", "mountpoint"}
    for rule in house.load(ALERTMANAGER / "alertmanager.yml")["inhibit_rules"]:
        for matcher in [*rule["source_matchers"], *rule["target_matchers"]]:
            name, pattern = re.fullmatch(r'(\w+)(?:=~|!=|=)"(.*)"', matcher).groups()  # type: ignore[union-attr]
            if name == "alertname":
                for part in pattern.split("|"):
                    assert any(re.fullmatch(part, alert) for alert in names), f"no alert is {part}"
        assert set(rule.get("equal", [])) <= labels


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
