"""A region that waits runs nothing and can be made home by its values; one near the speaker asks home for the rest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.chart.house import (
    CHART,
    FULL,
    ROOT,
    component,
    environment,
    needs_helm,
    objects,
    of_kind,
    pods,
    refused,
)

pytestmark = needs_helm

#: What makes the one that waits home, in a planned switch.
HOME = ("region.role=home", "database.cloudnativepg.promotionToken=dG9rZW4=")
RUNS = ("Deployment", "StatefulSet")
#: What would act, ring or lead people here by being there.
ACTS = {"HorizontalPodAutoscaler", "ScaledObject", "PodDisruptionBudget", "Pooler", "PrometheusRule", "Probe",
        "HTTPRoute", "TLSRoute", "Ingress"}  # fmt: skip
PAGE = ROOT / "docs" / "kubernetes.md"
RUNBOOK = ROOT / "docs" / "runbooks" / "second-region.md"


def within(part: Any, whole: Any) -> bool:
    """Whether `whole` says all that `part` says."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and within(part[key], whole[key]) for key in part)
    return bool(part == whole)


@pytest.mark.parametrize("name", ["standby", "audio-edge"])
def test_the_pages_values_are_those_that_are_tested(name: str) -> None:
    shown = re.search(rf"<!-- {name} -->\n```yaml\n(.*?)```", PAGE.read_text(), re.S)
    assert shown is not None
    assert len(shown[1].splitlines()) <= 16
    assert within(yaml.safe_load(shown[1]), yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text()))


def test_the_runbooks_names_are_those_that_are_rendered() -> None:
    """What its commands ask for: workloads, services, claims, the cluster, labels, values."""
    text = RUNBOOK.read_text()
    found = objects("standby", "region.role=home", "media.copies.restore=a")
    names = {each["metadata"]["name"] for each in found}
    for name in re.findall(rf"{FULL}-[a-z-]+[a-z]", text.replace("$PG", f"{FULL}-postgres")):
        # CloudNativePG's own: the account that follows, the authority, a pod.
        assert name in names or name in (f"{FULL}-postgres-replication", f"{FULL}-postgres-ca"), name
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())
    for path in re.findall(r"--set ([A-Za-z.]+)=", text):
        node = schema
        for part in path.split("."):
            node = node["properties"][part]
    for block in re.findall(r"```yaml\n(.*?)```", text, re.S):
        assert (
            set(yaml.safe_load(block)["media"]["copies"])
            <= schema["properties"]["media"]["properties"]["copies"]["properties"].keys()
        )


@pytest.mark.parametrize(
    "path", [PAGE, RUNBOOK, ROOT / "docs" / "decisions" / "0026-regions.md"], ids=lambda path: path.name
)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)[^):]*\)", path.read_text()):
        assert (path.parent / link).exists(), link


@pytest.mark.parametrize(
    "settings", [(), ("scaling.mode=hpa",), ("scaling.mode=none", "redis.mode=single", "preset=small")]
)
def test_a_region_that_waits_runs_nothing_of_ours(settings: tuple[str, ...]) -> None:
    found = objects("standby", *settings)
    counts = {each["metadata"]["name"]: each["spec"].get("replicas") for each in found if each["kind"] in RUNS}
    assert set(counts.values()) == {0}, counts
    assert {each["kind"] for each in found} & ACTS == set()
    jobs = [component(each) for each in found if each["kind"] == "Job"]
    # It reads and writes one claim, and models that are there already are minutes saved.
    assert jobs == ["models-fill"]


@pytest.mark.parametrize(
    "settings",
    [
        ("gateway.enabled=true", "gateway.parentRefs[0].name=public", "edge.trustedProxies[0]=10.0.0.0/8"),
        ("ingress.enabled=true", "ingress.tlsSecret=t"),
    ],
)
def test_nobody_is_led_to_a_region_that_waits(settings: tuple[str, ...]) -> None:
    assert {each["kind"] for each in objects("standby", *settings)} & ACTS == set()
    assert {each["kind"] for each in objects("standby", *settings, *HOME)} & {"HTTPRoute", "Ingress"}


def test_made_home_it_is_what_home_would_be() -> None:
    """Name for name the objects of a region that never waited, but for the other region that it knows."""
    promoted = {(each["kind"], each["metadata"]["name"]): each for each in objects("standby", *HOME)}
    alone = {
        (each["kind"], each["metadata"]["name"])
        for each in objects("standby", "region.role=home", "database.cloudnativepg.other.region=", "region.peers=null")
    }
    more = {name for kind, name in promoted.keys() - alone}
    assert more == {
        f"{FULL}-postgres-other",
        *(f"{FULL}-{what}-regions" for what in ("postgres", "pooler", "certificates")),
    }
    assert not alone - promoted.keys()
    for (kind, name), found in promoted.items():
        if kind in RUNS:
            assert found["spec"].get("replicas") != 0, name
    replica = of_kind("Cluster", "standby", *HOME)[f"{FULL}-postgres"]["spec"]["replica"]
    assert replica == {"self": "eu-north", "primary": "eu-north", "source": "eu-west", "promotionToken": "dG9rZW4="}


def test_waiting_changes_no_pod() -> None:
    """So a promotion rolls nothing twice, and what was rendered before a switch is what runs after it."""
    waiting = {name: pod for name, pod in pods("standby").items() if "-migrate-" not in name}
    serving = pods("standby", "region.role=home")
    assert {name: serving[name] for name in waiting} == waiting


def test_both_regions_say_the_same_of_the_database_but_who_they_are() -> None:
    one = of_kind("Cluster", "standby")[f"{FULL}-postgres"]["spec"]
    swapped = ("region.role=home", "region.name=eu-west", "database.cloudnativepg.other.region=eu-north")
    other = of_kind("Cluster", "standby", *swapped)[f"{FULL}-postgres"]["spec"]
    assert one["replica"]["primary"] == other["replica"]["primary"] == "eu-west"
    assert one["replica"]["source"] == one["replica"]["primary"] == other["replica"]["self"]
    named = [{each["name"] for each in spec["externalClusters"]} for spec in (one, other)]
    assert named[0] == named[1] == {"eu-west", "eu-north"}
    # A follower with fewer connections than its primary stops following.
    assert one["postgresql"] == other["postgresql"]
    database = {key: one["bootstrap"]["recovery"][key] for key in ("database", "owner", "secret")}
    assert database == {key: other["bootstrap"]["initdb"][key] for key in ("database", "owner", "secret")}


def test_each_external_cluster_has_a_store_that_is_rendered() -> None:
    stores = of_kind("ObjectStore", "standby")
    for each in of_kind("Cluster", "standby")[f"{FULL}-postgres"]["spec"]["externalClusters"]:
        assert each["plugin"]["parameters"]["barmanObjectName"] in stores
    assert "retentionPolicy" not in stores[f"{FULL}-postgres-other"]["spec"], (
        "what goes there is for that region to say"
    )
    paths = {name: each["spec"]["configuration"]["destinationPath"] for name, each in stores.items()}
    assert len(set(paths.values())) == 2


def test_what_a_promotion_could_not_hold_is_said_while_it_waits() -> None:
    assert "too many connections" in refused("standby", "database.pooler.mode=none", "api.databasePool=30")


def test_a_word_brings_copies_back_once_and_another_word_again() -> None:
    def jobs(word: str) -> set[str]:
        found = of_kind("Job", "standby", "region.role=home", f"media.copies.restore={word}")
        return {name for name in found if "-copies-" in name}

    assert len(jobs("a")) == 1
    assert jobs("a") != jobs("b")
    assert jobs("") == set()


def test_only_what_brings_copies_back_can_open_them() -> None:
    for name, pod in pods("standby", "region.role=home", "media.copies.restore=a").items():
        identity = "backup_age_identity" in str(pod["spec"].get("volumes"))
        assert identity == ("-copies-restore-" in name), name


def test_near_the_speaker_nothing_is_home_s() -> None:
    found = objects("audio-edge")
    assert not [
        each for each in found if each["kind"] == "Job" and "helm.sh/hook" not in each["metadata"]["annotations"]
    ]
    assert {each["kind"] for each in found} & {"Cluster", "ObjectStore", "Role", "PersistentVolumeClaim"} == set()
    names = {name.removeprefix(f"{FULL}-") for name in of_kind("PrometheusRule", "audio-edge")}
    assert names == {"availability", "firms", "queues", "scaling", "slo", "voice"}


def test_near_the_speaker_redis_is_near_and_the_database_is_home_s() -> None:
    config = of_kind("ConfigMap", "audio-edge")[f"{FULL}-config"]["data"]
    assert config["REGION"] == "oceania"
    for role in ("BROKER", "JOURNAL", "CACHE"):
        assert f"{FULL}-redis-{role.lower()}-0" in config[f"REDIS_{role}_URL"]
    assert config["DATABASE_URL"].startswith("postgresql://legal_intake@10.10.0.8:")
    scheduler = environment(pods("audio-edge")[f"{FULL}-scheduler"])
    assert scheduler["DATABASE_URL"].startswith(
        "postgresql://legal_intake@10.10.0.7:5432/legal_intake?sslmode=verify-ca&"
    )


def test_only_a_region_away_from_home_is_told_its_name() -> None:
    for name in ("external", "standby"):
        assert of_kind("ConfigMap", name)[f"{FULL}-config"]["data"]["REGION"] == ""


def test_every_pod_near_the_speaker_that_may_touch_a_recording_has_home_s_files() -> None:
    for workload, pod in pods("audio-edge").items():
        if component(pod) in ("api", "worker", "audio-worker", "scheduler"):
            claims = {
                volume["persistentVolumeClaim"]["claimName"] for volume in pod["spec"]["volumes"]
                if "persistentVolumeClaim" in volume
            }  # fmt: skip
            assert claims == {"recordings", "deletions"}, workload


def test_the_share_of_home_s_connections_is_counted_on_both_sides() -> None:
    # 10 go round the pooler: two schedulers in an update, each with a lock's connection.
    assert (
        "hold 10 connections to PostgreSQL, and database.external.maxConnections, its share of home's, is 9"
        in refused("audio-edge", "database.external.maxConnections=9")
    )
    without = refused("audio-edge", "database.pooler.mode=none")
    most = int(re.search(r"could hold (\d+) connections", without)[1])  # type: ignore[index]
    assert objects("audio-edge", "database.pooler.mode=none", f"database.external.maxConnections={most}")
    assert objects("external", "database.otherConnections=400")
    assert "less database.reserve and database.otherConnections is 2080" in refused(
        "external", "database.otherConnections=400", "api.databasePool=16"
    )


@pytest.mark.parametrize(
    ("name", "setting", "said"),
    [
        ("external", "region.role=replica", "at '/region/role': value must be one of 'home', 'standby', 'audio'"),
        ("external", "region.rolle=standby", "additional properties 'rolle' not allowed"),
        ("external", "region.role=standby", "region.name is missing: region.role is standby"),
        ("external", "region.role=audio", "region.name is missing: region.role is audio"),
        ("external", "region.name=EU West", "at '/region/name'"),
        ("standby", "region.name=", "region.name is missing"),
        ("standby", "region.name=eu-west", "database.cloudnativepg.other.region is eu-west, and so is region.name"),
        ("standby", "database.cloudnativepg.other.region=", "database.cloudnativepg.other.region is missing"),
        (
            "standby",
            "database.mode=external; database.external.host=db.example.org; database.pooler.mode=none",
            "database.cloudnativepg.other.region is set, and database.mode is external",
        ),
        (
            "standby",
            "database.cloudnativepg.backup.enabled=false",
            "database.cloudnativepg.backup.enabled is false, and",
        ),
        ("standby", "database.cloudnativepg.other.destinationPath=", "cloudnativepg.other.destinationPath is missing"),
        (
            "standby",
            "database.cloudnativepg.other.destinationPath=firm-backups",
            "at '/database/cloudnativepg/other/destinationPath'",
        ),
        ("standby", "database.cloudnativepg.other.existingSecret=", "cloudnativepg.other.existingSecret is missing"),
        (
            "standby",
            "database.cloudnativepg.other.destinationPath=s3://firm-backups-north/intake/",
            "write over each other's WAL",
        ),
        ("standby", "database.cloudnativepg.other.caSecret=", "name the Secrets of streaming_replica there"),
        (
            "standby",
            "database.cloudnativepg.promotionToken=dG9rZW4=",
            "promotionToken is set, and region.role is standby",
        ),
        (
            "cloudnativepg",
            "database.cloudnativepg.promotionToken=dG9rZW4=",
            "region.role is home, with no other region",
        ),
        ("standby", "database.cloudnativepg.promotionToken=a token", "at '/database/cloudnativepg/promotionToken'"),
        ("standby", "certificates.url=http://10.10.0.9:8088", "certificates.url is set, and region.role is standby"),
        ("standby", "region.peers[0]=north", "at '/region/peers/0'"),
        ("cloudnativepg", "media.copies.target=", "media.copies.target is missing: set it"),
        ("cloudnativepg", "media.copies.existingSecret=", "media.copies.existingSecret is missing: name"),
        ("cloudnativepg", "media.copies.schedule=daily", "at '/media/copies/schedule'"),
        ("audio-edge", "database.mode=cloudnativepg", "database.mode is cloudnativepg, and region.role is audio"),
        ("audio-edge", "database.external.sslmode=", "database.external.sslmode is missing: region.role is audio"),
        ("audio-edge", "media.existingClaim=", "media.existingClaim and media.deletionsClaim are missing"),
        ("audio-edge", "media.deletionsClaim=", "media.existingClaim and media.deletionsClaim are missing"),
        ("audio-edge", "certificates.url=", "certificates.url is missing: region.role is audio"),
        ("audio-edge", "certificates.url=home", "at '/certificates/url'"),
        ("audio-edge", "region.peers[0]=10.0.0.0/8", "region.peers is set, and region.role is audio"),
        (
            "audio-edge",
            "ingress.enabled=true; ingress.tlsSecret=t",
            "ingress.enabled is true, and region.role is audio",
        ),
        (
            "audio-edge",
            "gateway.enabled=true; gateway.parentRefs[0].name=g",
            "gateway.enabled is true, and region.role is audio",
        ),
        (
            "audio-edge",
            "monitoring.probes.enabled=true; monitoring.probes.prober=b:9115",
            "monitoring.probes.hosts is empty, and region.role is audio",
        ),
    ],
)
def test_it_is_refused(name: str, setting: str, said: str) -> None:
    assert said in refused(name, *setting.split("; "))
