"""Production refuses to start unsafely, in sentences; `check --deploy` agrees."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "ENVIRONMENT": "production",
    "DEBUG": "0",
    "SECRET_KEY": "kJ8#" * 20 + "xyz0123",
    "OPERATOR_HOST": "admin.example.org",
    "BASE_DOMAIN": "intake.example.org",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "MASTER_KEY": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
    "DATABASE_URL": "postgresql://127.0.0.1:1/none",
    "DATA_DIR": "/nonexistent",
}


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **SAFE, **changes}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, env=environment, check=False, timeout=60
    )


def test_check_deploy_is_clean() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "INFO")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


UNSAFE = {
    "DEBUG": "1",
    "SECRET_KEY": "insecure-development-key",
    "EMBEDDED_SERVERS": "1",
    "OPERATOR_HOST": "",
    "BASE_DOMAIN": "",
    "TRUSTED_PROXIES": "",
    "MASTER_KEY": "",
    "ASSETS_ORIGIN": "cdn.example.org/assets",
}


@pytest.mark.parametrize("name", UNSAFE)
def test_each_unsafe_setting_stops_the_server(name: str) -> None:
    done = run("-m", "legal_intake.server", "--port", "0", **{name: UNSAFE[name]})
    assert done.returncode == 1
    assert name.replace("EMBEDDED_SERVERS", "embedded servers") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("program", ["server", "worker", "voice_worker", "scheduler"])
def test_every_program_refuses_and_says_everything_at_once(program: str) -> None:
    done = run("-m", f"legal_intake.{program}", **UNSAFE)
    assert done.returncode == 1
    for word in ("DEBUG", "SECRET_KEY", "embedded", "OPERATOR_HOST", "BASE_DOMAIN", "TRUSTED_PROXIES", "MASTER_KEY"):
        assert word in done.stderr


@pytest.mark.parametrize(
    ("key", "said"),
    [("bm90IDMyIGJ5dGVz", "MASTER_KEY"), ("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", "not the one")],
)
def test_a_wrong_master_key_stops_start_up(key: str, said: str) -> None:
    development = {"ENVIRONMENT": "development", "DATABASE_URL": os.environ["DATABASE_URL"], "MASTER_KEY": key}
    done = run("-m", "legal_intake.worker", **development)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
