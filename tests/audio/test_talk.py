"""`manage.py talk`, as a person runs it."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.audio.clips import CLIPS
from tests.audio.house import ROOT, House

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]
CLIP = CLIPS / "librivox-0920.flac"


@pytest.fixture
def house(tmp_path: Path, live_firms: Any) -> Iterator[House]:
    running = House(tmp_path, live_firms[0])
    try:
        running.wait_for_slots()
        yield running
    finally:
        running.close()


def talk(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "talk", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.timeout(200)
def test_a_recording_becomes_a_complete_intake(house: House) -> None:
    arguments = ["--address", house.address, "--name", "Rosa Lind", "--other-side", "Acme Housing"]
    done = talk(house.host, str(CLIP), *arguments, env=house.env)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "You: Rosa Lind" in lines
    assert any(line.startswith("... ") for line in lines), "captions"
    assert any(line.startswith("You: ") and line != "You: Rosa Lind" for line in lines)
    assert lines[-1].startswith("Complete. Reference: ")


def test_a_flac_that_is_a_zip_is_refused_before_anything_starts(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a", "b")
    (tmp_path / "voice.flac").write_bytes(content.getvalue())
    done = talk("harbor.localhost", str(tmp_path / "voice.flac"), "--address", "127.0.0.1:1")
    assert done.returncode == 2
    assert "[not_flac]" in done.stderr
    (tmp_path / "half.flac").write_bytes(CLIP.read_bytes()[:60])
    assert "[not_flac]" in talk("harbor.localhost", str(tmp_path / "half.flac"), "--address", "127.0.0.1:1").stderr
    assert "[no_file]" in talk("harbor.localhost", str(tmp_path / "none.flac"), "--address", "127.0.0.1:1").stderr


def test_when_nothing_runs_it_says_so() -> None:
    done = talk("harbor.localhost", str(CLIP))
    assert done.returncode == 1
    assert "make run" in done.stderr
    done = talk("harbor.localhost", str(CLIP), "--address", "127.0.0.1:1")
    assert done.returncode == 1
    assert "[unreachable]" in done.stderr
