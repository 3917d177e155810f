"""The models service's image: confined as in production, its volume filled by the engine, the same words as here."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

import pytest

from audio.recognisers import Context
from audio.recognisers.pocketsphinx import shared
from audio.recognisers.remote import Remote
from tests.audio.house import free_port
from tests.audio.models_house import TOKEN, finish, steps, utterance
from tests.deploy.stack.engine import run

pytestmark = [pytest.mark.stack(seconds=60), pytest.mark.enable_socket]

ROOT = Path(__file__).resolve().parents[3]
IMAGE = f"{os.environ.get('IMAGE_PREFIX', '')}legal-intake-models:{os.environ.get('VERSION', 'dev')}"
CONFINED = [
    "--read-only", "--tmpfs", "/tmp:mode=1777,size=64m", "--cap-drop", "ALL",
    "--security-opt", "no-new-privileges:true",
]  # fmt: skip

# The oldest process with this command line is the nursery; the others are its children, the slots.
KILL_SLOTS = """
import os
from pathlib import Path
numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and int(path.name) != os.getpid()]
family = sorted(each for each in numbers if b"models_service.nursery" in Path(f"/proc/{each}/cmdline").read_bytes())
assert len(family) == 3, family
for number in family[1:]:
    os.kill(number, 9)
"""


class Running:
    """A container of the image with a volume of its own."""

    def __init__(self, secrets: Path) -> None:
        self.name = f"legal-intake-test-models-{uuid4().hex[:8]}"
        self.port = free_port()
        (secrets / "models_token").write_text(TOKEN)
        secrets.chmod(0o755)
        (secrets / "models_token").chmod(0o444)
        self.arguments = [
            *CONFINED, "-v", f"{self.name}:/models:ro", "-v", f"{secrets}:/run/secrets:ro", "-e", "MODELS_SLOTS=2",
            "-e", "MODELS_TOKEN_FILE=/run/secrets/models_token",
        ]  # fmt: skip
        publish = ["-p", f"127.0.0.1:{self.port}:8090"]
        run(["docker", "run", "-d", "--name", self.name, *publish, *self.arguments, IMAGE])

    def health(self) -> dict[str, object]:
        with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
            found: dict[str, object] = json.load(answer)
            return found

    def wait(self) -> None:
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                if self.health()["ready"] == 2:
                    return
            except OSError:
                time.sleep(0.2)
        said = run(["docker", "logs", "--tail", "40", self.name], check=False)
        raise AssertionError(f"not ready after 90 s: {said.stdout}{said.stderr}")

    def remove(self) -> None:
        run(["docker", "rm", "-f", self.name], check=False)
        run(["docker", "volume", "rm", self.name], check=False)


@pytest.fixture
def models(tmp_path: Path) -> Iterator[Running]:
    if run(["docker", "image", "inspect", IMAGE], check=False).returncode:
        run(["scripts/images", "legal-intake-models"], cwd=ROOT, seconds=900)
    running = Running(tmp_path)
    try:
        running.wait()
        yield running
    finally:
        running.remove()


def test_confined_it_hears_what_is_heard_here_and_replaces_a_slot(models: Running) -> None:
    health = ["docker", "exec", models.name, "python", "-m", "legal_intake.healthcheck", "models"]
    assert run(health, check=False).returncode == 0
    assert run(["docker", "exec", models.name, "id", "-u"]).stdout.strip() == "10001"
    remote = Remote(f"ws://127.0.0.1:{models.port}", TOKEN, patience=60)
    assert utterance(remote, 0, None) == utterance(shared(), 0, None)
    session = remote.open(Context(None))
    for step in steps(1)[:40]:
        session.accept(step)
    run(["docker", "exec", models.name, "python", "-c", KILL_SLOTS])
    assert finish(session, steps(1)[40:]) == utterance(shared(), 1, None)[1]
    models.wait()
    remote.close()
    run(["docker", "stop", "-t", "35", models.name])
    assert run(["docker", "inspect", "-f", "{{.State.ExitCode}}", models.name]).stdout.strip() == "0"


def test_a_damaged_volume_is_refused_and_filled_again(models: Running) -> None:
    run(["docker", "stop", "-t", "35", models.name])
    volume = ["-v", f"{models.name}:/models"]
    run(["docker", "run", "--rm", *CONFINED, *volume, IMAGE, "rm", "/models/en-us/en-us/means"])
    refused = run(["docker", "start", "-a", models.name], check=False)
    assert refused.returncode == 1
    assert "/models/en-us/en-us/means is missing" in refused.stdout + refused.stderr
    mending = ["-v", f"{models.name}:/volume"]
    copy = ["python", "-m", "audio.models_service.manifest", "copy", "--from", "/models", "/volume"]
    run(["docker", "run", "--rm", *CONFINED, *mending, IMAGE, *copy])
    run(["docker", "start", models.name])
    models.wait()
