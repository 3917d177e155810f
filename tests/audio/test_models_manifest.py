"""Models are used only when they are the ones that the manifest names; a service that cannot start says why."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from audio.models_service import manifest
from audio.models_service.errors import ManifestError
from audio.recognisers import Context
from audio.recognisers.pocketsphinx import PocketSphinx, shared
from tests.audio.clips import clips, framed
from tests.audio.house import ROOT, free_port
from tests.audio.models_house import TOKEN

TOOL = [sys.executable, "-m", "audio.models_service.manifest"]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    manifest.copy(folder)
    return folder


@pytest.fixture
def models(tmp_path: Path, original: Path) -> Path:
    folder = tmp_path / "models"
    shutil.copytree(original, folder)
    return folder


def tool(*arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [*TOOL, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=110
    )
    return done.returncode, done.stdout + done.stderr


def start(models: Path, **env: str) -> tuple[int, str]:
    """Start a service that is expected to refuse."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MODELS_", "METRICS_"))}
    given = {"MODELS_DIR": str(models), "MODELS_TOKEN": TOKEN, "MODELS_PORT": str(free_port()), "MODELS_SLOTS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "audio.models_service"],
        cwd=ROOT, env={**clean, **given, **env}, capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    return done.returncode, done.stderr.splitlines()[-1]


def test_the_tool_fills_writes_and_checks(tmp_path: Path, original: Path) -> None:
    folder = tmp_path / "volume"
    code, said = tool("copy", folder)
    assert code == 0
    found = manifest.check(folder)
    assert f"MODELS_MANIFEST_SHA256={found.sha256}" in said
    assert tool("check", folder, "--sha256", found.sha256) == (0, said)
    assert tool("copy", folder) == (0, said)
    assert tool("write", folder) == (0, said)
    assert manifest.check(original) == found, "equal models have equal manifests"
    (folder / "en-us/cmudict-en-us.dict").unlink()
    assert tool("copy", folder, "--from", original)[0] == 0
    assert manifest.check(folder, found.sha256) == found
    code, said = tool("check", folder, "--sha256", "0" * 64)
    assert code == 1
    assert "MODELS_MANIFEST_SHA256" in said


def test_an_interrupted_copy_is_no_model_and_goes_on(tmp_path: Path, original: Path) -> None:
    folder = tmp_path / "half"
    (folder / "en-us").mkdir(parents=True)
    (folder / "en-us/en-us.lm.bin").write_bytes(b"half of it")
    code, said = tool("check", folder)
    assert code == 1
    assert "manifest.json cannot be read" in said
    assert tool("copy", folder)[0] == 0
    assert manifest.check(folder) == manifest.check(original)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/mine.txt").write_text("mine")
    code, said = tool("copy", tmp_path / "letters")
    assert code == 1
    assert "mine.txt is there already" in said
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["mine.txt"]


def test_the_copied_model_hears_what_the_wheels_does(original: Path) -> None:
    copied = PocketSphinx(original / "en-us")
    finals = []
    for engine in (copied, shared()):
        session = engine.open(Context(None))
        for frame in framed(clips()[0].pcm):
            session.accept(frame.pcm)
        finals.append(session.final())
    assert finals[0] == finals[1]
    assert finals[0].text


def damage(folder: Path, kind: str) -> None:
    victim = folder / "en-us/en-us/means"
    match kind:
        case "changed":
            content = bytearray(victim.read_bytes())
            content[1000] ^= 1
            victim.write_bytes(content)
        case "shortened":
            victim.write_bytes(victim.read_bytes()[:-1])
        case "missing":
            victim.unlink()
        case "another file":
            (folder / "en-us/en-us/feature_transform").write_text("rotate")
        case "a link":
            victim.rename(folder.parent / "means")
            victim.symlink_to(folder.parent / "means")
        case "no manifest":
            (folder / "manifest.json").unlink()
        case "not JSON":
            (folder / "manifest.json").write_text("{")
        case "another format":
            said = json.loads((folder / "manifest.json").read_text())
            (folder / "manifest.json").write_text(json.dumps({**said, "format": 2}))
        case "another engine":
            said = json.loads((folder / "manifest.json").read_text())
            (folder / "manifest.json").write_text(json.dumps({**said, "engine": "oracle"}))
        case "no folder":
            shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("changed", "means has SHA-256"),
        ("shortened", "expected 838732"),
        ("missing", "means is missing"),
        ("another file", "feature_transform is not in the manifest"),
        ("a link", "is a link"),
        ("no manifest", "manifest.json cannot be read"),
        ("not JSON", "is no manifest of ours"),
        ("another format", "format 2"),
        ("another engine", "'oracle'"),
        ("no folder", "manifest.json cannot be read"),
    ],
)
def test_models_that_are_not_as_their_manifest_says_are_refused(models: Path, kind: str, says: str) -> None:
    damage(models, kind)
    with pytest.raises(ManifestError, match=says):
        manifest.check(models)
    code, said = start(models)
    assert code == 1
    assert said.startswith("models service: ")
    assert says in said


def test_what_the_file_system_puts_there_is_no_model(models: Path) -> None:
    (models / "lost+found").mkdir()
    manifest.check(models)


def test_files_that_fit_their_manifest_and_are_no_model_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "nonsense"
    (folder / "en-us/en-us").mkdir(parents=True)
    (folder / "en-us/en-us/mdef").write_text("nonsense")
    manifest.write(folder)
    code, said = start(folder)
    assert code == 1
    assert "The model cannot be loaded" in said


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"MODELS_TOKEN": ""}, "MODELS_TOKEN or MODELS_TOKEN_FILE is missing"),
        ({"MODELS_TOKEN": "short"}, "has 5 characters"),
        ({"MODELS_TOKEN": "", "MODELS_TOKEN_FILE": "/absent/token"}, "/absent/token, which cannot be read"),
        ({"MODELS_SLOTS": "none"}, "MODELS_SLOTS is 'none'"),
        ({"MODELS_SLOTS": "0"}, "MODELS_SLOTS is '0'"),
        ({"MODELS_PORT": "80000"}, "MODELS_PORT is '80000'"),
        ({"METRICS_NETWORKS": "everywhere"}, "METRICS_NETWORKS cannot be read"),
        ({"MODELS_MANIFEST_SHA256": "abc"}, "MODELS_MANIFEST_SHA256 is no SHA-256"),
        ({"MODELS_MANIFEST_SHA256": "0" * 64}, "MODELS_MANIFEST_SHA256 asks for"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(original: Path, env: dict[str, str], says: str) -> None:
    code, said = start(original, **env)
    assert code == 1
    assert said.startswith("models service: ")
    assert says in said


@pytest.mark.enable_socket
def test_a_port_that_is_taken_is_a_clear_error(original: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, said = start(original, MODELS_PORT=str(taken.getsockname()[1]))
    assert code == 1
    assert "cannot be listened on" in said
