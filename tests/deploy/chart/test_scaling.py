"""What scales what: the limits asked for, `replicas` left out there, nothing scaled by two; migrations."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.deploy.chart.house import CHART, FULL, HERE, NAMES, needs_helm, objects, of_kind, pods

pytestmark = needs_helm


def scalers(name: str, *settings: str) -> list[tuple[str, str]]:
    """(kind, Deployment) of everything that scales."""
    return [
        (found["kind"], found["spec"]["scaleTargetRef"]["name"])
        for found in objects(name, *settings)
        if found["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_replicas_are_left_out_exactly_where_something_scales_and_nothing_is_scaled_by_two(name: str) -> None:
    targets = [target for _, target in scalers(name)]
    assert len(targets) == len(set(targets))
    without = {workload for workload, found in of_kind("Deployment", name).items() if "replicas" not in found["spec"]}
    assert without == set(targets)


def test_the_figures_that_were_asked_for() -> None:
    found = of_kind("HorizontalPodAutoscaler", "external")
    limits = {
        name.removeprefix(f"{FULL}-"): (each["spec"]["minReplicas"], each["spec"]["maxReplicas"])
        for name, each in found.items()
    }
    assert limits["api"] == (5, 100)
    assert limits["audio-worker"] == (10, 50)
    assert limits["frontend"][0] == 3
    for each in found.values():
        behavior = each["spec"]["behavior"]
        assert behavior["scaleUp"]["stabilizationWindowSeconds"] < behavior["scaleDown"]["stabilizationWindowSeconds"]


def test_without_scaling_every_deployment_has_its_replicas() -> None:
    assert scalers("external", "scaling.mode=none") == []
    found = of_kind("Deployment", "external", "scaling.mode=none")
    assert found[f"{FULL}-api"]["spec"]["replicas"] == 5


def test_keda_scales_both_kinds_of_workers_and_nothing_else() -> None:
    assert sorted(scalers("keda")) == [
        ("HorizontalPodAutoscaler", f"{FULL}-api"),
        ("HorizontalPodAutoscaler", f"{FULL}-frontend"),
        ("ScaledObject", f"{FULL}-audio-worker"),
        ("ScaledObject", f"{FULL}-worker"),
    ]


def test_when_prometheus_is_away_nobody_who_speaks_loses_a_slot() -> None:
    spec = of_kind("ScaledObject", "keda")[f"{FULL}-audio-worker"]["spec"]
    assert spec["fallback"]["behavior"] == "currentReplicasIfHigher"
    assert spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"]
    assert all(trigger["metadata"]["ignoreNullValues"] == "false" for trigger in spec["triggers"]), (
        "no series is no zero"
    )
    # KEDA takes a fallback only for these two.
    assert {trigger["metricType"] for trigger in spec["triggers"]} == {"AverageValue", "Value"}


def metrics_of(name: str, workload: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of_kind("HorizontalPodAutoscaler", name)[f"{FULL}-{workload}"]["spec"]["metrics"]
    return found


def test_external_metrics_are_asked_for_only_where_they_are() -> None:
    assert {metric["type"] for metric in metrics_of("external", "audio-worker")} == {"Resource"}
    assert [metric["type"] for metric in metrics_of("cloudnativepg", "api")] == ["Resource", "External"]
    busy, waiting = metrics_of("cloudnativepg", "audio-worker")
    assert busy["external"]["target"] == {"type": "AverageValue", "averageValue": "2.4"}
    assert waiting["external"]["target"]["type"] == "Value", "an age is no sum over pods"


def test_every_metric_that_scales_is_one_that_we_publish() -> None:
    from audio import metrics as voice

    queries = " ".join(
        trigger["metadata"]["query"]
        for each in of_kind("ScaledObject", "keda").values()
        for trigger in each["spec"]["triggers"]
    )
    asked = set(re.findall(r"legal_intake_\w+", queries))
    ours = {"legal_intake_voice_listening", voice.WAITING_SECONDS, "legal_intake_queue_oldest_seconds"}
    assert asked == ours


def test_sockets_by_keda_and_by_the_adapter_are_the_same_recorded_series() -> None:
    setting = "scaling.externalMetrics=true"
    (recorded,) = [
        rule["record"]
        for group in yaml.safe_load((CHART / "files/rules/scaling.yml").read_text())["groups"]
        for rule in group["rules"]
    ]
    rules = yaml.safe_load((CHART / "files" / "adapter-rules.yaml").read_text())["external"]
    (sockets,) = [rule for rule in rules if rule["name"]["as"] == "legal_intake_voice_sockets"]
    assert sockets["seriesQuery"] == f'{recorded}{{namespace!=""}}'
    assert f"({recorded}{{" in sockets["metricsQuery"]
    cpu, trigger = of_kind("ScaledObject", "keda", setting)[f"{FULL}-api"]["spec"]["triggers"]
    assert trigger["metadata"]["query"] == f'{recorded}{{namespace="{HERE}"}}'
    assert (trigger["metricType"], trigger["metadata"]["threshold"]) == ("AverageValue", "150")
    assert cpu == {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "65"}}
    (by_adapter,) = [one for one in metrics_of("cloudnativepg", "api") if one["type"] == "External"]
    assert by_adapter["external"]["target"] == {"type": "AverageValue", "averageValue": "150"}
    # KEDA has the API to itself, so an HorizontalPodAutoscaler of the chart could ask nobody there.
    assert set(scalers("keda", setting)) - set(scalers("keda")) == {("ScaledObject", f"{FULL}-api")}
    found = of_kind("HorizontalPodAutoscaler", "keda", setting).values()
    assert not [each for each in found for metric in each["spec"]["metrics"] if metric["type"] == "External"]


def test_every_external_metric_has_its_rule_for_the_adapter() -> None:
    rules = yaml.safe_load((CHART / "files" / "adapter-rules.yaml").read_text())["external"]
    named = {rule["name"]["as"] for rule in rules}
    found = of_kind("HorizontalPodAutoscaler", "cloudnativepg").values()
    metrics = [metric for each in found for metric in each["spec"]["metrics"] if metric["type"] == "External"]
    assert {metric["external"]["metric"]["name"] for metric in metrics} == named


# -- migrations ------------------------------------------------------------------------------------------------------


def migration(*settings: str) -> dict[str, Any]:
    jobs = {name: job for name, job in of_kind("Job", "external", *settings).items() if "-migrate-" in name}
    assert len(jobs) == 1
    return next(iter(jobs.values()))


@pytest.mark.parametrize(
    "setting",
    ["image.tag=0.2.0", "logLevel=DEBUG", "migrate.extraEnv[0].name=A,migrate.extraEnv[0].value=b",
     "migrate.resources.limits.memory=2Gi", "database.external.host=other.example.org"],
)  # fmt: skip
def test_whatever_changes_in_its_pod_makes_another_job(setting: str) -> None:
    assert migration(setting)["metadata"]["name"] != migration()["metadata"]["name"]


@pytest.mark.parametrize("setting", ["api.autoscaling.max=90", "edge.replicas=4", "networkPolicies.enabled=false"])
def test_nothing_else_makes_another_job(setting: str) -> None:
    assert migration(setting) == migration()


def test_its_template_never_changes_under_the_same_name() -> None:
    """A Job's template cannot be changed: equal names must mean equal templates."""
    settings = ["", "image.tag=0.2.0", "logLevel=DEBUG", "api.autoscaling.max=90"]
    by_name: dict[str, Any] = {}
    for setting in settings:
        job = migration(*([setting] if setting else []))
        assert by_name.setdefault(job["metadata"]["name"], job["spec"]["template"]) == job["spec"]["template"]
    assert len(by_name) == 3


def test_migrations_go_round_the_pooler_and_so_does_who_leads() -> None:
    found = pods("keda")
    config = of_kind("ConfigMap", "keda")[f"{FULL}-config"]["data"]
    assert "@pooler.example.org:6432/" in config["DATABASE_URL"]
    for workload, pod in found.items():
        url = {each["name"]: each.get("value") for each in pod["spec"]["containers"][0].get("env", [])}.get(
            "DATABASE_URL"
        )
        direct = workload == f"{FULL}-scheduler" or "-migrate-" in workload
        there = "postgresql://legal_intake@db.example.org:5432/legal_intake"
        assert (url == f"{there}?sslmode=verify-full&sslrootcert=/run/secrets/database_ca.crt") == direct, workload


def test_our_processes_wait_for_the_migration_before_they_start() -> None:
    for workload in ("api", "worker", "audio-worker", "scheduler"):
        init = pods("external")[f"{FULL}-{workload}"]["spec"]["initContainers"]
        assert [each["command"][2:4] for each in init] == [["firms", "wait-migrated"]], workload
