"""The chart as a package: the version's own, nothing in it that an operator does not need, and as an OCI artefact."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tests.deploy.chart.house import CHART, HERE, KUBERNETES, RELEASE, needs_helm, text

pytestmark = needs_helm
VERSION = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]


class Registry(BaseHTTPRequestHandler):
    """As much of the OCI distribution protocol as a push and a pull of one chart take."""

    blobs: dict[str, tuple[str, bytes]]

    def do_GET(self) -> None:
        kind, body = self.blobs.get(self.path.rpartition("/")[2], ("", b""))
        self.answer(200 if body else 404, body, kind)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.answer(202, place=f"{self.path}one")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self.blobs[digest] = self.blobs[self.path.rpartition("/")[2]] = (self.headers["Content-Type"], body)
        self.answer(201, digest=digest, place=self.path)

    def answer(self, status: int, body: bytes = b"", kind: str = "", digest: str = "", place: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        known = digest or (f"sha256:{hashlib.sha256(body).hexdigest()}" if body else "")
        for name, value in (("Docker-Content-Digest", known), ("Content-Type", kind), ("Location", place)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Quiet."""


@pytest.fixture
def registry() -> Iterator[str]:
    handler = type("Fresh", (Registry,), {"blobs": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"oci://127.0.0.1:{server.server_port}/charts"
        server.shutdown()


def helm(*words: str | Path) -> str:
    done = subprocess.run(["helm", *words], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def package(tmp_path: Path) -> Path:
    helm("package", CHART, "--destination", tmp_path)
    return tmp_path / f"legal-intake-{VERSION}.tgz"


def rendered(chart: Path) -> str:
    values = CHART / "ci" / "valkey-values.yaml"
    return helm("template", RELEASE, chart, "-n", HERE, "-f", values, "--kube-version", KUBERNETES)


def test_it_is_the_versions_and_holds_what_it_renders_from(package: Path) -> None:
    with tarfile.open(package) as archive:
        names = {name.removeprefix("legal-intake/") for name in archive.getnames()}
    assert {
        "Chart.yaml",
        "values.yaml",
        "values.schema.json",
        "files/paths.yaml",
        "files/redis/failover/nodes.sh",
    } <= names
    assert not [name for name in names if name.startswith(("ci/", "tests/"))], "they are for whoever works on the chart"
    assert rendered(package) == text("valkey")


def test_it_goes_into_a_registry_and_comes_back_the_same(package: Path, registry: str, tmp_path: Path) -> None:
    helm("push", package, registry, "--plain-http")
    back = tmp_path / "back"
    back.mkdir()
    helm("pull", f"{registry}/legal-intake", "--version", VERSION, "--plain-http", "--destination", back)
    (found,) = back.iterdir()
    assert found.read_bytes() == package.read_bytes()
    assert rendered(found) == text("valkey")
