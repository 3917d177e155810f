"""The stack under test: a copy of the checkout in a folder of its own, with its own settings, secrets and addresses.

From outside it is one address: HTTPS there, with a certificate of a CA that only these tests know.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.deploy.stack.engine import Project, run

ROOT = Path(__file__).resolve().parents[3]
NAME = os.environ.get("STACK_NAME", "legal-intake-stack")
ADDRESS = "127.0.0.1"
HTTP_PORT = int(os.environ.get("STACK_HTTP_PORT", "80"))
HTTPS_PORT = int(os.environ.get("STACK_HTTPS_PORT", "443"))
DASHBOARDS_PORT = int(os.environ.get("STACK_DASHBOARDS_PORT", "3001"))
SUBNET = os.environ.get("STACK_SUBNET", "10.203.77.0/24")
VERSION = os.environ.get("STACK_VERSION", "stack-1")
NEXT_VERSION = os.environ.get("STACK_NEXT_VERSION", "stack-2")
DOMAIN = "intake.test"
PROFILES = ("models", "ha", "pooler", "search", "monitoring", "logs", "tls")
#: Not started here: `tls`, which wants names in DNS and a certificate authority (its own test has both).
STARTED = tuple(os.environ.get("STACK_PROFILES", "models,ha,pooler,search,monitoring,logs").split(","))
#: The engine's own end of the networks that it forwards a published port from: the only proxy in front of this stack.
PROXIES = f"{SUBNET.rsplit('.', 1)[0]}.1/32,172.16.0.0/12,192.168.0.0/16"


@dataclass
class Firm:
    """A firm of the stack and one of its staff."""

    name: str
    host: str
    email: str
    password: str

    @property
    def netloc(self) -> str:
        """Its Host header: with the port where that is not https' own."""
        return self.host if HTTPS_PORT == 443 else f"{self.host}:{HTTPS_PORT}"


@dataclass
class Site:
    """The running stack."""

    root: Path
    project: Project
    tls: ssl.SSLContext
    address: str = f"{ADDRESS}:{HTTPS_PORT}"
    firms: list[Firm] = field(default_factory=list)

    @property
    def ours(self) -> list[str]:
        """Services that this run starts, and that keep running."""
        return sorted(set(self.project.config()["services"]) - {"migrate"})

    def secret(self, name: str) -> str:
        """What a secret's file holds."""
        return (self.root / "deploy" / "secrets" / name).read_text().strip()

    def manage(self, *arguments: str, seconds: float = 120) -> str:
        """`manage.py` inside the api container."""
        return self.project.execute("api", "python", "manage.py", *arguments, seconds=seconds)


def make_root(folder: Path) -> Path:
    """A copy of what git would commit: the run must not touch the checkout, nor depend on what lies in it."""
    root = folder / "checkout"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT).stdout
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    subprocess.run(
        ["tar", "-C", str(ROOT), "-cf", str(folder / "checkout.tar"), "--no-recursion", "--null", "-T", "-"],
        input="\0".join(names).encode(), check=True,
    )  # fmt: skip
    subprocess.run(["tar", "-C", str(root), "-xf", str(folder / "checkout.tar")], check=True)
    (folder / "checkout.tar").unlink()
    folder.chmod(0o755)
    root.chmod(0o755)
    return root


def write_settings(root: Path) -> None:
    """`.env` as an operator with a small server would write it."""
    settings = {
        "COMPOSE_PROJECT_NAME": NAME,
        "COMPOSE_PROFILES": ",".join(STARTED),
        "DOMAIN": DOMAIN,
        "PRESET": "small",
        "HTTP_PORT": HTTP_PORT,
        "HTTPS_PORT": HTTPS_PORT,
        "DASHBOARDS_PORT": DASHBOARDS_PORT,
        "APP_SUBNET": SUBNET,
        "TRUSTED_PROXIES_IN_FRONT": PROXIES,
        "AUDIO_SLOTS": 2,
    }
    (root / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def make_certificates(folder: Path, hosts: list[str]) -> ssl.SSLContext:
    """A CA, and a certificate of it for these hosts: `ca.pem`, `fullchain.pem`, `privkey.pem`."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ",".join(f"DNS:{host}" for host in hosts)
    run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=stack test CA", "-addext", "basicConstraints=critical,CA:TRUE",
         "-addext", "keyUsage=critical,keyCertSign,cRLSign",
         "-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.pem")]
    )  # fmt: skip
    run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={hosts[0]}", "-addext", f"subjectAltName={names}",
         "-addext", "basicConstraints=critical,CA:FALSE",
         "-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key"),
         "-keyout", str(folder / "privkey.pem"), "-out", str(folder / "cert.pem")]
    )  # fmt: skip
    chain = (folder / "cert.pem").read_text() + (folder / "ca.pem").read_text()
    (folder / "fullchain.pem").write_text(chain)
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


def new_firm(site: Site, name: str, host: str) -> Firm:
    """A firm, and its administrator with a password set by the one-time link, over HTTPS."""
    from tests.deploy.stack.people import Browser

    email, password = f"staff@{host}", secrets.token_urlsafe(18)
    made: dict[str, Any] = json.loads(site.manage("firm", "create", name, host, "--admin", email, "--json"))
    path = "/" + made["set_password"].split("://", 1)[-1].split("/", 1)[1]
    firm = Firm(name, host, email, password)
    with Browser(site, firm) as browser:
        page = browser.follow(path)
        assert page.status_code == 200, page.text[:500]
        form = {"new_password1": password, "new_password2": password}
        done = browser.post_form(page.url.path, form)
        assert done.status_code == 302, done.text[:2000]
    site.firms.append(firm)
    return firm


def now() -> float:
    """For durations."""
    return time.monotonic()
