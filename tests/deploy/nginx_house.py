"""A real nginx with our configuration on loopback ports, an api, a frontend and a name server of the test's own.

nginx comes from NGINX_BIN or the PATH where it is new enough, else from the image that docker-compose.yml names.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.support.names import NameServer
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
NGINX = ROOT / "deploy" / "nginx"
NEEDED = (1, 27, 4)  # `resolve` in an upstream, ssl_certificate_cache
DOMAIN = "intake.test"
# nginx never runs as root; where the tests do, it runs as the account of its image.
ACCOUNT = 101


def nginx_image() -> str:
    """The image that the stack uses."""
    found = re.search(r"image: (?:\$\{NGINX_IMAGE:-)?(nginx:[\w.-]+)", (ROOT / "docker-compose.yml").read_text())
    assert found, "docker-compose.yml names no nginx image"
    return found[1]


def find_nginx() -> tuple[list[str], str]:
    """How to run a program where nginx is (a prefix of the command line), or why it cannot be: one of the two."""
    binary = os.environ.get("NGINX_BIN") or shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    older = ""
    if binary:
        said = subprocess.run([binary, "-v"], capture_output=True, text=True, check=False).stderr
        version = tuple(int(part) for part in re.findall(r"\d+", said)[:3])
        if version >= NEEDED:
            return ["env", f"PATH={Path(binary).parent}:{os.environ['PATH']}"], ""
        older = f"nginx here is {'.'.join(map(str, version))}, older than {'.'.join(map(str, NEEDED))}; "
    if not shutil.which("docker"):
        return [], f"{older}no nginx and no docker here"
    image = nginx_image()
    asked = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False, timeout=30)
    if asked.returncode:
        return [], f"{older}no nginx, and no engine with the image {image}"
    return ["docker", image], ""


PREFIX, WHY_NOT = find_nginx()


def command(folder: Path, program: str, *arguments: str, environ: dict[str, str]) -> list[str]:
    """The command line that runs `program` where nginx is; `folder` and the repository are at the same places."""
    settings = [f"{name}={value}" for name, value in environ.items()]
    as_root = os.geteuid() == 0
    if PREFIX[0] != "docker":
        drop = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"] if as_root else []
        return [*drop, *PREFIX, *settings, program, *arguments]
    mounts = ["-v", f"{folder}:{folder}", "-v", f"{ROOT}:{ROOT}:ro"]
    options = [word for setting in settings for word in ("-e", setting)]
    user = ["-u", f"{ACCOUNT}:{ACCOUNT}" if as_root else f"{os.getuid()}:{os.getgid()}"]
    base = ["docker", "run", "--rm", "--init", "--network", "host", *user, *mounts, *options]
    return [*base, "--entrypoint", program, PREFIX[1], *arguments]


def hand_over(folder: Path) -> Path:
    """Give a folder and what is in it to the account that nginx runs as."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, ACCOUNT, ACCOUNT, follow_symlinks=False)
    return folder


def judge(folder: Path, configuration: Path) -> str:
    """What `nginx -t` says of a configuration below `folder`; empty when it takes it without a word."""
    hand_over(folder)
    line = command(folder, "nginx", "-q", "-t", "-e", "stderr", "-c", str(configuration / "nginx.conf"), environ={})
    # A file that nginx's account may open again: it does, as /dev/stdout.
    with tempfile.TemporaryFile("w+") as said:
        _give(said.fileno())
        done = subprocess.run(line, stdout=said, stderr=subprocess.STDOUT, check=False, timeout=60)
        said.seek(0)
        return said.read() + ("" if done.returncode == 0 else f"exit {done.returncode}")


def _give(fd: int) -> None:
    if os.geteuid() == 0:
        os.fchown(fd, ACCOUNT, ACCOUNT)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that nginx's account may reach, which pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="nginx-house-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def make_certificate(folder: Path, *names: str, days: int = 90) -> Path:
    """A certificate for these hosts in `folder`, as Certbot lays one down."""
    folder.mkdir(parents=True, exist_ok=True)
    alternatives = ",".join(f"DNS:{name}" for name in names)
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days)]
    subject = ["-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={alternatives}"]
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run(["openssl", "req", "-x509", *kind, *subject, *files], check=True, capture_output=True)
    return hand_over(folder)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@dataclass
class Answer:
    """A response, headers as a list so that a doubled one shows."""

    status: int
    raw_headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.raw_headers if key.lower() == name.lower()]

    def one(self, name: str) -> str:
        found = self.all(name)
        assert len(found) == 1, f"{name}: {found}"
        return found[0]

    def json(self) -> Any:
        return json.loads(self.body)


class House:
    """The nginx under test and what stands around it."""

    def __init__(self, folder: Path, names: NameServer, **settings: str) -> None:
        self.folder, self.names = folder, names
        self.run = folder / "run"
        self.acme, self.own, self.webroot = folder / "live", folder / "own", folder / "acme"
        self.maintenance, self.htpasswd = folder / "maintenance", folder / "htpasswd"
        for place in (self.run, self.acme, self.own, self.webroot):
            place.mkdir(parents=True, exist_ok=True)
        self.ports = {name: free_port() for name in ("HTTP", "HTTPS", "DASHBOARDS", "STATUS")}
        self.api_port, self.frontend_port = free_port(), free_port()
        names.addresses["api"] = ["127.0.0.2"]
        names.addresses["frontend"] = ["127.0.0.2"]
        names.addresses["grafana"] = ["127.0.0.2"]
        self.settings = {
            "DOMAIN": DOMAIN,
            "NGINX_RUN": str(self.run),
            "NGINX_ACME_CERTIFICATES": str(self.acme),
            "NGINX_OWN_CERTIFICATES": str(self.own),
            "NGINX_ACME_WEBROOT": str(self.webroot),
            "NGINX_MAINTENANCE_FILE": str(self.maintenance),
            "NGINX_HTPASSWD_FILE": str(self.htpasswd),
            "NGINX_RESOLVER": f"127.0.0.1:{names.address[1]}",
            "NGINX_API": f"api:{self.api_port}",
            "NGINX_FRONTEND": f"frontend:{self.frontend_port}",
            "NGINX_GRAFANA": f"grafana:{self.api_port}",
            "NGINX_WORKERS": "2",
            "NGINX_IPV6": "off",
            "NGINX_WATCH_SECONDS": "1",
            "NGINX_RELOAD_SECONDS": "1",
            "NGINX_STOP_SECONDS": "2",
            **{f"NGINX_{name}_PORT": str(port) for name, port in self.ports.items()},
            **settings,
        }
        self.log: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def render(self, folder: Path, previous: Path | None = None) -> subprocess.CompletedProcess[str]:
        """The renderer alone: needs no nginx."""
        return subprocess.run(
            [str(NGINX / "render"), str(folder), *([str(previous)] if previous else [])],
            env={"PATH": os.environ["PATH"], **self.settings},
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self) -> None:
        hand_over(self.folder)
        line = command(self.folder, str(NGINX / "start"), environ=self.settings)
        reading, writing = os.pipe()
        _give(writing)
        self._process = subprocess.Popen(line, stdout=writing, stderr=writing)
        os.close(writing)
        self._reader = threading.Thread(target=self._read, args=(reading,), daemon=True)
        self._reader.start()
        wait_for(lambda: self._answers() or self._process is None or self._process.poll() is not None, 60)
        assert self._process.poll() is None, "nginx did not start:\n" + "\n".join(self.log)

    def ring(self) -> None:
        """`start --reload`, in the same container where there is one."""
        with (self.run / "bell").open("w") as bell:
            bell.write("reload\n")

    def stop(self) -> int:
        if self._process is None:
            return 0
        self._process.terminate()
        status = self._process.wait(60)
        if self._reader is not None:
            self._reader.join(5)
        self._process = None
        return status

    def _read(self, reading: int) -> None:
        with os.fdopen(reading) as stream:
            for line in stream:
                self.log.append(line.rstrip("\n"))

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, HTTPException):
            return self.http("GET", "/healthz", port="STATUS").status == 200
        return False

    def access(self, path: str) -> list[dict[str, Any]]:
        """The access log's lines for a path."""
        lines = [json.loads(line) for line in list(self.log) if line.startswith("{")]
        return [line for line in lines if line["logger"] == "nginx.access" and line["path"] == path]

    def http(self, method: str, path: str, *, port: str = "HTTP", **options: Any) -> Answer:
        return self._ask(HTTPConnection("127.0.0.1", self.ports[port], timeout=10), method, path, **options)

    def https(
        self, method: str, path: str, *, host: str = f"firm.{DOMAIN}", port: str = "HTTPS", **options: Any
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.ports[port], timeout=10)
        connection.sock = self.tls(host, port)
        return self._ask(connection, method, path, host=host, **options)

    def tls(self, host: str, port: str = "HTTPS", **options: Any) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if "alpn" in options:
            context.set_alpn_protocols(options["alpn"])
        if "newest" in options:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = options["newest"]
        plain = socket.create_connection(("127.0.0.1", self.ports[port]), timeout=10)
        try:
            return context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    def certificate_of(self, host: str) -> bytes:
        with self.tls(host) as sock:
            found = sock.getpeercert(binary_form=True)
            assert found
            return found

    def websocket(self, host: str = f"firm.{DOMAIN}", client: str = "") -> ssl.SSLSocket:
        """An open socket through nginx; raw bytes come back with the upstream's name in front."""
        sock = self.tls(host)
        forwarded = f"X-Forwarded-For: {client}\r\n" if client else ""
        sock.sendall(
            f"GET /ws/v1/intake HTTP/1.1\r\nHost: {host}\r\n{forwarded}"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            part = sock.recv(1)
            if not part:
                break
            head += part
        if not head.startswith(b"HTTP/1.1 101"):
            sock.close()
            raise ConnectionError(head.decode())
        return sock

    def _ask(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        *,
        host: str = f"firm.{DOMAIN}",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        client: str = "",
    ) -> Answer:
        sent = {"Host": host, **({"X-Forwarded-For": client} if client else {}), **(headers or {})}
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()


@contextlib.contextmanager
def running(house: House) -> Iterator[House]:
    """nginx while the block runs, from when it has found the api."""
    house.start()
    try:
        wait_for(lambda: house.https("GET", "/warm").status == 200, 15)
        yield house
    finally:
        house.stop()
