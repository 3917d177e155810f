"""Prometheus on the real stack: it reaches everybody, and finds the series that rules and dashboards name."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.deploy import monitoring_house as house
from tests.deploy.promql import parse
from tests.deploy.stack.engine import Project, wait_until
from tests.deploy.stack.report import Report
from tests.deploy.stack.site import Site

pytestmark = [pytest.mark.stack(seconds=60)]
#: Ours that are there on any stack that has run for a minute, whatever happened on it.
OURS = {
    "legal_intake_http_requests_total", "legal_intake_http_request_seconds_bucket", "legal_intake_firm_requests_total",
    "legal_intake_caption_latency_seconds_bucket", "legal_intake_journal_write_seconds_bucket",
    "legal_intake_voice_sockets", "legal_intake_worker_slots", "legal_intake_voice_listening", "legal_intake_process",
    "legal_intake_recognised_audio_seconds_total", "legal_intake_scheduler_leading",
    "legal_intake_scheduler_runs_total",
    "legal_intake_queue_ready", "legal_intake_queue_dead", "legal_intake_queue_oldest_seconds", "legal_intake_firms",
    "legal_intake_schemas", "legal_intake_firms_not_served", "legal_intake_voice_waiting_sessions",
    "tenants_isolation_refused_total", "django_db_execute_total", "process_resident_memory_bytes",
}  # fmt: skip
#: Told only when there is such a thing.
WHEN_IT_HAPPENS = {"legal_intake_backup_last_success_timestamp_seconds"}
#: The run's certificate ends in two days; two cores that everything shares are too slow for captions.
TRUE_HERE = {"CertificateEndsNow", "CaptionBudgetFast"}
MOST_SERIES = {"api": 4000, "worker": 2500, "scheduler": 2500, "postgres": 3000, "redis": 2500}


def ask(project: Project, path: str) -> Any:
    """Prometheus's answer, from inside: it is not published."""
    text = project.execute("prometheus", "wget", "-qO-", f"http://127.0.0.1:9090/api/v1/{path}")
    return json.loads(text)["data"]


def query(project: Project, expr: str) -> list[dict[str, Any]]:
    """The result of a query now."""
    found: list[dict[str, Any]] = ask(project, f"query?query={quote(expr, safe='')}")["result"]
    return found


def test_every_target_answers(site: Site) -> None:
    empty = {container.service for container in site.project.containers() if container.placeholder}

    def silent() -> list[str]:
        found = ask(site.project, "targets?state=active")["activeTargets"]
        assert {"api", "worker", "audio_worker", "scheduler"} <= {target["labels"]["job"] for target in found}
        return [
            f"{target['labels']['job']} {target['lastError']}"
            for target in found
            if target["health"] != "up" and target["labels"]["job"] not in empty
        ]

    wait_until(f"every target up: {silent()}", lambda: not silent(), 90, pause=3)


def test_what_rules_and_dashboards_name_is_there(site: Site, report: Report) -> None:
    named = {name for _, rule in house.rules() for name, _ in parse(rule["expr"]).selectors}
    for path in house.DASHBOARDS:
        for _, expr in house.dashboard_queries(path):
            named |= {name for name, _ in parse(expr).selectors}
    empty = {container.service for container in site.project.containers() if container.placeholder}
    wanted = (named & house.others_series()) - WHEN_IT_HAPPENS | OURS
    if "fluent-bit" in empty or "fluent-bit" not in site.ours:
        wanted = {name for name in wanted if not name.startswith("fluentbit_")}

    def missing() -> set[str]:
        return wanted - set(ask(site.project, "label/__name__/values"))

    wait_until(f"these series: {sorted(missing())}", lambda: not missing(), 90, pause=3)
    report.say("series that rules and dashboards name, found in Prometheus", str(len(wanted)))


def test_nobody_tells_too_many_series(site: Site) -> None:
    counts = {
        result["metric"]["job"]: float(result["value"][1])
        for result in query(site.project, 'max by (job) (count by (job, instance) ({job!=""}))')
    }
    for job, most in MOST_SERIES.items():
        assert counts[job] < most, f"{job}: {counts[job]:.0f} series an instance"


def test_every_rule_is_well_and_nobody_is_woken_for_nothing(site: Site) -> None:
    rules = [rule for group in ask(site.project, "rules")["groups"] for rule in group["rules"]]
    assert len(rules) == len(house.rules())
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []
    firing = query(site.project, 'ALERTS{alertstate="firing", severity="page"}')
    assert {result["metric"]["alertname"] for result in firing} <= TRUE_HERE
    assert query(site.project, 'probe_success{job="site"} == 1'), "the site's probe does not succeed"
