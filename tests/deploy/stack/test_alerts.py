"""An alert really arrives: Prometheus and Alertmanager as they are deployed, a mail server and a web hook that take it.

Nothing else runs in this small project, so that `ApiDown` is true. The same programs also judge our configuration.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import monitoring_house as house
from tests.deploy.stack.engine import EngineError, Project, run, wait_until
from tests.deploy.stack.report import Report

pytestmark = [pytest.mark.stack(seconds=200)]
ROOT = house.ROOT
NAME = os.environ.get("STACK_ALERTS_NAME", "legal-intake-alerts")
LOCK = os.environ.get("STACK_LOCK", "")
ARRIVES_SECONDS = 150.0


def images() -> dict[str, str]:
    """The very tags of the compose file."""
    services = house.load(ROOT / "docker-compose.yml")["services"]
    return {name: services[name]["image"] for name in ("prometheus", "alertmanager", "blackbox-exporter")}


def settings(folder: Path) -> dict[str, Any]:
    """The project: the two programs with the deployed files and settings, and who takes what they send."""
    services = house.load(ROOT / "docker-compose.yml")["services"]
    used = images()
    common = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
    prometheus, alertmanager = services["prometheus"], services["alertmanager"]
    return {
        "name": NAME,
        "volumes": {"prometheus": {}, "alertmanager": {}},
        "services": {
            "prometheus": {
                **common, "image": used["prometheus"], "user": prometheus["user"],
                "entrypoint": prometheus["entrypoint"],
                "command": ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
                "tmpfs": ["/tmp:mode=1777"],
                "environment": {"DOMAIN": "intake.test"},
                "volumes": [
                    "prometheus:/prometheus",
                    f"{ROOT}/deploy/prometheus:/etc/prometheus:ro",
                    f"{folder}/secrets/metrics_token:/run/secrets/metrics_token:ro",
                ],
            },
            "alertmanager": {
                **common, "image": used["alertmanager"], "user": alertmanager["user"],
                "entrypoint": alertmanager["entrypoint"],
                "tmpfs": ["/tmp:mode=1777"],
                "environment": {
                    "SMTP_HOST": "mail", "SMTP_PORT": "1025", "SMTP_FROM": "intake@intake.test", "SMTP_TLS": "false",
                    "ALERT_EMAIL_TO": "operator@intake.test", "SLACK_CHANNEL": "#intake",
                    "WATCHDOG_URL": "http://sink:8080/watchdog",
                },
                "volumes": [
                    "alertmanager:/alertmanager",
                    f"{ROOT}/deploy/alertmanager:/etc/alertmanager:ro",
                    f"{folder}/secrets/slack_webhook:/run/secrets/slack_webhook:ro",
                ],
            },
            "mail": {**common, "image": "legal-intake-mail:alerts", "tmpfs": ["/tmp"]},
            "sink": {
                **common, "image": "python:3.11-slim-bookworm", "user": "10001:10001",
                "command": ["python", "-u", "/sink.py"],
                "volumes": [f"{ROOT}/tests/deploy/stack/sink.py:/sink.py:ro"],
            },
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def watchers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("alerts")
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.getuid() and parent != Path("/tmp"):
            parent.chmod(0o755)
    (folder / "secrets").mkdir()
    for name, text in (("metrics_token", "token"), ("slack_webhook", "http://sink:8080/slack")):
        (folder / "secrets" / name).write_text(text)
        (folder / "secrets" / name).chmod(0o444)
    (folder / "compose.yml").write_text(yaml.safe_dump(settings(folder)))
    (folder / ".env").write_text("")
    lock = ["flock", LOCK] if LOCK else []
    build = ["docker", "build", "-q", "-t", "legal-intake-mail:alerts", "-f", "deploy/images/mail/Dockerfile", "."]
    run([*lock, *build], cwd=ROOT, seconds=400)
    project = Project(ROOT, NAME, [str(folder / "compose.yml")], [], folder / ".env")
    project.down()
    try:
        project.compose("up", "--detach", seconds=200)
        yield project
    finally:
        if not os.environ.get("STACK_KEEP"):
            project.down()


def ask(project: Project, url: str) -> Any:
    """A question from inside: nothing of this project is published."""
    program = f"import urllib.request as u; print(u.urlopen({url!r}, timeout=5).read().decode())"
    return json.loads(project.execute("sink", "python", "-c", program))


def began(project: Project) -> float:
    """When Prometheus was started."""
    answer = ask(project, "http://prometheus:9090/api/v1/status/runtimeinfo")
    return datetime.fromisoformat(answer["data"]["startTime"][:19] + "+00:00").timestamp()


def test_promtool_of_the_image_takes_everything(watchers: Project) -> None:
    watchers.execute("prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml")
    for path in house.RULE_TESTS:
        watchers.execute("prometheus", "promtool", "test", "rules", f"/etc/prometheus/tests/{path.name}", seconds=300)


def test_promtool_of_the_image_reads_every_query_of_the_dashboards(watchers: Project) -> None:
    queries = [query for path in house.DASHBOARDS for _, query in house.dashboard_queries(path)]
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries)]
    text = yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]})
    check = ["sh", "-c", "cat >/tmp/panels.yml && promtool check rules --lint=none /tmp/panels.yml"]
    watchers.execute("prometheus", *check, text=text)


def test_amtool_of_the_image_takes_the_configuration_and_its_routes(watchers: Project) -> None:
    made = "--config.file=/tmp/alertmanager.yml"
    watchers.execute("alertmanager", "amtool", "check-config", "/tmp/alertmanager.yml")
    test = ("amtool", "config", "routes", "test", made)
    for alert, receiver in (
        ("alertname=Watchdog", "watchdog"),
        ("severity=page", "people"),
        ("severity=ticket", "people"),
    ):
        watchers.execute("alertmanager", *test, f"--verify.receivers={receiver}", alert)


def test_an_alert_arrives_by_mail_and_by_hook_and_the_watchdog_too(watchers: Project, report: Report) -> None:
    def mails() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(watchers, "http://mail:8025/messages.json")
        return [mail for mail in found if "ApiDown" in mail["subject"]]

    def posted(path: str) -> list[str]:
        return [each["body"] for each in ask(watchers, "http://sink:8080/") if each["path"] == path]

    def slack() -> list[str]:
        return [body for body in posted("/slack") if "ApiDown" in body]

    wait_until("a mail of ApiDown", mails, ARRIVES_SECONDS)
    (mail,) = mails()[-1:]
    took = datetime.fromisoformat(mail["at"]).timestamp() - began(watchers)
    assert mail["to"] == ["operator@intake.test"]
    assert mail["sender"] == "intake@intake.test"
    assert mail["subject"] == "[page] ApiDown on intake.test"
    assert "No api process answers." in mail["text"]
    assert "docs/runbooks/ApiDown.md" in mail["text"]
    assert "https://intake.test:3001/d/li-overview" in mail["text"]
    wait_until("Slack's hook", slack, 30)
    message = json.loads(slack()[-1])
    assert message["channel"] == "#intake"
    assert "What to do: docs/runbooks/ApiDown.md" in message["attachments"][0]["text"]
    assert wait_until("the watchdog", lambda: posted("/watchdog"), 60) < 60
    watchdog = json.loads(posted("/watchdog")[0])
    assert {alert["labels"]["alertname"] for alert in watchdog["alerts"]} == {"Watchdog"}
    report.say(
        "an alert by mail and by web hook", f"{took:.0f} s after Prometheus began to look; the alert wants 60 of them"
    )


def test_what_follows_from_another_alert_is_not_told_beside_it(watchers: Project) -> None:
    def quiet() -> set[str]:
        alerts = ask(watchers, "http://alertmanager:9093/api/v2/alerts")
        return {alert["labels"]["alertname"] for alert in alerts if alert["status"]["inhibitedBy"]}

    # PostgresDown is true here too, and a scheduler cannot lead without it.
    wait_until("SchedulerWithoutLeader is inhibited", lambda: "SchedulerWithoutLeader" in quiet(), 60)
    assert not quiet() & {"ApiDown", "PostgresDown", "Watchdog"}


def test_no_container_of_it_runs_as_root_or_writes_to_its_image(watchers: Project) -> None:
    for container in watchers.containers():
        details = container.details
        assert details["HostConfig"]["ReadonlyRootfs"]
        assert re.match(r"[1-9]", details["Config"]["User"]), container.name


@pytest.mark.parametrize("setting", ["SMTP_HOST=mail server", "SLACK_CHANNEL=a|b"])
def test_a_bad_setting_is_named_in_one_line(watchers: Project, setting: str) -> None:
    with pytest.raises(EngineError, match=setting.partition("=")[0]):
        watchers.compose("run", "--rm", "--no-deps", "-T", "-e", setting, "alertmanager", "--only-write")
