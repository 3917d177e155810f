# ruff: noqa: E501 - sentences are asked for as they are said
"""A copy of deploy.sh in a folder of its own, with programs of the border beside it: a fake `docker` that records (see
tests/deploy/fake/docker), and `getent`, `curl`, `lscpu`, `df` that answer what a test wants.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FAKE = ROOT / "tests" / "deploy" / "fake"
GIB = 1024**3
PORTS = "HTTP_PORT=18480\nHTTPS_PORT=18443\n"  # nothing listens there in tests
ENV = "DOMAIN=intake.smith-law.com\nPRESET=small\n" + PORTS

PROGRAMS = {
    "getent": '#!/bin/sh\nhost=$2\ncase "$host" in\n*missing*) exit 2 ;;\n*) echo "127.0.0.1 STREAM $host" ;;\nesac\n',
    "curl": '#!/bin/sh\nprintf %s "${FAKE_STATUS:-200}"\n',
    "lscpu": '#!/bin/sh\necho "Flags: fpu sse4_2 ${FAKE_FLAGS-avx avx2}"\n',
    # Whatever listens on the machine that runs the tests is none of theirs.
    "ss": '#!/bin/sh\ncase "$*" in *":${FAKE_TAKEN:-none}"*) echo \'LISTEN 0 9 *:1 *:* users:(("other",pid=7,fd=3))\' ;; esac\n',
    "df": '#!/bin/sh\nprintf " Avail\\n%s\\n" "${FAKE_FREE_GB:-700}"\n',
}


@dataclass
class Ran:
    """What a run of deploy.sh did."""

    status: int
    out: str
    err: str
    calls: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        return [line.removeprefix("error: ") for line in self.err.splitlines() if line.startswith("error: ")]


class House:
    """The folder, the fake engine's state, and a way to run."""

    def __init__(self, folder: Path, *, like: House | None = None) -> None:
        self.root = folder / "checkout"
        self.engine = folder / "engine"
        self.bin = folder / "bin"
        if like:
            for part in ("checkout", "engine", "bin"):
                shutil.copytree(like.root.parent / part, folder / part)
            self.load()
            return
        for part in ("deploy/lib", "deploy/steps", "deploy/presets", "deploy/backup"):
            shutil.copytree(ROOT / part, self.root / part)
        for name in ("deploy.sh", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root / name)
        (self.root / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "images", self.root / "scripts" / "images")
        for name in ("backup",):
            (self.root / "deploy" / "images" / name).mkdir(parents=True)
            (self.root / "deploy" / "images" / name / "Dockerfile").touch()
        (self.root / "deploy" / "nginx").mkdir()
        (self.root / "deploy" / "nginx" / "site.conf").write_text("one\n")
        shutil.copy(FAKE / "stack.yml", self.root / "docker-compose.yml")
        self.env(ENV)
        self._programs()
        self.engine.mkdir()
        self.state: dict[str, Any] = {
            "engine": "28.2.2", "compose_version": "2.39.1", "info": f"8|{32 * GIB}|/var/lib/docker",
            "containers": [], "volumes": [], "subnet": "10.203.1.0/24", "rules": [], "sick": [], "counter": 0,
            "unpullable": [], "answers": [], "migrate_says": "3 migrated, 2 were up to date.",
            "images": {name: f"sha256:{name}" for name in (
                "nginx:1.30.5", "postgres:18.6-bookworm", "redis:8.2.9-bookworm", "certbot/certbot:v5.7.0")},
        }  # fmt: skip
        self.save()

    def _programs(self) -> None:
        self.bin.mkdir()
        text = (FAKE / "docker").read_text().split("\n", 1)[1]
        (self.bin / "docker").write_text(f"#!{Path(sys.executable).resolve()} -SE\n{text}")
        for name, program in PROGRAMS.items():
            (self.bin / name).write_text(program)
        for program_file in self.bin.iterdir():
            program_file.chmod(0o755)

    def env(self, text: str) -> None:
        (self.root / ".env").write_text(text)

    def save(self) -> None:
        (self.engine / "state.json").write_text(json.dumps(self.state))

    def load(self) -> dict[str, Any]:
        self.state = json.loads((self.engine / "state.json").read_text())
        return self.state

    def change(self, **changes: Any) -> None:
        self.load().update(changes)
        self.save()

    def run(self, *arguments: str, **environment: str) -> Ran:
        """deploy.sh in a session of its own, so that a Ctrl-C in it reaches it and nobody else."""
        (self.engine / "calls").unlink(missing_ok=True)
        kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
        ran = subprocess.run(
            ["bash", str(self.root / "deploy.sh"), *arguments],
            env=kept | {"PATH": f"{self.bin}:{os.environ['PATH']}", "FAKE_DOCKER": str(self.engine),
                        "DEPLOY_SETTLE_SECONDS": "0", "DEPLOY_WAIT_SECONDS": "2", **environment},
            capture_output=True, text=True, timeout=100, check=False, start_new_session=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        calls = self.engine / "calls"
        self.load()
        return Ran(ran.returncode, ran.stdout, ran.stderr, calls.read_text().splitlines() if calls.exists() else [])

    def deployed(self, version: str = "1") -> Ran:
        """A first deploy, which must end well."""
        ran = self.run(VERSION=version)
        assert ran.status == 0, ran.err
        return ran

    def running(self, service: str | None = None) -> Counter[tuple[str, str]]:
        """(service, image) -> how many containers run."""
        return Counter(
            (c["service"], c["image"])
            for c in self.state["containers"]
            if c["state"] == "running" and service in (None, c["service"])
        )

    def kept(self) -> dict[str, str]:
        """Everything that must be as before when a command did not end well."""
        files = [self.root / ".env", self.root / ".deploy" / "state"]
        return {str(file): file.read_text() for file in files if file.exists()} | {
            "page": str((self.root / "deploy" / "maintenance" / "on").exists())
        }


_deployed: House | None = None


def deployed_house(folder: Path) -> House:
    """A house whose first deploy (release 1) has ended well: made once, then copied."""
    global _deployed
    if _deployed is None:
        house = House(Path(tempfile.mkdtemp(prefix="deploy-house-")))
        atexit.register(shutil.rmtree, house.root.parent, ignore_errors=True)
        house.deployed()
        _deployed = house
    return House(folder, like=_deployed)
