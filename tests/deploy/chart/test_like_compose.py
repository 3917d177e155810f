"""The chart and Compose say the same: ports, sizes, images, files of Redis, settings of our processes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.deploy.chart.house import CHART, FULL, ROOT, environment, needs_helm, of_kind, pods
from tests.deploy.compose_house import preset
from tests.deploy.test_ports import compose, table

pytestmark = needs_helm

# Compose's names of what both have.
SERVICES = {
    "api": "api", "worker": "worker", "audio-worker": "audio_worker", "scheduler": "scheduler", "models": "models",
    "frontend": "frontend", "redis-broker": "redis-broker",
    "redis-journal": "redis-journal", "redis-cache": "redis-cache",
}  # fmt: skip
SIZES = {"api": "API", "worker": "WORKER", "audioWorker": "AUDIO_WORKER", "models": "MODELS", "frontend": "FRONTEND",
         "edge": "NGINX", "scheduler": "SCHEDULER", "migrate": "MIGRATE", "pooler": "PGBOUNCER",
         "exporter": "EXPORTER"}  # fmt: skip


def cores(text: str) -> float:
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def mib(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)([mgMG])i?", text).groups()  # type: ignore[union-attr]
    return float(number) * (1024 if unit in "gG" else 1)


def sizes(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CHART / "files" / "presets.yaml").read_text())[name]
    return loaded


@pytest.mark.parametrize("name", ["small", "standard"])
def test_sizes_are_composes(name: str) -> None:
    ours, theirs = sizes(name), preset(name)
    for component, prefix in SIZES.items():
        limits, requests = ours[component]["limits"], ours[component]["requests"]
        assert cores(limits["cpu"]) == float(theirs[f"{prefix}_CPUS"]), component
        assert mib(limits["memory"]) == mib(theirs[f"{prefix}_MEMORY"]), component
        reserved = theirs.get(f"{prefix}_CPUS_RESERVED")
        assert reserved is None or cores(requests["cpu"]) == float(reserved), component
        assert mib(requests["memory"]) * 2 == mib(limits["memory"]), f"{component}: half is sure, the rest is room"
    for component, prefix in (("elasticsearch", "ELASTICSEARCH"), ("logs", "FLUENT_BIT")):
        limits, requests = ours[component]["limits"], ours[component]["requests"]
        assert cores(limits["cpu"]) == float(theirs[f"{prefix}_CPUS"]), component
        assert mib(limits["memory"]) == mib(theirs[f"{prefix}_MEMORY"]), component
        assert cores(requests["cpu"]) == float(theirs[f"{prefix}_CPUS_RESERVED"]), component
    assert ours["elasticsearch"]["requests"]["memory"] == ours["elasticsearch"]["limits"]["memory"], "half is its heap"
    for role in ("broker", "journal", "cache"):
        limits = ours[f"redis-{role}"]["limits"]
        assert mib(limits["memory"]) == mib(theirs[f"REDIS_{role.upper()}_MEMORY"])
        assert cores(limits["cpu"]) == float(theirs["REDIS_CPUS"])
        assert ours["maxmemory"][role] == theirs[f"REDIS_{role.upper()}_MAXMEMORY"]


def test_ports_are_the_tables() -> None:
    wanted = {row.service: row.port for row in table()}
    found = {**pods("keda"), **pods("small")}
    for component, service in SERVICES.items():
        container = found[f"{FULL}-{component}"]["spec"]["containers"][0]
        assert [port["containerPort"] for port in container["ports"]] == [wanted[service]], component
    status = {port["name"]: port["containerPort"] for port in found[f"{FULL}-edge"]["spec"]["containers"][0]["ports"]}
    assert status["status"] == 8081
    assert 8081 in {row.port for row in table() if row.service == "nginx"}
    assert {port["port"] for port in of_kind("Service", "external")[f"{FULL}-edge"]["spec"]["ports"]} == {80, 443}


def test_images_and_commands_are_composes() -> None:
    services = compose()["services"]
    found = {**pods("keda"), **pods("small")}
    for component, service in SERVICES.items():
        container = found[f"{FULL}-{component}"]["spec"]["containers"][0]
        ours = container["image"].rpartition(":")[0].rpartition("/")[2]
        theirs = re.fullmatch(r"(?:\$\{IMAGE_PREFIX:-\})?([a-z-]+):.*", services[service]["image"])
        assert theirs is not None
        assert ours == theirs[1], component
        if "command" in services[service]:
            assert container["command"] == services[service]["command"], component
        account = int(services[service]["user"].partition(":")[0])
        assert found[f"{FULL}-{component}"]["spec"]["securityContext"]["runAsUser"] == account, component
    assert found[f"{FULL}-redis-broker"]["spec"]["containers"][0]["image"] == services["redis-broker"]["image"]
    migrate = next(pod for name, pod in found.items() if "-migrate-" in name)
    assert migrate["spec"]["containers"][0]["command"] == services["migrate"]["command"]


def test_the_edge_is_composes_nginx() -> None:
    text = (ROOT / "deploy" / "images" / "edge" / "Dockerfile").read_text()
    assert f"ARG NGINX_IMAGE={compose()['services']['nginx']['image']}\n" in text
    folders = re.findall(r"(?m)^COPY deploy/nginx/ /out(\S+)$", text)
    assert folders == ["/etc/legal-intake/nginx/"]
    assert compose()["services"]["nginx"]["entrypoint"] == [f"{folders[0]}start"]
    assert f'ENTRYPOINT ["{folders[0]}start"]' in text


def test_redis_has_the_same_files() -> None:
    ours, theirs = CHART / "files" / "redis", ROOT / "deploy" / "redis"
    assert {path.name for path in ours.iterdir() if path.is_file()} == {path.name for path in theirs.iterdir()}
    for path in theirs.iterdir():
        assert (ours / path.name).read_bytes() == path.read_bytes(), f"copy {path.name} again"
    config = of_kind("ConfigMap", "small")[f"{FULL}-redis"]
    assert config["data"] == {path.name: path.read_text() for path in theirs.iterdir()}
    three = of_kind("ConfigMap", "valkey")[f"{FULL}-redis"]
    more = {path.name: path.read_text() for path in (ours / "failover").iterdir()}
    assert three["data"] == {**config["data"], **more}


def test_our_processes_are_told_the_same_things() -> None:
    told = set(of_kind("ConfigMap", "external")[f"{FULL}-config"]["data"])
    services = compose()["services"]
    found = pods("external")
    for component in ("api", "worker", "audio-worker", "scheduler"):
        wanted = set(services[SERVICES[component]]["environment"])
        # Files for containers that are not in a cluster, and two that Compose alone lets one set.
        wanted -= {"DOMAINS_FILE", "EXPORTS_DIR", "EXPORT_HOURS", "JOURNAL_FULL_PERCENT", "WORKER_POLL_MS"}
        if component != "worker":
            wanted -= {"WORKER_THREADS"}
        here = told | set(environment(found[f"{FULL}-{component}"]))
        assert wanted <= here, component


def test_every_limit_of_nginx_can_be_set_by_its_name() -> None:
    known = set(
        re.findall(r"NGINX_((?:RATE|BURST|CONN)_[A-Z]+):=", (ROOT / "deploy/nginx/lib/settings.sh").read_text())
    )
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())
    names = schema["properties"]["edge"]["properties"]["limits"]["properties"]
    assert {re.sub(r"([A-Z])", r"_\1", name).upper() for name in names} == known
    assert environment(pods("keda")[f"{FULL}-edge"])["NGINX_RATE_GENERAL"] == "100r/s"
