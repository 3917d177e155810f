"""Build, bring up, wait healthy; and take down."""

from __future__ import annotations

import json
import os
import re
import ssl
import time
from dataclasses import asdict
from pathlib import Path

from tests.deploy.stack import site as sites
from tests.deploy.stack.engine import EngineError, Project, run
from tests.deploy.stack.report import FOLDER, Report
from tests.deploy.stack.site import Site

HOSTS = [sites.DOMAIN, f"admin.{sites.DOMAIN}", f"harbor.{sites.DOMAIN}", f"summit.{sites.DOMAIN}"]
DEPLOY_SECONDS = 900.0


def deploy(root: Path, *arguments: str, version: str = "") -> str:
    """`./deploy.sh`, as the operator types it; what it said, kept beside the results."""
    asked = {"VERSION": version} if version else {}
    done = run(["./deploy.sh", *arguments], cwd=root, env=asked, seconds=DEPLOY_SECONDS, check=False)
    said = done.stdout + done.stderr
    name = re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(arguments) or version)
    (FOLDER / f"deploy-{name}.log").write_text(said)
    if done.returncode:
        raise EngineError(f"./deploy.sh {' '.join(arguments)} ended with {done.returncode}:\n{said[-3500:]}")
    return said


def build(root: Path, version: str, report: Report, what: str, previous: str = "") -> None:
    """As deploy.sh does for itself, but before the clock of a deploy runs."""
    if version in os.environ.get("STACK_BUILT", "").split():
        return  # somebody who shares this engine built them already
    began = time.monotonic()
    before = {"PREVIOUS": f"legal-intake-frontend:{previous}"} if previous else {}
    run(["scripts/images"], cwd=root, env={"VERSION": version, **before}, seconds=DEPLOY_SECONDS)
    report.say(what, f"{time.monotonic() - began:.0f} s")


def bring_up(folder: Path, report: Report) -> Site:
    """Build, deploy with preset small and the profiles, and make two firms. Or what STACK_KEEP left (STACK_REUSE=1)."""
    kept = folder / "firms.json"
    if os.environ.get("STACK_REUSE") and kept.exists():
        trust = ssl.create_default_context(cafile=str(folder / "certificates" / "ca.pem"))
        firms = [sites.Firm(**each) for each in json.loads(kept.read_text())]
        return Site(folder / "checkout", Project(folder / "checkout", sites.NAME), trust, firms=firms)
    root = sites.make_root(folder)
    sites.write_settings(root)
    tls = sites.make_certificates(folder / "certificates", HOSTS)
    own = root / "deploy" / "certificates" / "stack"
    own.mkdir(parents=True, exist_ok=True)
    for name in ("fullchain.pem", "privkey.pem"):
        (own / name).write_bytes((folder / "certificates" / name).read_bytes())
        (own / name).chmod(0o644)
    project = Project(root, sites.NAME)
    site = Site(root, project, tls)
    build(root, sites.VERSION, report, "all images built, with what the builder remembered")
    began = time.monotonic()
    deploy(root, version=sites.VERSION)
    project.wait_ready(site.ours, 120)
    containers = project.containers()
    empty = sorted(container.service for container in containers if container.placeholder)
    aside = f"; nothing but a placeholder ran for {', '.join(empty)}" if empty else ""
    report.say(
        f"./deploy.sh, first time: {len(containers)} containers up and healthy, preset small",
        f"{time.monotonic() - began:.0f} s{aside}",
        services=sorted(container.service for container in containers),
    )
    for name, host in (("Harbor Law", HOSTS[2]), ("Summit Legal", HOSTS[3])):
        sites.new_firm(site, name, host)
    kept.write_text(json.dumps([asdict(firm) for firm in site.firms]))
    return site


def take_down(site: Site) -> None:
    """Everything, with its volumes; the last words of what was not well are kept beside the results."""
    ill = [container for container in site.project.containers() if not container.ready]
    for container in ill:
        (FOLDER / f"{container.name}.log").write_text(site.project.logs(container.service, 200))
    states = [{"name": c.name, "state": c.state, "health": c.health} for c in site.project.containers()]
    (FOLDER / "containers.json").write_text(json.dumps(states, indent=1) + "\n")
    site.project.down()
