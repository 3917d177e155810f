"""scripts/release at its border: docker, syft, grype and cosign are scripts here that note what they were asked."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "ghcr.io/firm/"
SERVICES = {
    "api": "legal-intake", "worker": "legal-intake", "audio_worker": "legal-intake-audio",
    "frontend": "legal-intake-frontend", "postgres": "postgres:18.6-bookworm", "pgbouncer": "legal-intake-pgbouncer:7",
}  # fmt: skip
NAMES = sorted({name for name in SERVICES.values() if ":" not in name})
IMAGES = sorted([*(f"{PREFIX}{name}:1.2.3" for name in NAMES), f"{PREFIX}legal-intake-pgbouncer:7"])
DIGEST = "sha256:" + "ab" * 32

DOCKER = r"""#!/usr/bin/env python3
import json, os, sys
arguments = sys.argv[1:]
open(os.environ["NOTES"], "a").write("docker " + " ".join(arguments) + "\n")
prefix, version = os.environ["IMAGE_PREFIX"], os.environ["VERSION"]
services = json.loads(os.environ["SERVICES"])
tagged = {name: image if ":" in image else f"{image}:{version}" for name, image in services.items()}
images = {name: prefix + image if image.startswith("legal-intake") else image for name, image in tagged.items()}
if arguments[0] == "compose":
    if "--images" in arguments:
        print("\n".join(images.values()))
    else:
        print(json.dumps({"services": {name: {"image": image} for name, image in images.items()}}))
elif arguments[0] == "pull":
    sys.exit(0 if arguments[-1] in os.environ.get("IN_REGISTRY", "") else 1)
elif arguments[0] == "image":
    if os.environ.get("NO_DIGEST") != "1":
        print("elsewhere/legal-intake@sha256:" + "00" * 32)
        print(arguments[-1].rsplit(":", 1)[0] + "@" + os.environ["DIGEST"])
"""
NOTING = """#!/bin/sh
echo "NAME $*" >>"$NOTES"
for argument in "$@"; do case $argument in spdx-json=*) echo '{}' >"${argument#spdx-json=}";; esac; done
[ "$FAIL" != NAME ] || exit 1
"""


@pytest.fixture
def border(tmp_path: Path) -> dict[str, str]:
    """The environment with the four programs in front of all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("docker", "syft", "grype", "cosign"):
        (folder / name).write_text(DOCKER if name == "docker" else NOTING.replace("NAME", name))
        (folder / name).chmod(0o755)
    (tmp_path / "notes").touch()
    return {
        "PATH": f"{folder}:{os.environ['PATH']}", "NOTES": str(tmp_path / "notes"), "IMAGE_PREFIX": PREFIX,
        "VERSION": "1.2.3", "SERVICES": json.dumps(SERVICES), "DIGEST": DIGEST, "FAIL": "",
    }  # fmt: skip


def release(border: dict[str, str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts" / "release"), *arguments]
    return subprocess.run(command, env=border | more, capture_output=True, text=True, timeout=60, check=False)


def notes(border: dict[str, str]) -> list[str]:
    return Path(border["NOTES"]).read_text().splitlines()


def pushed(border: dict[str, str], tmp_path: Path) -> Path:
    file = tmp_path / "images.txt"
    done = release(border, "push", str(file))
    assert done.returncode == 0, done.stderr
    return file


def test_only_our_images_are_listed(border: dict[str, str]) -> None:
    done = release(border, "list")
    assert sorted(done.stdout.split()) == IMAGES, done.stderr


def test_each_image_is_described_then_scanned(border: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "sbom"
    assert release(border, "sbom", str(folder)).returncode == 0
    described = {f"{name}.spdx.json" for name in (*NAMES, "legal-intake-pgbouncer")}
    assert {path.name for path in folder.iterdir()} == described
    done = release(border, "scan", str(folder))
    assert done.returncode == 0, done.stderr
    assert sum(line.startswith("grype sbom:") for line in notes(border)) == len(IMAGES)
    failed = release(border, "scan", str(folder), FAIL="grype")
    assert failed.returncode == 1
    assert "known holes" in failed.stderr


def test_a_scan_without_a_description_says_so(border: dict[str, str], tmp_path: Path) -> None:
    done = release(border, "scan", str(tmp_path))
    assert done.returncode == 1
    assert "scripts/release sbom" in done.stderr


def test_digests_are_noted_signed_verified_and_pinned(border: dict[str, str], tmp_path: Path) -> None:
    file = pushed(border, tmp_path)
    assert set(file.read_text().splitlines()) == {f"{image.replace(':', ' ')} {DIGEST}" for image in IMAGES}
    assert release(border, "sign", str(file), str(tmp_path)).returncode == 0
    assert sum(line.startswith("cosign sign --yes ") and line.endswith(DIGEST) for line in notes(border)) == len(IMAGES)
    assert release(border, "verify", str(file), RELEASE_IDENTITY="^https://x").returncode == 0
    done = release(border, "pin", str(file))
    pins: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    ours = {name: image.partition(":")[0] for name, image in SERVICES.items() if image.startswith("legal-intake")}
    assert pins == {name: {"image": f"{PREFIX}{image}@{DIGEST}"} for name, image in ours.items()}, done.stderr


def test_an_image_with_a_tag_of_its_own_is_pushed_once(border: dict[str, str], tmp_path: Path) -> None:
    own, file = f"{PREFIX}legal-intake-pgbouncer:7", tmp_path / "images.txt"
    assert release(border, "push", str(file)).returncode == 0
    assert f"docker push --quiet {own}" in notes(border)
    Path(border["NOTES"]).write_text("")
    done = release(border, "push", str(file), IN_REGISTRY=" ".join(IMAGES))
    assert done.returncode == 0, done.stderr
    said = [line for line in notes(border) if line.startswith("docker push")]
    assert len(said) == len(NAMES), "those of the version are pushed whatever is there"
    assert f"docker push --quiet {own}" not in said
    assert f"{PREFIX}legal-intake-pgbouncer 7 {DIGEST}" in file.read_text()


def test_an_unsigned_digest_stops_a_deploy(border: dict[str, str], tmp_path: Path) -> None:
    file = pushed(border, tmp_path)
    done = release(border, "verify", str(file), RELEASE_IDENTITY="^https://x", FAIL="cosign")
    assert done.returncode == 1
    assert "nothing was deployed" in done.stderr


@pytest.mark.parametrize("text", ["", "legal-intake 1.2.3 sha256:ab\n", "legal-intake 1.2.3\n"])
def test_a_file_that_somebody_wrote_by_hand_is_refused(border: dict[str, str], tmp_path: Path, text: str) -> None:
    file = tmp_path / "images.txt"
    file.write_text(text)
    for command in (["pin", str(file)], ["sign", str(file), str(tmp_path)]):
        done = release(border, *command)
        assert done.returncode == 1, command
        assert str(file) in done.stderr


def test_digests_of_another_release_are_not_pinned(border: dict[str, str], tmp_path: Path) -> None:
    file = pushed(border, tmp_path)
    done = release(border, "pin", str(file), VERSION="1.2.4")
    assert done.returncode != 0
    assert "check VERSION" in done.stderr


def test_what_cannot_be_pushed_is_not(border: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "images.txt"
    for change, words in (
        ({"IMAGE_PREFIX": ""}, "IMAGE_PREFIX must name a registry"),
        ({"VERSION": "dev"}, "VERSION must be a release's"),
        ({"NO_DIGEST": "1"}, "has no digest"),
        ({"SERVICES": '{"postgres": "postgres:18"}'}, "names no image"),
    ):
        done = release(border, "push", str(file), **change)
        assert done.returncode == 1, change
        assert words in done.stderr
        assert not file.exists(), "a list that is not whole is no list"
