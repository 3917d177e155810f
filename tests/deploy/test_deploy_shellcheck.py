"""deploy.sh and its parts are clean for shellcheck (Debian package `shellcheck`)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not here (apt install shellcheck)")
def test_shellcheck_finds_nothing() -> None:
    parts = [
        ROOT / "deploy.sh",
        *sorted((ROOT / "deploy/lib").glob("*.sh")),
        *sorted((ROOT / "deploy/steps").glob("*.sh")),
    ]
    found = subprocess.run(["shellcheck", "-x", *parts], capture_output=True, text=True, check=False, cwd=ROOT)
    assert found.returncode == 0, found.stdout


def test_every_step_is_called_and_every_call_has_its_step() -> None:
    import re

    called = set(re.findall(r"^    step ([a-z-]+)$", (ROOT / "deploy.sh").read_text(), re.M))
    files = {re.sub(r"^\d+-|\.sh$", "", path.name) for path in (ROOT / "deploy/steps").glob("*.sh")}
    assert called == files
