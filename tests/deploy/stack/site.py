"""The stack under test: a copy of the checkout in a folder of its own, with its own settings, secrets and addresses.

From outside it is one address: HTTPS there, with a certificate of a CA that only these tests know.
"""

from __future__ import annotations

import base64
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
ADDRESS = os.environ.get("STACK_ADDRESS", "127.77.0.1")
SUBNET = os.environ.get("STACK_SUBNET", "10.203.77.0/24")
VERSION = os.environ.get("STACK_VERSION", "stack-1")
NEXT_VERSION = os.environ.get("STACK_NEXT_VERSION", "stack-2")
DOMAIN = "intake.test"
PROFILES = ("models", "ha", "pooler", "search", "monitoring", "logs", "tls")
#: Up, but asked for by no test that follows: their start alone is proved.
WITHOUT = frozenset(filter(None, os.environ.get("STACK_WITHOUT", "models certbot").split()))
SECRETS = {
    "secret_key": lambda: secrets.token_urlsafe(50),
    "master_key": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "postgres_password": lambda: secrets.token_hex(20),
    "postgres_replication_password": lambda: secrets.token_hex(20),
    "redis_password": lambda: secrets.token_hex(20),
    "metrics_token": lambda: secrets.token_hex(20),
    "elasticsearch_password": lambda: secrets.token_hex(20),
    "grafana_password": lambda: secrets.token_hex(20),
    "smtp_password": lambda: secrets.token_hex(20),
    "slack_webhook": lambda: "http://127.0.0.1:9/not-a-webhook",
}


@dataclass
class Firm:
    """A firm of the stack and one of its staff."""

    name: str
    host: str
    email: str
    password: str


@dataclass
class Site:
    """The running stack."""

    root: Path
    project: Project
    tls: ssl.SSLContext
    address: str = f"{ADDRESS}:443"
    firms: list[Firm] = field(default_factory=list)

    @property
    def ours(self) -> list[str]:
        """Services that this run starts."""
        return sorted(set(self.project.config()["services"]) - WITHOUT)

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
    """`.env` and the secrets, as an operator with a small server would have them."""
    settings = {
        "COMPOSE_PROJECT_NAME": NAME,
        "DOMAIN": DOMAIN,
        "PRESET": "small",
        "VERSION": VERSION,
        "HTTP_PORT": f"{ADDRESS}:80",
        "HTTPS_PORT": f"{ADDRESS}:443",
        "DASHBOARDS_BIND": ADDRESS,
        "APP_SUBNET": SUBNET,
        "TRUSTED_PROXIES_IN_FRONT": f"{SUBNET.rsplit('.', 1)[0]}.1",
        "AUDIO_SLOTS": "2",
        "ACME_EMAIL": "operator@intake.test",
        "ALERT_EMAIL_TO": "operator@intake.test",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_FROM": "intake@intake.test",
        "SLACK_CHANNEL": "#intake",
    }
    preset = (root / "deploy" / "presets" / "small.env").read_text()
    (root / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    (root / "stack.env").write_text(preset + (root / ".env").read_text())
    folder = root / "deploy" / "secrets"
    folder.mkdir(exist_ok=True)
    for name, make in SECRETS.items():
        (folder / name).write_text(make() + "\n")
    hashed = run(["openssl", "passwd", "-apr1", "dashboards"]).stdout.strip()
    (folder / "dashboards_htpasswd").write_text(f"operator:{hashed}\n")
    (folder / "backup_age_recipients").write_text(_age_recipient(root) + "\n")
    for path in folder.iterdir():
        path.chmod(0o444)  # containers of several accounts read them; the folder above is this run's own


def _age_recipient(root: Path) -> str:
    """A key pair of age, made by the backup image; the identity stays beside the checkout."""
    image = f"legal-intake-backup:{VERSION}"
    made = run(["docker", "run", "--rm", "--entrypoint", "age-keygen", image], check=False)
    if made.returncode:
        return "age1" + "q" * 58
    (root.parent / "age-identity").write_text(made.stdout)
    return next(word for word in made.stdout.split() if word.startswith("age1"))


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
         "-subj", f"/CN={hosts[0]}", "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE",
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
    with Browser(site, host) as browser:
        page = browser.follow(path)
        assert page.status_code == 200, page.text[:500]
        form = {"new_password1": password, "new_password2": password}
        done = browser.post_form(page.url.path, form)
        assert done.status_code == 302, done.text[:2000]
    firm = Firm(name, host, email, password)
    site.firms.append(firm)
    return firm


def now() -> float:
    """For durations."""
    return time.monotonic()
