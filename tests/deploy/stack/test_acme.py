"""Certificates from a real ACME authority (Pebble): asked for, taken up by nginx, renewed, and no socket drops."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.stack.engine import EngineError, Project, run, wait_until

ROOT = Path(__file__).resolve().parents[3]
NAME = os.environ.get("ACME_STACK_NAME", "legal-intake-acme")
SUBNET = os.environ.get("ACME_STACK_SUBNET", "10.203.78.0/24")
HOSTS = ("intake.test", "admin.intake.test", "harbor.intake.test", "own.example")
REFUSED = "blocked.example"
PEBBLE = "ghcr.io/letsencrypt/pebble:2.10.1"
SECONDS = 420
HERE = "tests/deploy/stack/acme"
LOCK = os.environ.get("STACK_LOCK", "")
pytestmark = pytest.mark.stack(seconds=SECONDS)


class Place:
    """The running part of the stack, seen from outside."""

    def __init__(self, folder: Path, project: Project) -> None:
        self.folder, self.project, self.port = folder, project, 0

    def find_port(self) -> None:
        self.port = int(self.project.compose("port", "nginx", "443").stdout.rsplit(":", 1)[1])

    def connect(self, host: str) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        try:
            return context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    def certificate(self, host: str) -> bytes:
        with self.connect(host) as sock:
            return sock.getpeercert(binary_form=True) or b""

    def issued(self, host: str) -> str:
        """The fingerprint of what a host shows; empty while it is signed by ourselves."""
        shown = self.certificate(host)
        line = ["openssl", "x509", "-noout", "-issuer", "-ext", "subjectAltName"]
        said = run(line, text=ssl.DER_cert_to_PEM_cert(shown)).stdout
        good = "Pebble" in said and f"DNS:{host}" in said
        return hashlib.sha256(shown).hexdigest() if good else ""

    def log(self) -> list[dict[str, Any]]:
        """What certbot's loop said."""
        lines = self.project.compose("logs", "--no-log-prefix", "certbot").stdout.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("acme")
    folder.chmod(0o755)
    version = os.environ.get("STACK_VERSION", "stack-1")
    if run(["docker", "image", "inspect", PEBBLE], check=False).returncode:
        pulled = run(["docker", "pull", "--quiet", PEBBLE], check=False, seconds=120)
        if pulled.returncode:
            pytest.skip(f"not run: no image {PEBBLE} here, and it cannot be pulled")
    if not os.environ.get("STACK_ONLY"):
        lock = ["flock", LOCK] if LOCK else []
        run([*lock, str(ROOT / "scripts/images"), "legal-intake-certbot"], env={"VERSION": version}, seconds=300)
    cat = ["docker", "run", "--rm", "--entrypoint", "cat", PEBBLE, "/test/certs/pebble.minica.pem"]
    (folder / "pebble-ca.pem").write_text(run(cat).stdout)
    (folder / "domains").mkdir()
    hosts = [{"host": host, "kind": "own"} for host in (*HOSTS, REFUSED)]
    (folder / "domains" / "hosts.json").write_text(json.dumps({"version": 1, "base_domain": HOSTS[0], "hosts": hosts}))
    (folder / "dashboards_htpasswd").write_text("ops:x\n")
    settings = {
        "DOMAIN": HOSTS[0],
        "VERSION": version,
        "APP_SUBNET": SUBNET,
        "HTTP_PORT": "0",
        "HTTPS_PORT": "0",
        "DASHBOARDS_PORT": "0",
        "ACME_EMAIL": "ops@intake.test",
        "ACME_DIRECTORY": "https://pebble:14000/dir",
        "ACME_TEST": str(folder),
        "SECRETS_DIR": str(folder),
    }
    (folder / "env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    files = ["docker-compose.yml", f"{HERE}/pebble.yml", f"{HERE}/compose.yml"]
    project = Project(ROOT, NAME, files, ["tls"], folder / "env")
    found = Place(folder, project)
    project.down()
    try:
        project.compose("up", "--detach", "--no-deps", "pebble", "echo", "nginx", "certbot", seconds=180)
        found.find_port()
        yield found
    finally:
        project.down()


class Speaker(threading.Thread):
    """An open socket that says a number twice a second, and hears each again."""

    def __init__(self, place: Place, host: str) -> None:
        super().__init__(daemon=True)
        self.said, self.heard, self.problem = 0, 0, ""
        self.done = threading.Event()
        self._sock = place.connect(host)
        self._sock.sendall(
            f"GET /ws/v1/intake HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = self._sock.recv(1)
            assert part, head
            head += part
        assert head.startswith(b"HTTP/1.1 101"), head

    def run(self) -> None:
        try:
            while not self.done.wait(0.5):
                word = f"{self.said:08}".encode()
                self._sock.sendall(word)
                self.said += 1
                heard = b""
                while len(heard) < len(word):
                    part = self._sock.recv(len(word) - len(heard))
                    if not part:
                        self.problem = "the socket was closed"
                        return
                    heard += part
                self.heard += heard == word
        except OSError as error:
            self.problem = f"{type(error).__name__}: {error}"

    def end(self) -> None:
        self.done.set()
        self.join(20)
        with contextlib.suppress(OSError):
            self._sock.close()


def test_certificates_are_issued_taken_up_and_renewed_without_a_dropped_socket(place: Place, report: Any) -> None:
    began = time.monotonic()
    wait_until("nginx answers with a certificate of its own", lambda: place.certificate(HOSTS[2]), 60)
    assert not place.issued(HOSTS[2]), "before there is a real one, there is the fallback"
    speakers = [Speaker(place, host) for host in HOSTS for _ in range(5)]
    for speaker in speakers:
        speaker.start()
    try:
        wait_until("each host shows its own certificate", lambda: all(place.issued(host) for host in HOSTS), 200)
    except EngineError as error:
        said = "\n".join(place.project.logs(service, 40) for service in ("certbot", "nginx"))
        raise EngineError(f"{error}\n{said}") from None
    report.say("ACME: four hosts' certificates issued and shown by nginx", f"{time.monotonic() - began:.0f} s")
    first = {host: place.issued(host) for host in HOSTS}
    began = time.monotonic()

    def renewed() -> bool:
        return all(place.issued(host) not in ("", first[host]) for host in HOSTS)

    wait_until("each host shows a renewed certificate", renewed, 200, pause=2)
    report.say("ACME: all renewed, seen in nginx", f"{time.monotonic() - began:.0f} s after they were issued")
    for speaker in speakers:
        speaker.end()
    assert [speaker.problem for speaker in speakers if speaker.problem] == []
    assert all(speaker.said == speaker.heard > 20 for speaker in speakers)
    words = sum(speaker.heard for speaker in speakers)
    report.say("ACME: sockets open through every reload", f"{len(speakers)} sockets, {words} words, 0 lost")


def test_a_certificate_that_cannot_be_issued_is_said_once_and_waits(place: Place) -> None:
    failed = [line for line in place.log() if line["event"] == "certificate_not_issued"]
    assert [line["hosts"] for line in failed] == [REFUSED]
    assert failed[0]["error"]
    assert failed[0]["next_try_seconds"] == 900
    assert not place.issued(REFUSED)


def test_both_containers_are_healthy_and_may_do_little(place: Place) -> None:
    place.project.wait_ready(["nginx", "certbot"], 90)
    for service in ("nginx", "certbot"):
        details = place.project.only(service).details
        assert details["Config"]["User"] == "101:101"
        assert details["HostConfig"]["ReadonlyRootfs"] is True
        assert details["HostConfig"]["CapDrop"] == ["ALL"]
    keys = place.project.execute("certbot", "sh", "-c", "stat -c %a /data/letsencrypt/archive/*/privkey*.pem")
    assert set(keys.split()) == {"600"}
