"""The small programs that the images are made with: packing, equal times, the health check, PgBouncer's start."""

from __future__ import annotations

import ast
import gzip
import hashlib
import http.server
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "deploy" / "images"
UNPACK = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(process.argv[1])))"


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, capture_output=True, check=False, timeout=60, env={"PATH": os.environ["PATH"], **environment}
    )


def fill(folder: Path) -> Path:
    (folder / "static" / "x").mkdir(parents=True)
    (folder / "static" / "x" / "a.js").write_text("let number = 1;\n" * 400)
    (folder / "static" / "x" / "small.css").write_text("a{}")
    (folder / "static" / "x" / "noise.svg").write_bytes(os.urandom(4_000))
    (folder / "other.js").write_text("let number = 2;\n" * 400)
    return folder


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_packed_files_are_the_same_files_and_the_same_each_time(tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one"), fill(tmp_path / "two")
    for folder in (one, two):
        done = run("node", IMAGES / "compress.mjs", folder, "static")
        assert done.returncode == 0, done.stderr
    packed = one / "static" / "x" / "a.js"
    plain = packed.read_bytes()
    assert gzip.decompress(packed.with_name("a.js.gz").read_bytes()) == plain
    assert run("node", "-e", UNPACK, packed.with_name("a.js.br")).stdout == plain
    made = sorted(path.name for path in one.rglob("*") if path.suffix in (".gz", ".br"))
    assert made == ["a.js.br", "a.js.gz"], "what does not gain, or lies elsewhere, is left alone"
    for name in made:
        assert (one / "static" / "x" / name).read_bytes() == (two / "static" / "x" / name).read_bytes()


def test_equal_times_reach_everything(tmp_path: Path) -> None:
    fill(tmp_path / "f")
    (tmp_path / "f" / "link").symlink_to("other.js")
    assert run(IMAGES / "equal-times", tmp_path / "f").returncode == 0
    times = {os.lstat(path).st_mtime for path in [tmp_path / "f", *(tmp_path / "f").rglob("*")]}
    assert times == {1704067200.0}


class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/metrics" else 404)
        self.end_headers()
        self.wfile.write(b"nginx_up 1\n")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield str(server.server_port)
        server.shutdown()


def test_http_ok(port: str) -> None:
    check = IMAGES / "http-ok"
    assert run(check, port, "/metrics").returncode == 0
    assert run(check, port, "/metrics", "nginx_up 1").returncode == 0
    missing = run(check, port, "/metrics", "nginx_up 0")
    assert missing.returncode == 1
    assert b'lacks "nginx_up 0"' in missing.stdout
    assert b"404" in run(check, port, "/else").stdout
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert run(check, str(free.getsockname()[1]), "/metrics").returncode != 0


def test_pgbouncer_that_changed_has_another_tag() -> None:
    """Its tag is its own, so that a release leaves it alone; who changes it raises the tag and says so here."""
    files = sorted((IMAGES / "pgbouncer").iterdir())
    found = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    image = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["pgbouncer"]["image"]
    assert {image.rpartition(":")[2]: found} == {"1.0.0": "9130bf5e71f56c8e"}


def test_pgbouncer_says_what_is_missing(tmp_path: Path) -> None:
    start = IMAGES / "pgbouncer" / "pgbouncer-start"
    assert b"set DB_PASSWORD_FILE" in run(start).stderr
    assert b"cannot be read" in run(start, DB_PASSWORD_FILE=str(tmp_path / "none")).stderr
    (tmp_path / "password").write_text("x")
    wrong = run(start, DB_PASSWORD_FILE=str(tmp_path / "password"), POOL_MODE="statement")
    assert wrong.returncode == 1
    assert b"must be transaction or session" in wrong.stderr


def test_elasticsearch_exporter_says_what_is_missing(tmp_path: Path) -> None:
    start = IMAGES / "elasticsearch-exporter" / "elasticsearch-exporter"
    done = run(start, ES_PASSWORD_FILE=str(tmp_path / "none"))
    assert done.returncode == 1
    assert b"cannot read" in done.stderr


def test_no_set_of_constants_holds_none() -> None:
    """Such a set is stored in the bytecode in the order of its hashes, and None's is an address: two builds of one
    source would differ."""
    found = [
        f"{path}:{node.lineno}"
        for package in ("analytics", "audio", "intake", "legal_intake", "tenants")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Set) and all(isinstance(one, ast.Constant) for one in node.elts)
        if any(isinstance(one, ast.Constant) and one.value is None for one in node.elts)
    ]
    assert not found


def test_no_module_stands_beside_a_folder_whose_name_begins_its_own() -> None:
    """The engine writes a layer in the order of whole paths (`names.py`, `names/a`) or folder by folder (`names/a`,
    `names.py`), as its cache has it: with such a pair, two builds of one source would differ."""
    files = subprocess.run(
        ["git", "ls-files", "analytics", "audio", "intake", "legal_intake", "tenants"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    paths = {Path(*Path(name).parts[:length]) for name in files for length in range(1, len(Path(name).parts) + 1)}
    assert sorted(str(path) for path in paths) == [str(path) for path in sorted(paths, key=lambda one: one.parts)]
