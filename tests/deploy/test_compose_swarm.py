"""The Swarm file: made from docker-compose.yml, with nothing in it that Swarm would not do as it is meant."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.compose_house import ROOT, services


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("swarm_generate", ROOT / "deploy/swarm/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _load()
MADE: dict[str, Any] = yaml.safe_load(generate.render())


def test_every_service_is_in_it_but_those_that_cannot_be() -> None:
    assert MADE["services"].keys() == services().keys() - generate.LEFT_OUT


def test_nothing_in_it_would_be_ignored_without_a_word() -> None:
    for name, service in MADE["services"].items():
        assert not service.keys() & set(generate.DROPPED), name
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
        assert service["deploy"]["restart_policy"]["condition"] == ("on-failure" if name == "migrate" else "any")


def test_secrets_belong_to_the_account_that_reads_them() -> None:
    for name, service in MADE["services"].items():
        user = services()[name]["user"].split(":")[0]
        assert all(secret["uid"] == user and secret["mode"] == 0o440 for secret in service.get("secrets", [])), name


def test_what_keeps_data_stays_on_its_machine_and_what_scales_is_seen_one_by_one() -> None:
    for name in ("postgres", "redis-broker", "redis-journal", "backup", "api"):
        assert MADE["services"][name]["deploy"]["placement"] == {"constraints": [generate.NEEDS_THE_DATA_NODE]}
    for name in ("api", "audio_worker", "worker"):
        assert MADE["services"][name]["deploy"]["endpoint_mode"] == "dnsrr"
    assert MADE["services"]["nginx"]["deploy"]["endpoint_mode"] == "vip"


def test_the_dashboards_are_not_published_to_everybody() -> None:
    assert len(MADE["services"]["nginx"]["ports"]) == 2
    assert "3001" not in str(MADE["services"]["nginx"]["ports"])


def test_docker_takes_it(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("docker is not here")
    folder = tmp_path / "deploy" / "swarm"
    folder.mkdir(parents=True)
    (folder / "stack.yml").write_text(generate.render())
    names = {"OPERATOR_HOST", "BASE_DOMAIN", "TRUSTED_PROXIES", "DATABASE_URL"}
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **dict.fromkeys(names, "example.org")}
    command = [docker, "stack", "config", "-c", str(folder / "stack.yml")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if "is not a docker command" in done.stderr or "unknown command" in done.stderr:
        pytest.skip("this docker knows no `stack config`")
    assert done.returncode == 0, done.stderr
    taken = yaml.safe_load(done.stdout)
    assert taken["services"].keys() == MADE["services"].keys()
    assert "nsupported" not in done.stderr
    assert "gnoring" not in done.stderr
