"""The table of ports and names in docs/operations.md is true of docker-compose.yml, nginx and Prometheus."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    service: str
    port: int | None
    networks: frozenset[str]
    published: str
    profile: str


def table() -> list[Row]:
    text = (ROOT / "docs" / "operations.md").read_text()
    part = text[text.index("## Ports and names") :]
    rows = []
    for line in re.findall(r"^\| ([a-z].*) \|$", part[: part.index("\n## ", 10)], re.M):
        service, port, _, networks, published, profile = (cell.strip() for cell in line.split("|"))
        rows.append(Row(service, int(port) if port else None, frozenset(networks.split(", ")), published, profile))
    return rows


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def networks_of(service: dict[str, Any]) -> frozenset[str]:
    return frozenset(service["networks"])


def test_every_service_stands_in_the_table_and_no_other() -> None:
    assert {row.service for row in table()} == set(compose()["services"])


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row.service}-{row.port}")
def test_a_row_is_true(row: Row) -> None:
    service = compose()["services"][row.service]
    assert networks_of(service) == row.networks
    assert service.get("profiles", []) == ([row.profile] if row.profile else [])


def test_only_what_the_table_says_is_published() -> None:
    wanted = {row.port: row.published for row in table() if row.published}
    found = {}
    for name, service in compose()["services"].items():
        for text in service.get("ports", []):
            assert name == "nginx", f"{name} publishes {text}"
            published, _, port = text.rpartition(":")
            found[int(port)] = published
    assert set(found) == set(wanted)
    for port, published in found.items():
        for name, default in re.findall(r"\$\{([A-Z_]+):-([^}]+)\}", published):
            assert f"`{name}` ({default})" in wanted[port]


def test_internal_networks_have_no_way_out() -> None:
    networks = compose()["networks"]
    assert {name for name, network in networks.items() if (network or {}).get("internal")} == {"data", "observability"}


def test_prometheus_asks_the_ports_of_the_table() -> None:
    ports = {(row.service, row.port) for row in table()}
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    asked = set()
    for job in config["scrape_configs"]:
        for found in job.get("dns_sd_configs", []):
            asked |= {(name, found["port"]) for name in found["names"]}
    assert asked
    assert asked <= ports


def test_prometheus_is_in_a_network_with_whom_it_asks() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    services = compose()["services"]
    for job in config["scrape_configs"]:
        for found in job.get("dns_sd_configs", []):
            for name in found["names"]:
                assert networks_of(services[name]) & networks_of(services["prometheus"]), f"{name} cannot be reached"


def test_nginx_asks_the_ports_of_the_table() -> None:
    text = (ROOT / "deploy" / "nginx" / "lib" / "settings.sh").read_text()
    ports = {f"{row.service}:{row.port}" for row in table()}
    asked = set(re.findall(r"NGINX_(?:API|FRONTEND|GRAFANA|KIBANA):=([a-z]+:\d+)", text))
    assert len(asked) == 4
    assert asked <= ports


def test_urls_between_services_use_the_ports_of_the_table() -> None:
    rows = table()
    names = {row.service for row in rows}
    ports = {(row.service, row.port) for row in rows}
    text = re.sub(r"(?m)^.*image: .*$", "", (ROOT / "docker-compose.yml").read_text())
    for name, port in re.findall(r"[/@}]([a-z-]+)\}?:(\d{2,5})\b", text):
        if name in names:
            assert (name, int(port)) in ports, f"{name}:{port}"
