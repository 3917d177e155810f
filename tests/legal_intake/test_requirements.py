"""The locked file alone installs, whole, from wheels, into an empty environment, and runs the product."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IMPORTS = """
import django
django.setup()
import legal_intake.asgi, legal_intake.server, legal_intake.worker, legal_intake.scheduler, legal_intake.embedded
from audio import endpointing
from audio.recognisers import pocketsphinx
endpointing.silero()
pocketsphinx.shared()
import sys
assert "torch" not in sys.modules and "silero_vad" not in sys.modules
"""


def index_is_reachable() -> bool:
    """Whether pip can get packages here: from an index or a mirror it is configured for."""
    command = [sys.executable, "-m", "pip", "index", "versions", "--disable-pip-version-check", "idna"]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_locked_file_is_enough(tmp_path: Path) -> None:
    if not index_is_reachable():
        pytest.skip("no package index can be reached from here")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    install = ["-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r"]
    subprocess.run([python, *install, ROOT / "requirements.txt"], check=True)
    names = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert "torch" not in names
    environment = {"DJANGO_SETTINGS_MODULE": "legal_intake.settings", "ENVIRONMENT": "development"}
    done = subprocess.run(
        [python, "-c", IMPORTS], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
