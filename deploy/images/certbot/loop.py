"""Certificates for every host that may have one: asks Certbot for what is missing or due, and backs off.

The hosts come from a file that the scheduler writes (DOMAINS_FILE): our own ones under the base domain, and firms'
domains that are verified. nginx sees a new certificate by itself. Runs in the certbot container with its Python.

    loop.py             for ever
    loop.py --once      one pass; exit 1 when something could not be had
    loop.py --check     health: a pass, or a part of a long one, has ended lately
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509

if TYPE_CHECKING:
    from collections.abc import Mapping

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
PASS_SECONDS = 60.0
CERTBOT_SECONDS = 600.0
# Let's Encrypt allows 5 failed validations an hour for a name, and 300 new orders in 3 hours.
FIRST_DELAY = 900.0
LONGEST_DELAY = 86_400.0
ORDERS_PER_PASS = 20
HEALTHY_SECONDS = CERTBOT_SECONDS + 5 * PASS_SECONDS
NOT_REASONS = ("Ask for help", "See the logfile", "Hint:", "Some challenges")
# A certificate of a host that is not wanted any more is forgotten so long after its end.
FORGET_AFTER = timedelta(days=30)


class Unusable(Exception):
    """A setting or file that cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    email: str
    directory: str
    wildcard_arguments: tuple[str, ...]
    domains_file: Path
    config: Path
    webroot: Path
    own_certificates: Path
    scratch: Path
    certbot: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Raises Unusable."""
        email = environ.get("ACME_EMAIL", "").strip()
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
            raise Unusable("ACME_EMAIL is missing or no address: set it in .env, for the authority's messages")
        directory = environ.get("ACME_DIRECTORY", "").strip() or LETS_ENCRYPT
        if not directory.startswith("https://"):
            raise Unusable(f"ACME_DIRECTORY is {directory}: it must be an https:// address")
        return cls(
            email=email,
            directory=directory,
            wildcard_arguments=tuple(shlex.split(environ.get("ACME_WILDCARD_ARGS", ""))),
            domains_file=Path(environ.get("DOMAINS_FILE") or "/data/domains/hosts.json"),
            config=Path(environ.get("CERTBOT_CONFIG", "/data/letsencrypt")),
            webroot=Path(environ.get("ACME_WEBROOT", "/var/www/acme")),
            own_certificates=Path(environ.get("OWN_CERTIFICATES", "/etc/legal-intake/certificates")),
            scratch=Path(environ.get("CERTBOT_SCRATCH", "/tmp/certbot")),  # noqa: S108 - a tmpfs of its own
            certbot=environ.get("CERTBOT", "certbot"),
        )

    @property
    def live(self) -> Path:
        """Certbot's folder of current certificates, one folder a name."""
        return self.config / "live"

    @property
    def heartbeat(self) -> Path:
        """Touched whenever something was done."""
        return self.scratch / "heartbeat"


@dataclass(frozen=True)
class Order:
    """One certificate: Certbot's name for it, the hosts in it, and how they are proved."""

    name: str
    hosts: tuple[str, ...]
    proof: tuple[str, ...]


@dataclass
class Memory:
    """Failures, so that an authority is not asked again and again in vain. Survives a restart."""

    path: Path
    failures: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Memory:
        """What is stored; nothing when it is missing or broken."""
        try:
            stored = json.loads(path.read_text())
            return cls(path, {str(name): dict(entry) for name, entry in stored.items()})
        except (OSError, ValueError, AttributeError, TypeError):
            return cls(path)

    def may_ask(self, name: str, now: float) -> bool:
        """Whether enough time has gone since the last failure."""
        return now >= float(self.failures.get(name, {}).get("not_before", 0))

    def failed(self, name: str, error: str, now: float) -> float:
        """Remember a failure. Returns the seconds until the next try."""
        count = int(self.failures.get(name, {}).get("count", 0)) + 1
        delay = float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** (count - 1)))
        self.failures[name] = {"count": count, "not_before": now + delay, "error": error}
        self._store()
        return delay

    def succeeded(self, name: str) -> None:
        """Forget its failures."""
        if self.failures.pop(name, None):
            self._store()

    def _store(self) -> None:
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.failures, indent=1))
        part.replace(self.path)


def read_hosts(path: Path) -> tuple[str, list[str]]:
    """The base domain and every host that may have a certificate. Raises Unusable."""
    try:
        found = json.loads(path.read_text())
        base, hosts = str(found["base_domain"]), [str(entry["host"]) for entry in found["hosts"]]
    except FileNotFoundError:
        raise Unusable(f"{path} is not there yet: the scheduler writes it (does it run, with DOMAINS_FILE?)") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path} cannot be read ({type(error).__name__}): the scheduler writes it anew") from None
    return base, [host for host in hosts if HOST.fullmatch(host)]


def orders(base: str, hosts: list[str], settings: Settings) -> list[Order]:
    """The certificates that should exist: with a wildcard, one for all hosts right under the base domain."""
    found: list[Order] = []
    covered: set[str] = set()
    if settings.wildcard_arguments and base:
        wildcard = (base, f"*.{base}")
        found.append(Order(base, wildcard, settings.wildcard_arguments))
        covered = {host for host in hosts if covers(wildcard, host)}
    by_address = ("--webroot", "--webroot-path", str(settings.webroot))
    found += [Order(host, (host,), by_address) for host in hosts if host not in covered]
    return found


def covers(names: tuple[str, ...] | set[str], host: str) -> bool:
    """Whether a certificate with these names is good for a host."""
    return host in names or f"*.{host.partition('.')[2]}" in names


def read_certificate(path: Path) -> x509.Certificate | None:
    """The first certificate in a file; None when there is none."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def names_of(certificate: x509.Certificate) -> set[str]:
    """The hosts it is for."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return set(extension.value.get_values_for_type(x509.DNSName))


def is_due(order: Order, settings: Settings, now: datetime) -> bool:
    """Whether it is missing, for other hosts, or in the last third of its life."""
    certificate = read_certificate(settings.live / order.name / "fullchain.pem")
    if certificate is None or names_of(certificate) != set(order.hosts):
        return True
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return end - now < (end - begin) / 3


def brought_by_operator(settings: Settings, now: datetime) -> list[set[str]]:
    """The hosts of each certificate that the operator laid down and that is still good."""
    found = (read_certificate(path) for path in settings.own_certificates.glob("*/fullchain.pem"))
    return [names_of(certificate) for certificate in found if certificate and certificate.not_valid_after_utc > now]


def one_pass(settings: Settings, memory: Memory, stop: threading.Event) -> bool:
    """Ask for what is due. Whether nothing failed. Raises Unusable."""
    base, hosts = read_hosts(settings.domains_file)
    now = datetime.now(UTC)
    theirs = brought_by_operator(settings, now)
    wanted = [o for o in orders(base, hosts, settings) if not any(all(covers(t, h) for h in o.hosts) for t in theirs)]
    due = [order for order in wanted if is_due(order, settings, now) and memory.may_ask(order.name, time.time())]
    well = True
    for order in due[:ORDERS_PER_PASS]:
        if stop.is_set():
            break
        well = _ask(order, settings, memory) and well
        beat(settings)
    _forget({order.name for order in wanted}, settings, now)
    beat(settings)
    return well


def _ask(order: Order, settings: Settings, memory: Memory) -> bool:
    names = [word for host in order.hosts for word in ("-d", host)]
    done = run_certbot(
        settings,
        "certonly",
        *("--agree-tos", "--email", settings.email, "--no-eff-email", "--server", settings.directory),
        *("--cert-name", order.name, "--key-type", "ecdsa", "--force-renewal", "--renew-with-new-domains"),
        *order.proof,
        *names,
    )
    if done.returncode == 0:
        memory.succeeded(order.name)
        say("info", "certificate_issued", hosts=" ".join(order.hosts))
        return True
    error = what_it_said(done.stdout)
    delay = memory.failed(order.name, error, time.time())
    say("error", "certificate_not_issued", hosts=" ".join(order.hosts), error=error, next_try_seconds=round(delay))
    return False


def _forget(wanted: set[str], settings: Settings, now: datetime) -> None:
    for folder in sorted(settings.live.glob("*/")):
        certificate = read_certificate(folder / "fullchain.pem")
        if folder.name in wanted or certificate is None or now < certificate.not_valid_after_utc + FORGET_AFTER:
            continue
        done = run_certbot(settings, "delete", "--cert-name", folder.name)
        say("info", "certificate_forgotten", hosts=folder.name, done=done.returncode == 0)


def run_certbot(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Certbot to its end; a run that takes too long has failed."""
    folders = ("--config-dir", settings.config, "--work-dir", settings.scratch / "work", "--logs-dir", settings.scratch)
    command = [settings.certbot, *arguments, "--non-interactive", *map(str, folders)]
    try:
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=CERTBOT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, f"Detail: {type(error).__name__}: {error}", "")


def what_it_said(output: str) -> str:
    """The authority's reason, or Certbot's last word."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    details = [line.removeprefix("Detail:").strip() for line in lines if line.startswith("Detail:")]
    reasons = [line for line in lines if not line.startswith(NOT_REASONS)]
    return " | ".join(details or reasons[-1:] or ["Certbot said nothing"])[:500]


def beat(settings: Settings) -> None:
    """Say that something was done."""
    settings.heartbeat.touch()


def is_healthy(settings: Settings, now: float) -> bool:
    """Whether something was done lately."""
    try:
        return now - settings.heartbeat.stat().st_mtime < HEALTHY_SECONDS
    except OSError:
        return False


def say(level: str, event: str, **fields: Any) -> None:
    """One line of our JSON logs."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": at, "level": level, "logger": "certbot.loop", "event": event, **fields}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def loop(settings: Settings, stop: threading.Event, *, once: bool) -> int:
    """Pass after pass. What cannot be read is said once, not every minute."""
    memory = Memory.load(settings.config / "legal-intake-failures.json")
    said = ""
    while True:
        well, problem = False, ""
        try:
            well = one_pass(settings, memory, stop)
        except Unusable as error:
            problem = str(error)
        except OSError as error:
            problem = f"{error}: is the volume there, and does it belong to this container's user?"
        if problem and problem != said:
            say("warning", "cannot_look_for_certificates", error=problem)
        said = problem
        beat(settings)
        if once or stop.wait(PASS_SECONDS):
            return 0 if well or stop.is_set() else 1


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Exit 0 when told to stop, 1 when a single pass or the health check failed, 2 for a setting."""
    try:
        settings = Settings.read(environ)
    except Unusable as error:
        say("error", "cannot_start", error=str(error))
        return 2
    if "--check" in arguments:
        return 0 if is_healthy(settings, time.time()) else 1
    settings.scratch.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return loop(settings, stop, once="--once" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
