"""Secrets from files: NAME or NAME_FILE, never both, and a sentence when a file is of no use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from legal_intake.settings.env import secret, with_password

ROOT = Path(__file__).resolve().parents[2]


def test_a_file_holds_the_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("  from the file\n")
    assert secret("A_TOKEN", "default") == "default"
    monkeypatch.setenv("A_TOKEN_FILE", str(tmp_path / "token"))
    assert secret("A_TOKEN", "default") == "from the file"
    monkeypatch.setenv("A_TOKEN", "from the environment")
    with pytest.raises(ImproperlyConfigured, match="A_TOKEN and A_TOKEN_FILE are both set"):
        secret("A_TOKEN")
    monkeypatch.delenv("A_TOKEN_FILE")
    assert secret("A_TOKEN") == "from the environment"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), ("\n", "is empty"), (b"\xff\xfe", "cannot be read")]
)
def test_a_file_of_no_use_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | bytes | None, said: str
) -> None:
    file = tmp_path / "token"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        file.write_text(content)
    monkeypatch.setenv("A_TOKEN_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match=f"A_TOKEN_FILE is {file}, which {said}"):
        secret("A_TOKEN")


@pytest.mark.parametrize(
    ("url", "password", "expected"),
    [
        ("redis://redis-journal:6379/0", "p/ss@word", "redis://:p%2Fss%40word@redis-journal:6379/0"),
        ("postgresql://legal_intake@postgres:5432/x?sslmode=disable", "s", "postgresql://legal_intake:s@postgres:5432/x?sslmode=disable"),
        ("redis://:mine@host/0", "other", "redis://:mine@host/0"),
        ("redis://host/0", "", "redis://host/0"),
    ],
)  # fmt: skip
def test_a_url_gets_the_password_that_it_lacks(url: str, password: str, expected: str) -> None:
    assert with_password(url, password) == expected


def test_settings_fill_the_urls_from_files(tmp_path: Path) -> None:
    environment = {"ENVIRONMENT": "production", "DATA_DIR": str(tmp_path)}
    for name in ("SECRET_KEY", "DATABASE_PASSWORD", "REDIS_PASSWORD", "METRICS_TOKEN"):
        (tmp_path / name).write_text(f"the {name}\n")
        environment[f"{name}_FILE"] = str(tmp_path / name)
    environment |= {
        "DATABASE_URL": "postgresql://legal_intake@db:5432/legal_intake",
        "REDIS_CACHE_URL": "redis://cache/0",
    }
    code = (
        "import json; from legal_intake.settings import base as s; "
        "print(json.dumps([s.SECRET_KEY, s.DATABASES['default']['PASSWORD'], s.REDIS_CACHE_URL, s.METRICS_TOKEN]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [
        "the SECRET_KEY", "the DATABASE_PASSWORD", "redis://:the%20REDIS_PASSWORD@cache/0", "the METRICS_TOKEN",
    ]  # fmt: skip


def test_how_the_database_wants_tls_reaches_every_connection(tmp_path: Path) -> None:
    """Django's own, and those that hold locks: who dropped it would speak plainly to whoever answers."""
    environment = {"ENVIRONMENT": "production", "DATA_DIR": str(tmp_path), "SECRET_KEY": "x", "METRICS_TOKEN": "x"}
    environment["DATABASE_URL"] = "postgresql://a@db:5432/x?sslmode=verify-full&sslrootcert=/run/secrets/database_ca"
    code = (
        "import json, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'legal_intake.settings.base'; import django; "
        "django.setup(); from django.db import connection; from tenants import plain_connection, quick_look; "
        "found = [connection.get_connection_params(), plain_connection.parameters(), quick_look._parameters()]; "
        "print(json.dumps([[one['sslmode'], one['sslrootcert']] for one in found]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["verify-full", "/run/secrets/database_ca"]] * 3


@pytest.mark.parametrize("module", ["legal_intake.worker", "legal_intake.voice_pool", "legal_intake.server"])
def test_a_process_without_its_secret_says_so_in_a_sentence(module: str, tmp_path: Path) -> None:
    environment = {"DATA_DIR": str(tmp_path), "REDIS_PASSWORD_FILE": "/run/secrets/nowhere"}
    done = subprocess.run(
        [sys.executable, "-m", module], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Refusing to start: REDIS_PASSWORD_FILE is /run/secrets/nowhere, which cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
