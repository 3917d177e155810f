"""docker-compose.yml: what every service has, who meets whom, and what is open."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.deploy.compose_house import ROOT, filled, services, stack

SERVICES = services()
ONE_SHOT = {"migrate"}
#: Root, with the one capability that reads Docker's log files (deploy/fluent-bit/README.md).
ROOT_USERS = {"fluent-bit": ["DAC_READ_SEARCH"]}
PROFILES = {
    "models": {"models"},
    "postgres-standby": {"ha"},
    "pgbouncer": {"pooler"},
    "certbot": {"tls"},
    "fluent-bit": {"logs"},
    **{name: {"search"} for name in ("elasticsearch", "kibana", "elasticsearch-exporter")},
    **{
        name: {"monitoring"} for name in (
            "prometheus", "alertmanager", "grafana", "postgres-exporter", "redis-exporter", "node-exporter",
            "blackbox-exporter", "nginx-exporter",
        )
    },
}  # fmt: skip
SMALL_OFFICE = {
    "nginx", "frontend", "api", "worker", "audio_worker", "scheduler", "migrate", "postgres", "redis-broker",
    "redis-journal", "redis-cache", "backup",
}  # fmt: skip
every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def test_profiles_leave_a_small_office_without_search_and_dashboards() -> None:
    assert {name: set(service["profiles"]) for name, service in SERVICES.items() if "profiles" in service} == PROFILES
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == SMALL_OFFICE


@every_service
def test_a_container_has_nothing_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == ROOT_USERS.get(name, [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    user = service["user"].split(":")[0]
    assert user.isdigit(), "an image's own idea of its user is not enough"
    assert (user == "0") == (name in ROOT_USERS)
    assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")
    assert re.fullmatch(r"\d+s", service["stop_grace_period"])


@every_service
def test_logs_are_json_and_rotate(name: str) -> None:
    logging = SERVICES[name]["logging"]
    assert logging["driver"] == "json-file"
    assert {"max-size", "max-file"} <= logging["options"].keys()


@every_service
def test_limits_come_from_the_preset(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    assert limits["pids"] > 0
    for value in (limits["cpus"], limits["memory"]):
        assert re.fullmatch(r"\$\{[A-Z_]+:-[0-9.]+[mg]?\}", value), value


@every_service
def test_a_health_check_asks_the_thing_itself(name: str) -> None:
    service = SERVICES[name]
    if name in ONE_SHOT:
        assert "healthcheck" not in service
        return
    check = service["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert not re.search(r"\btrue\b|exit 0|pgrep|\bps\b|--version", " ".join(check["test"]))
    assert check["retries"] >= 2
    assert check["timeout"].endswith("s")
    assert check["start_period"].endswith("s")


@every_service
def test_images_are_pinned_by_version(name: str) -> None:
    image = SERVICES[name]["image"]
    if image.startswith("${IMAGE_PREFIX:-}legal-intake") and name != "pgbouncer":  # that has a tag of its own
        assert image.endswith(":${VERSION:-dev}")
        return
    repository, _, tag = image.rpartition(":")
    assert repository
    assert re.match(r"v?\d+\.\d+", tag), f"{image}: a version, not a moving name"
    assert "@" not in image


def test_only_nginx_is_published() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx"}
    published = [filled(port, {}) for port in SERVICES["nginx"]["ports"]]
    assert published == ["80:80", "443:443", "127.0.0.1:3001:3001"]
    assert not any("network_mode" in service or "container_name" in service for service in SERVICES.values())


def test_networks_and_who_is_in_them() -> None:
    networks = stack()["networks"]
    assert {name for name, network in networks.items() if network.get("internal")} == {"data", "observability"}
    members = {net: {name for name, s in SERVICES.items() if net in s["networks"]} for net in networks}
    assert members["edge"] == {"nginx", "certbot"}
    assert members["app"] == {"nginx", "frontend", "api"}
    assert members["outside"] == {"alertmanager", "backup", "certbot", "worker", "scheduler"}
    assert "nginx" not in members["data"]
    assert "frontend" not in members["data"]
    with_way_out = members["edge"] | members["app"] | members["outside"]
    assert not with_way_out & {"postgres", "redis-broker", "redis-journal", "redis-cache", "audio_worker"}


def test_nobody_but_nginx_s_network_is_believed() -> None:
    subnet = stack()["networks"]["app"]["ipam"]["config"][0]["subnet"]
    told = SERVICES["api"]["environment"]["TRUSTED_PROXIES"]
    assert filled(told, {}) == filled(subnet, {})
    assert filled(told, {"APP_SUBNET": "192.0.2.0/28"}) == "192.0.2.0/28"


@every_service
def test_what_a_service_waits_for_is_there_without_more_profiles(name: str) -> None:
    service = SERVICES[name]
    ours = set(service.get("profiles", []))
    for other, how in service.get("depends_on", {}).items():
        assert how["condition"] in ("service_healthy", "service_completed_successfully")
        assert (how["condition"] == "service_completed_successfully") == (other in ONE_SHOT)
        assert set(SERVICES[other].get("profiles", [])) <= ours


def test_nothing_waits_in_a_circle() -> None:
    def reach(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        for other in SERVICES[name].get("depends_on", {}):
            reach(other, (*path, name))

    for name in SERVICES:
        reach(name, ())


def secret_names(service: dict[str, Any]) -> set[str]:
    return {secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", [])}


@every_service
def test_secrets_are_files_that_the_container_s_user_can_read(name: str) -> None:
    service = SERVICES[name]
    assert secret_names(service) <= stack()["secrets"].keys()
    if secret_names(service) and service["user"] not in ("10001:10001", "0:0"):
        assert service["group_add"] == ["10001"]
    for key, value in (service.get("environment") or {}).items():
        if re.search(r"PASSWORD|SECRET|TOKEN(?!S$)|_KEY$|WEBHOOK(?!_NETWORKS)", key):
            assert key.endswith("_FILE"), f"{key}: a secret's value has no place in an environment"
            assert str(value).startswith("/run/secrets/")


def test_every_secret_is_used_and_lies_in_one_folder() -> None:
    used = set().union(*(secret_names(service) for service in SERVICES.values()))
    assert used == stack()["secrets"].keys()
    for name, secret in stack()["secrets"].items():
        assert secret == {"file": f"${{SECRETS_DIR:-./deploy/secrets}}/{name}"}
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def mounts(service: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found = []
    for volume in service.get("volumes", []):
        if isinstance(volume, str):
            source, target, *mode = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", volume).split(":")
            found.append((source, target, mode == ["ro"]))
        else:
            found.append((volume["source"], volume["target"], bool(volume.get("read_only"))))
    return found


def test_volumes_are_named_and_folders_of_ours_are_read_only() -> None:
    named = set()
    for name, service in SERVICES.items():
        for source, _target, read_only in mounts(service):
            if source.startswith("./"):
                assert read_only, f"{name}: {source} can be written"
                assert (ROOT / source).exists(), f"{name}: {source} is not there"
            elif source.startswith("/"):
                assert read_only, f"{name}: {source} of the machine can be written"
            else:
                named.add(source)
    assert named == stack()["volumes"].keys()


@pytest.mark.parametrize(
    ("role", "policy"), [("broker", "noeviction"), ("journal", "noeviction"), ("cache", "allkeys-lru")]
)
def test_redis_in_its_three_roles(role: str, policy: str) -> None:
    service = SERVICES[f"redis-{role}"]
    assert service["environment"]["ROLE"] == role
    lines = (ROOT / "deploy/redis" / f"{role}.conf").read_text().splitlines()
    settings = dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))
    assert settings["maxmemory-policy"] == policy
    assert settings["appendonly"] == ("no" if role == "cache" else "yes")
    assert settings.get("appendfsync") == {"broker": "everysec", "journal": "always"}.get(role)
    assert settings.get("no-appendfsync-on-rewrite", "no") == "no"
    assert (f"redis-{role}:/data" in service["volumes"]) == (role != "cache")
    assert filled(SERVICES["api"]["environment"][f"REDIS_{role.upper()}_URL"], {}) == f"redis://redis-{role}:6379/0"


def test_our_processes_leave_signs_of_life_and_metrics() -> None:
    for name in ("worker", "audio_worker", "scheduler"):
        environment = SERVICES[name]["environment"]
        assert environment["HEARTBEAT_FILE"] == "/tmp/heartbeat"
        assert environment["METRICS_PORT"] == "9200"
        assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "python", "-m", "legal_intake.healthcheck", name]
    drain = int(SERVICES["api"]["environment"]["DRAIN_SECONDS"])
    assert drain + 5 < int(SERVICES["api"]["stop_grace_period"].removesuffix("s"))


def test_development_listens_on_this_machine_alone_and_reloads() -> None:
    development = services("docker-compose.dev.yml")
    for name, service in development.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert name == "prepare" or "healthcheck" in service, name
        assert service["cap_drop"] == ["ALL"]
    assert filled(development["web"]["ports"][0], {}) == "127.0.0.1:3000:3000"
    assert filled(development["api"]["ports"][0], {}) == "127.0.0.1:8000:8000"
    for name in ("api", "worker", "audio_worker", "scheduler"):
        assert development[name]["command"][:3] == ["python", "-m", "legal_intake.reload"]
    assert {"./legal_intake:/app/legal_intake:ro", "./tenants:/app/tenants:ro"} <= set(development["api"]["volumes"])
    images = {service["image"] for service in services().values()}
    for service in development.values():
        assert "build" in service or service["image"] in images, "development runs the versions of production"
