"""The scripts that start Redis and PostgreSQL, and the one that promotes, with stand-ins for what they call."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.compose_house import ROOT

REDIS = ROOT / "deploy/redis/start.sh"
POSTGRES = ROOT / "deploy/postgres"


def program(folder: Path, name: str, text: str) -> None:
    """A program of this name, first in the PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/bash\n{text}\n")
    (folder / name).chmod(0o755)


def start(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(command, env={"PATH": path, **environment}, capture_output=True, text=True, check=False)


@pytest.fixture
def redis(tmp_path: Path) -> Path:
    program(tmp_path / "bin", "redis-server", 'stat -c %a "$1"; cat "$1"')
    (tmp_path / "secret").write_text("abc-123_X\n")
    return tmp_path


def test_redis_gets_its_role_its_limit_and_its_password_in_a_private_file(redis: Path) -> None:
    done = start(["sh", str(REDIS)], redis, ROLE="journal", MAXMEMORY="96mb", REDIS_PASSWORD_FILE=str(redis / "secret"))
    assert done.returncode == 0, done.stderr
    mode, *lines = done.stdout.splitlines()
    assert int(mode, 8) == stat.S_IRUSR | stat.S_IWUSR
    assert {"appendfsync always", "maxmemory 96mb", "requirepass abc-123_X", "maxmemory-policy noeviction"} <= set(
        lines
    )


@pytest.mark.parametrize(
    ("role", "content", "said"),
    [
        ("clerk", "good", "ROLE is 'clerk': set it to broker, journal or cache."),
        ("cache", None, "cannot be read"),
        ("cache", "", "is empty"),
        ("cache", "with space", "holds other characters"),
    ],
)
def test_redis_says_what_is_wrong(redis: Path, role: str, content: str | None, said: str) -> None:
    (redis / "secret").unlink()
    if content is not None:
        (redis / "secret").write_text(content)
    done = start(["sh", str(REDIS)], redis, ROLE=role, REDIS_PASSWORD_FILE=str(redis / "secret"))
    assert done.returncode == 1
    assert said in done.stderr
    assert content is None or len(content) < 3 or content not in done.stderr


def test_postgres_starts_as_the_primary_that_it_is(tmp_path: Path) -> None:
    program(tmp_path / "bin", "docker-entrypoint.sh", 'echo "$@"')
    done = start(["bash", str(POSTGRES / "start.sh"), "postgres", "-cx=1"], tmp_path, NAME="postgres")
    assert (done.returncode, done.stdout) == (0, "postgres -cx=1\n")
    wrong = start(["bash", str(POSTGRES / "start.sh"), "postgres"], tmp_path, NAME="postgres", POSTGRES_PRIMARY="mine")
    assert wrong.returncode == 1
    assert "POSTGRES_PRIMARY is 'mine'" in wrong.stderr


DOCKER = r"""
echo "$*" >>"$NOTES"
case "$*" in
    *pg_is_in_recovery*) echo "$RECOVERY" ;;
    *pg_last_wal_receive_lsn*) echo 0/3000000 ;;
    *pg_controldata*) echo "$LAST" ;;
    *pg_promote*) echo t ;;
    *::pg_lsn*) [[ $LAST > 0/3000000 ]] && echo f || echo t ;;
    *'ps --services'*) printf 'api\nnginx\nworker\n' ;;
esac
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    program(tmp_path / "bin", "docker", DOCKER)
    (tmp_path / "env").write_text("DOMAIN=intake.example.org\n")
    return tmp_path


def promote(
    house: Path, *arguments: str, recovery: str = "t", last: str = "0/2FFFF98"
) -> subprocess.CompletedProcess[str]:
    return start(
        [str(POSTGRES / "promote.sh"), *arguments], house,
        ENV_FILE=str(house / "env"), NOTES=str(house / "notes"), RECOVERY=recovery, LAST=last,
    )  # fmt: skip


def test_promotion_stops_the_old_one_first_and_remembers_the_new_one(house: Path) -> None:
    done = promote(house)
    assert done.returncode == 0, done.stderr
    assert (house / "env").read_text() == "DOMAIN=intake.example.org\nPOSTGRES_PRIMARY=postgres-standby\n"
    calls = (house / "notes").read_text().splitlines()
    order = [
        next(i for i, call in enumerate(calls) if part in call) for part in ("stop postgres", "pg_promote", "up -d")
    ]
    assert order == sorted(order)
    assert any(call.endswith("up -d --wait --no-deps api worker") for call in calls), calls
    (house / "notes").unlink()
    assert promote(house).returncode == 0
    assert (house / "env").read_text().endswith("POSTGRES_PRIMARY=postgres\n"), "the way back is the same command"


@pytest.mark.parametrize(
    ("last", "said"), [("0/4000000", "has received up to 0/3000000"), ("", "cannot say how far it was")]
)
def test_promotion_refuses_to_lose_anything_unless_forced(house: Path, last: str, said: str) -> None:
    done = promote(house, last=last)
    assert done.returncode == 1
    assert said in done.stderr
    assert "pg_promote" not in (house / "notes").read_text()
    assert "POSTGRES_PRIMARY" not in (house / "env").read_text()
    assert promote(house, "--force", last=last).returncode == 0


def test_promotion_needs_a_standby_and_known_words(house: Path) -> None:
    done = promote(house, recovery="f")
    assert done.returncode == 1
    assert "postgres-standby is no running standby" in done.stderr
    assert promote(house, "--now").returncode == 2
    (house / "env").write_text("POSTGRES_PRIMARY=elsewhere\n")
    assert "set it to postgres or postgres-standby" in promote(house).stderr
