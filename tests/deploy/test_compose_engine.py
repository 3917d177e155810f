"""`docker compose config` takes the file: with every profile, alone and together, with either preset."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.compose_house import PRESETS, ROOT, services, size

PROFILES = sorted({profile for service in services().values() for profile in service.get("profiles", [])})


def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    docker = shutil.which("docker") or "docker"
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_CONFIG") if name in os.environ}
    environment["DOMAIN"] = "intake.example.org"
    return subprocess.run(
        [docker, "compose", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module", autouse=True)
def _compose_is_here() -> None:
    try:
        found = compose("version")
    except FileNotFoundError:
        pytest.skip("docker is not here")
    if found.returncode:
        pytest.skip("docker compose is not here")


def config(*arguments: str) -> dict[str, Any]:
    done = compose("--env-file", "/dev/null", *arguments, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "is not set" not in done.stderr, "a variable without a default"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("profile", ["", *PROFILES, "*"])
def test_every_profile_alone_and_all_together(profile: str) -> None:
    found = config(*(("--profile", profile) if profile else ()))["services"]
    wanted = {
        name for name, service in services().items()
        if profile == "*" or profile in service.get("profiles", [profile])
    }  # fmt: skip
    assert found.keys() == wanted
    if profile in ("", "*"):
        assert found["api"]["environment"]["OPERATOR_HOST"] == "admin.intake.example.org"
        assert found["api"]["environment"]["TRUSTED_PROXIES"] == "10.203.1.0/24"


@pytest.mark.parametrize("preset", ["standard", "small"])
def test_either_preset(preset: str, tmp_path: Path) -> None:
    done = compose(
        "--env-file", str(PRESETS / f"{preset}.env"), "--profile", "*", "config", "--format", "json"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["services"]
    memory = {"standard": "4g", "small": "640m"}[preset]
    assert int(found["api"]["deploy"]["resources"]["limits"]["memory"]) == size(memory)


def test_development_too() -> None:
    found = config("-f", "docker-compose.dev.yml")["services"]
    assert found.keys() == services("docker-compose.dev.yml").keys()
