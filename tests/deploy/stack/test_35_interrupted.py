"""Ctrl-C in the middle of an upgrade: deploy.sh takes back what it did, and the stack is as it was."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.deploy.stack import site as sites
from tests.deploy.stack.bring_up import build
from tests.deploy.stack.engine import run, wait_until
from tests.deploy.stack.people import Browser
from tests.deploy.stack.report import Report
from tests.deploy.stack.site import Site, now
from tests.deploy.stack.test_30_rolling import versions

pytestmark = pytest.mark.stack


@pytest.mark.stack(seconds=150)
def test_ctrl_c_while_services_are_replaced(site: Site, report: Report, tmp_path: Path) -> None:
    build(site.root, sites.NEXT_VERSION, report, "all images built for the upgrade", previous=sites.VERSION)
    before = versions(site)
    log = tmp_path / "deploy.log"
    began = now()
    with log.open("w") as out:
        deploying = subprocess.Popen(
            ["./deploy.sh"], cwd=site.root, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "VERSION": sites.NEXT_VERSION},
        )  # fmt: skip
    try:
        wait_until("a service is replaced", lambda: "  roll         worker:" in log.read_text(), 100, pause=0.2)
        os.killpg(deploying.pid, signal.SIGINT)
        deploying.wait(120)
    finally:
        if deploying.poll() is None:
            os.killpg(deploying.pid, signal.SIGKILL)
            deploying.wait()
    said = log.read_text()
    assert deploying.returncode == 130, said[-2000:]
    assert "stopped at roll" in said
    assert versions(site) == before, said[-2000:]
    site.project.wait_ready(site.ours, 60)
    with Browser(site, site.firms[0]) as browser:
        assert browser.get("/api/firm").status_code == 200
    check = run(["./deploy.sh", "--check"], cwd=site.root, env={"VERSION": sites.VERSION}, seconds=120)
    assert "All is well" in check.stdout
    report.say(
        "Ctrl-C while deploy.sh replaces services", f"{now() - began:.0f} s until all is as it was; it serves on"
    )
