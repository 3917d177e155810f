"""The container engine, as the tests see it: one Compose project, its containers, their processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class EngineError(AssertionError):
    """A command of the engine failed; the text is its own."""


def run(
    command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None, seconds: float = 120,
    check: bool = True, text: str | None = None,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """A program to its end, its words kept. Raises EngineError with them when it fails and `check`."""
    try:
        done = subprocess.run(
            command, cwd=cwd, env={**os.environ, **(env or {})}, input=text, capture_output=True, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise EngineError(f"{' '.join(command)} took more than {seconds:.0f} s") from late
    if check and done.returncode:
        said = (done.stderr or done.stdout)[-3000:]
        raise EngineError(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return done


def wait_until(what: str, condition: Callable[[], Any], seconds: float, pause: float = 0.5) -> float:
    """Until `condition` holds; the seconds it took. Raises EngineError that names what never came."""
    began = time.monotonic()
    last: BaseException | None = None
    while time.monotonic() - began < seconds:
        try:
            if condition():
                return time.monotonic() - began
            last = None
        except Exception as error:
            last = error
        time.sleep(pause)
    raise EngineError(f"not within {seconds:.0f} s: {what}" + (f" ({type(last).__name__}: {last})" if last else ""))


@dataclass(frozen=True)
class Container:
    """One container of the project."""

    id: str
    name: str
    service: str
    state: str
    health: str
    exit_code: int
    image: str

    @property
    def details(self) -> dict[str, Any]:
        """`docker inspect`."""
        found: list[dict[str, Any]] = json.loads(run(["docker", "inspect", self.id]).stdout)
        return found[0]

    @property
    def placeholder(self) -> bool:
        """Whether a page that says "stand-in" runs here instead of the program."""
        image = json.loads(run(["docker", "image", "inspect", self.details["Image"]]).stdout)[0]
        labels = (image["Config"].get("Labels") or {}) | (self.details["Config"].get("Labels") or {})
        return labels.get("standin.placeholder") == "true"

    @property
    def ready(self) -> bool:
        """Healthy; running, where it has no health check; or done well, where it is a one-shot."""
        if self.state == "exited":
            return self.exit_code == 0
        return self.state == "running" and self.health in ("", "healthy")


class Project:
    """A Compose project in a folder of its own."""

    def __init__(
        self, root: Path, name: str, files: Iterable[str] = (), profiles: Iterable[str] = (),
        env_file: Path | None = None,
    ) -> None:  # fmt: skip
        self.root, self.name = root, name
        self.base = ["docker", "compose", "--progress", "quiet", "-p", name]
        if env_file is not None:  # without one: the folder's .env, as deploy.sh leaves it
            self.base += ["--env-file", str(env_file)]
        for file in files:
            self.base += ["-f", file]
        for profile in profiles:
            self.base += ["--profile", profile]

    def compose(
        self, *arguments: str, seconds: float = 300, check: bool = True, text: str | None = None,
        env: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """One command of `docker compose`."""
        return run([*self.base, *arguments], cwd=self.root, seconds=seconds, check=check, text=text, env=env)

    def config(self) -> dict[str, Any]:
        """The file as the engine understands it."""
        found: dict[str, Any] = json.loads(self.compose("config", "--format", "json").stdout)
        return found

    def containers(self, service: str | None = None) -> list[Container]:
        """All of them, also those that ended; of one service when it is named."""
        lines = self.compose("ps", "--all", "--format", "json", *([service] if service else [])).stdout
        found = []
        for line in lines.splitlines():
            each = json.loads(line)
            found.append(
                Container(
                    each["ID"], each["Name"], each["Service"], each["State"], each.get("Health", ""),
                    each["ExitCode"], each["Image"],
                )
            )  # fmt: skip
        return sorted(found, key=lambda container: container.name)

    def only(self, service: str) -> Container:
        """The running container of a service; the first when there are more."""
        for container in self.containers(service):
            if container.state == "running":
                return container
        raise EngineError(f"no container of {service} runs")

    def execute(
        self, service: str, *command: str, seconds: float = 120, check: bool = True, text: str | None = None
    ) -> str:
        """A program inside a container, its standard output; `text` is its standard input."""
        return self.compose("exec", "-T", service, *command, seconds=seconds, check=check, text=text).stdout

    def logs(self, service: str, lines: int = 60) -> str:
        """The last lines of a service."""
        done = self.compose("logs", "--no-log-prefix", "--tail", str(lines), service, check=False)
        return (done.stdout + done.stderr)[-6000:]

    def wait_ready(self, services: Iterable[str], seconds: float) -> float:
        """Until every container of these services is ready. Names those that are not, with their last words."""
        wanted = set(services)

        def missing() -> list[str]:
            found = self.containers()
            there = {container.service for container in found}
            late = [f"{c.service} ({c.state} {c.health})" for c in found if c.service in wanted and not c.ready]
            return late + [f"{service} (not there)" for service in sorted(wanted - there)]

        try:
            return wait_until("ready", lambda: not missing(), seconds, pause=1)
        except EngineError:
            late = missing()
            if not late:
                return seconds
            words = "\n".join(f"--- {name}\n{self.logs(name.partition(' ')[0], 25)}" for name in late[:4])
            raise EngineError(f"not ready after {seconds:.0f} s: {', '.join(late)}\n{words}") from None

    def down(self) -> None:
        """Everything of the project, its volumes too."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5", seconds=180, check=False)


def main_process(container: Container) -> int:
    """The process number, on this machine, of a container's first real process: below the init, where there is one."""
    first = int(container.details["State"]["Pid"])
    if not first:
        raise EngineError(f"{container.name} does not run")
    name = Path(f"/proc/{first}/comm").read_text().strip()
    if name in ("docker-init", "tini", "tini-static", "dumb-init"):
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        if children:
            return int(children[0])
    return first


def kill_process(container: Container) -> None:
    """kill -9 of what runs in a container: a crash. `docker kill` would count as wanted and not be restarted."""
    os.kill(main_process(container), signal.SIGKILL)


def restarted(container: Container, before: str) -> bool:
    """Whether a container runs again since `before`, its old StartedAt, and is healthy where it can say so."""
    state = container.details["State"]
    health = (state.get("Health") or {}).get("Status", "healthy")
    return bool(state["Running"]) and state["StartedAt"] != before and health == "healthy"
