"""The images' recipes, read: pinned bases, nobody runs as root, nothing secret can get in, static files' rules agree.

What only a built image shows is in tests/deploy/stack/test_images.py.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from legal_intake.static import HASHED

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "deploy" / "images"
OURS = [*sorted(ROOT.glob("Dockerfile*")), *sorted(IMAGES.glob("*/Dockerfile"))]
PINNED = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+[\w.-]*$")
# Docker's log files belong to root; docker-compose.yml leaves it one capability.
ROOT_AS_NEEDED = {IMAGES / "fluent-bit" / "Dockerfile"}
SECRETIVE = re.compile(r"SECRET|PASSWORD|TOKEN|PRIVATE|_KEY\b|CREDENTIAL", re.IGNORECASE)


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """A Dockerfile's instructions in order; a heredoc belongs to the one that begins it."""
    found: list[tuple[str, str]] = []
    lines = iter(dockerfile.read_text().splitlines())
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        while line.endswith("\\"):
            line = line[:-1] + next(lines)
        name, _, rest = line.strip().partition(" ")
        if heredoc := re.search(r"<<-?'?(\w+)'?", rest):
            for inside in lines:
                if inside == heredoc[1]:
                    break
                rest += "\n" + inside
        found.append((name, rest))
    return found


def stages(dockerfile: Path) -> list[list[tuple[str, str]]]:
    """The instructions of each stage, its FROM first."""
    found: list[list[tuple[str, str]]] = []
    for name, rest in instructions(dockerfile):
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, rest))
    return found


def named(dockerfile: Path) -> dict[str, list[tuple[str, str]]]:
    """Stages by their name; the last one also as ''."""
    found = {}
    for stage in stages(dockerfile):
        found[stage[0][1].partition(" AS ")[2]] = stage
        found[""] = stage
    return found


def chain(dockerfile: Path, target: str) -> list[tuple[str, str]]:
    """All instructions that a target is made of, the bases' first."""
    stage = named(dockerfile)[target]
    base = stage[0][1].partition(" AS ")[0]
    below = chain(dockerfile, base) if base in named(dockerfile) and base else []
    return [*below, *stage]


FINAL = [
    (ROOT / "Dockerfile", "app"),
    (ROOT / "Dockerfile", "audio"),
    *((path, "") for path in OURS if path.name != "Dockerfile" or path.parent != ROOT),
]


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_bases_are_pinned_by_version(path: Path) -> None:
    text = path.read_text()
    assert not text.startswith("# syntax="), "another front end would be an image to pull"
    arguments = dict(rest.split("=", 1) for name, rest in instructions(path) if name == "ARG" and "=" in rest)
    own = set(named(path))
    for stage in stages(path):
        base = stage[0][1].partition(" AS ")[0]
        base = re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], base)
        assert base in own or base == "scratch" or PINNED.match(base), base
        assert "alpine" not in base
        assert "@sha256" not in base, "digests are the release workflow's to write"


@pytest.mark.parametrize(("path", "target"), FINAL, ids=lambda value: str(value).removeprefix(f"{ROOT}/"))
def test_what_runs_is_not_root_and_has_labels(path: Path, target: str) -> None:
    made_of = chain(path, target)
    users = [rest for name, rest in made_of if name == "USER"]
    assert users, "USER is missing"
    number = r"0:0" if path in ROOT_AS_NEEDED else r"[1-9]\d*:[1-9]\d*"
    assert re.fullmatch(number, users[-1]), "a number, so that Kubernetes can tell that it is not root"
    labels = " ".join(rest for name, rest in made_of if name == "LABEL")
    own_tag = path.parent.name == "pgbouncer"  # the same image whatever the commit
    for label in ("title", "licenses", "version", *(() if own_tag else ("revision",))):
        assert f"org.opencontainers.image.{label}=" in labels
    starts = [rest for name, rest in made_of if name == "ENTRYPOINT"]
    assert all(start.startswith("[") for start in starts), "a shell would keep signals to itself"


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_secret_and_nothing_from_the_net_is_written_into_a_layer(path: Path) -> None:
    for name, rest in instructions(path):
        assert name != "ADD", "COPY says what it copies"
        if name in ("ARG", "ENV"):
            for word in re.findall(r"(\w+)=?", rest.split("=")[0]):
                assert not SECRETIVE.search(word), f"{name} {word} would stay in the image's history"
        if name == "RUN":
            assert not re.search(r"\b(curl|wget)\b", rest), "programs come from packages with hashes or signatures"
            assert "apt-get install" not in rest or "--no-install-recommends" in rest


def test_app_and_audio_start_with_the_same_layers_and_an_init() -> None:
    app, audio = chain(ROOT / "Dockerfile", "app"), chain(ROOT / "Dockerfile", "audio")
    copies = [[rest for name, rest in made if name == "COPY"] for made in (app, audio)]
    assert copies[0] == ["--from=system /out/ /", "--from=packages /out/ /", "--from=code /out/ /"]
    # The code last: a change of it makes no other layer anew.
    assert copies[1] == [*copies[0][:2], "--from=speech /out/ /", copies[0][2]]
    for made in (app, audio):
        assert [rest for name, rest in made if name == "ENTRYPOINT"] == ['["/usr/bin/tini", "--"]']
        assert [name for name, _ in made].count("RUN") == 0, "a RUN leaves times in its layer"


def test_both_dockerfiles_build_the_web_app_alike() -> None:
    one, other = (named(ROOT / file)["web"] for file in ("Dockerfile", "Dockerfile.frontend"))
    assert one == other


# -- .dockerignore ----------------------------------------------------------------------------------------------------


def ignored(path: str) -> bool:
    """As the engine reads .dockerignore: the last line that matches the path or a folder above it decides."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = re.escape(line.lstrip("!").rstrip("/")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(pattern, each) for each in above):
            verdict = not line.startswith("!")
    return verdict


@pytest.mark.parametrize(
    "path",
    [
        ".env", ".git/config", ".data/media/x", ".data/passwords.txt", "deploy/secrets/master_key", "audio/.env",
        "legal_intake/server.pem", "intake/private.key", "tenants/__pycache__/models.cpython-311.pyc",
        "tests/conftest.py", "frontend/node_modules/react/index.js", "frontend/dist/index.html", "backups/base.tar.age",
        "docker-compose.yml",
        "deploy/images/backup/secrets/key", ".venv/bin/python", "frontend/src/.env.production",
    ],
)  # fmt: skip
def test_what_must_not_reach_a_build(path: str) -> None:
    assert ignored(path)


def test_what_every_dockerfile_copies_reaches_its_build() -> None:
    for dockerfile in OURS:
        for name, rest in instructions(dockerfile):
            words = rest.split()
            if name != "COPY" or any(word.startswith("--from") for word in words):
                continue
            for source in (word.rstrip("/") for word in words[:-1] if not word.startswith("--")):
                found = ROOT / source
                assert found.exists(), f"{dockerfile.name} copies {source}"
                files = [found] if found.is_file() else [file for file in found.rglob("*") if file.suffix == ".py"]
                assert source == "frontend" or not any(ignored(str(file.relative_to(ROOT))) for file in files[:20])
    for path in ("frontend/package-lock.json", "frontend/src/main.tsx", "tenants/template.sql", "tenants/window.json"):
        assert (ROOT / path).exists(), path
        assert not ignored(path)


# -- the frontend's nginx ------------------------------------------------------------------------------------------


def test_the_frontend_keeps_for_ever_what_our_own_server_does() -> None:
    text = (ROOT / "deploy" / "frontend" / "nginx.conf").read_text()
    rule = re.search(r'"~(\^/static/app/\S+)\(\\\?\|\$\)" "max-age=315360000, public, immutable"', text)
    assert rule, "the rule is missing"
    pattern = re.compile(rule[1].replace("[^?]*", ".*") + "$")
    for path in (
        "/static/app/assets/index-DfR3_k9a.js", "/static/app/assets/index-DfR3_k9a.css", "/static/app/favicon.svg",
        "/static/app/assets/capture.worklet-Cx81kq0-.js", "/static/app/index.html",
        "/static/admin/css/base-12345678.css",
    ):  # fmt: skip
        assert bool(pattern.match(path)) == bool(HASHED.match(path)), path


def test_make_images_builds_every_dockerfile() -> None:
    text = (ROOT / "scripts" / "images").read_text()
    assert "deploy/images/*/Dockerfile" in text
    for path in (ROOT / "Dockerfile", ROOT / "Dockerfile.frontend"):
        assert re.search(rf"\b{re.escape(path.name)}\b", text)
    for script in [ROOT / "scripts" / "images", ROOT / "scripts" / "lock", *executables()]:
        assert subprocess.run(["bash", "-n", script], check=False, timeout=10).returncode == 0, script


def executables() -> list[Path]:
    """Shell scripts of the images."""
    found = [path for path in IMAGES.rglob("*") if path.is_file() and path.read_bytes()[:2] == b"#!"]
    assert all(path.stat().st_mode & 0o111 for path in found), "a script is not executable"
    return found
