"""Build, bring up, wait healthy; and take down."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from tests.deploy.stack import site as sites
from tests.deploy.stack.engine import Project, run
from tests.deploy.stack.report import Report
from tests.deploy.stack.site import Site

HOSTS = [sites.DOMAIN, f"admin.{sites.DOMAIN}", f"harbor.{sites.DOMAIN}", f"summit.{sites.DOMAIN}"]
UP_SECONDS = 420.0
#: One heavy command at a time, where several people share an engine.
LOCK = os.environ.get("STACK_LOCK", "")


def locked(command: list[str]) -> list[str]:
    """The command, behind the lock where there is one."""
    return ["flock", LOCK, *command] if LOCK else command


def build(root: Path, version: str, report: Report, what: str) -> None:
    """`make images`."""
    if os.environ.get("STACK_ONLY"):
        return
    began = time.monotonic()
    run(locked(["make", "--no-print-directory", "images", f"VERSION={version}"]), cwd=root, seconds=900)
    report.say(what, f"{time.monotonic() - began:.0f} s")


def bring_up(folder: Path, report: Report) -> Site:
    """The whole stack with preset small, every profile, and two firms."""
    root = sites.make_root(folder)
    build(root, sites.VERSION, report, "all images built (make images)")
    sites.write_settings(root)
    profiles = [name for name in sites.PROFILES if name not in ("models", "tls")]
    project = Project(root, sites.NAME, ["docker-compose.yml"], profiles, root / "stack.env")
    project.down()
    tls = sites.make_certificates(folder / "certificates", HOSTS)
    site = Site(root, project, tls)
    _install_certificate(site, folder / "certificates")
    began = time.monotonic()
    project.compose("up", "--detach", *site.ours, seconds=UP_SECONDS, env=None)
    project.wait_ready(site.ours, UP_SECONDS)
    containers = project.containers()
    empty = sorted(container.service for container in containers if container.placeholder)
    report.say(
        f"every service up and healthy: {len(containers)} containers, preset small",
        f"{time.monotonic() - began:.0f} s" + (f"; nothing but a placeholder ran for {', '.join(empty)}" if empty else ""),
        services=sorted(container.service for container in containers),
    )
    for name, host in (("Harbor Law", HOSTS[2]), ("Summit Legal", HOSTS[3])):
        sites.new_firm(site, name, host)
    return site


def _install_certificate(site: Site, folder: Path) -> None:
    """Where certbot would have put it: nginx reads the volume as it is."""
    # The volume must exist before nginx starts; a container that is only made creates it.
    site.project.compose("create", "nginx", seconds=120)
    volume = f"{site.project.name}_letsencrypt"
    image = _any_image(site)
    script = (
        "set -e; d=/etc/letsencrypt/live/$1; mkdir -p $d; "
        "printf '%s' \"$FULL\" >$d/fullchain.pem; printf '%s' \"$KEY\" >$d/privkey.pem; chown -R 101:101 /etc/letsencrypt"
    )
    run(
        ["docker", "run", "--rm", "--user", "0:0", "--network", "none", "--volume", f"{volume}:/etc/letsencrypt",
         "--env", "FULL", "--env", "KEY", "--entrypoint", "sh", image, "-c", script, "-", sites.DOMAIN],
        env={"FULL": (folder / "fullchain.pem").read_text(), "KEY": (folder / "privkey.pem").read_text()},
    )  # fmt: skip


def _any_image(site: Site) -> str:
    services: dict[str, Any] = site.project.config()["services"]
    image: str = services["nginx"]["image"]
    return image


def take_down(site: Site) -> None:
    """Everything, with its volumes; the last words of what was not well are kept beside the results."""
    from tests.deploy.stack.report import FOLDER

    ill = [container for container in site.project.containers() if not container.ready]
    for container in ill:
        (FOLDER / f"{container.name}.log").write_text(site.project.logs(container.service, 200))
    states = [{"name": c.name, "state": c.state, "health": c.health} for c in site.project.containers()]
    (FOLDER / "containers.json").write_text(json.dumps(states, indent=1) + "\n")
    site.project.down()
