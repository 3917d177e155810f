"""The models service's image: what it copies is what the service needs, and no more than it needs is locked for it."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from audio.models_service import manifest
from audio.recognisers.pocketsphinx import shared
from tests.audio.models_house import Service, utterance
from tests.deploy.test_images import named
from tests.deploy.test_images_requirements import HIDING, locked, names

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile.models"


def laid_out(app: Path) -> Path:
    """The folder /app of the image, as its Dockerfile lays it out."""
    for name, rest in named(DOCKERFILE)["code"]:
        if name != "COPY":
            continue
        *sources, target = rest.split()
        place = app / target.removeprefix("/out/app/")
        place.mkdir(parents=True, exist_ok=True)
        for source in sources:
            if source.endswith("/"):
                shutil.copytree(ROOT / source, place, dirs_exist_ok=True)
            else:
                shutil.copy(ROOT / source, place)
    return app


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH that hides every package which the image has not."""
    installed = {re.sub(r"[-_.]+", "-", each).lower() for group in packages_distributions().values() for each in group}
    missing = names(of=installed - set(locked("requirements-models.txt")))
    assert {"django", "redis", "onnxruntime", "psycopg"} <= missing
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(HIDING.format(hidden=sorted(missing)))
    return tmp_path / "hidden"


@pytest.fixture
def service(tmp_path: Path, hidden: Path) -> Iterator[Service]:
    (tmp_path / "models").mkdir()
    manifest.copy(tmp_path / "models")
    running = Service(tmp_path, tmp_path / "models", cwd=laid_out(tmp_path / "app"), PYTHONPATH=str(hidden))
    try:
        yield running
    finally:
        running.close()


def test_its_packages_are_a_part_of_ours() -> None:
    part = locked("requirements-models.txt")
    assert part.items() <= locked("requirements.txt").items(), "run `make lock`"
    assert not {"django", "redis", "onnxruntime", "psycopg"} & set(part)


@pytest.mark.enable_socket
def test_the_service_lives_on_what_its_image_has(service: Service) -> None:
    remote = service.remote()
    assert utterance(remote, 0, None) == utterance(shared(), 0, None)
    remote.close()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(60) == 0


def test_the_model_is_in_it_once_and_the_manifest_with_it() -> None:
    stages = named(DOCKERFILE)
    made = " ".join(rest for name, rest in stages["models"] if name == "RUN")
    assert "audio.models_service.manifest copy /out/models" in made
    emptied = "find /opt/venv/lib/python3.11/site-packages/pocketsphinx/model -mindepth 1 -delete"
    assert emptied in " ".join(rest for name, rest in stages["venv"] if name == "RUN")
    copies = [rest for name, rest in stages[""] if name == "COPY"]
    assert copies == [f"--from={stage} /out/ /" for stage in ("system", "venv", "models", "code")]
