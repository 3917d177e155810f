"""A cluster for `certificates`: the stand-in or the real API server, somebody in cert-manager's place, and edges."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from legal_intake.certificates import fetching
from legal_intake.certificates.controller import Controller, Hosts, Settings
from legal_intake.certificates.desired import CERTIFICATE_NAME, GONE_SINCE, GROUP, KIND, MANAGED_BY, Rules
from legal_intake.certificates.kubernetes import MERGE, Place
from legal_intake.certificates.serving import Server
from tests.support.kube_fake import FakeKube
from tests.support.kube_real import RealKube
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
BASE = "intake.test"
TOKEN = "t" * 20 + secrets.token_hex(16)
ROLE = ROOT / "helm/legal-intake/templates/certificates/role.yaml"
RULES = Rules("intake", "http01", "dns01")
CRD = ROOT / "tests/support/crds/cert-manager.io_certificates.yaml"


def make_pair(*hosts: str, days: float = 90, like: ec.EllipticCurvePrivateKey | None = None) -> tuple[bytes, bytes]:
    """A chain with a certificate for these hosts, and its key."""
    key = like or ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_after(now + dt.timedelta(days=days))
    builder = builder.not_valid_before(min(now, now + dt.timedelta(days=days)) - dt.timedelta(days=1))
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    leaf = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    return leaf + _above(), key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


@cache
def _above() -> bytes:
    """Something as large as an authority's own certificate behind the leaf."""
    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "An authority of the tests " * 2)])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=900))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x" * 400), False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass
class Cluster:
    """One namespace for Certificates, an account that may work in it, and an administrator."""

    place: Place
    admin: httpx.Client
    fake: FakeKube | None = None
    #: A namespace that the account has no right in.
    elsewhere: str = "elsewhere"
    secrets: set[str] = field(default_factory=set)

    def path(self, kind: str = KIND, name: str = "") -> str:
        return self.place.path({KIND: GROUP, "secrets": "v1"}.get(kind, "acme.cert-manager.io/v1"), kind, name)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        response = self.admin.request(method, path, json=body, headers=headers)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text[:300]}"
        found: dict[str, Any] = response.json()
        return found

    def patch(self, path: str, body: Any) -> dict[str, Any]:
        return self.ask("PATCH", path, body, **{"Content-Type": MERGE})

    def certificates(self) -> dict[str, dict[str, Any]]:
        return {each["metadata"]["name"]: each for each in self.ask("GET", self.path())["items"]}

    def secret_names(self) -> set[str]:
        found = self.ask("GET", self.path("secrets"))["items"]
        return {each["metadata"]["name"] for each in found}

    def issue(self, name: str, *hosts: str, pair: tuple[bytes, bytes] | None = None, ready: bool = True) -> bytes:
        """What cert-manager does for a Certificate: its Secret, with the labels it asks for, and its condition."""
        certificate = self.ask("GET", self.path(KIND, name))
        chain, key = pair or make_pair(*(hosts or certificate["spec"]["dnsNames"]))
        data = {"tls.crt": base64.b64encode(chain).decode(), "tls.key": base64.b64encode(key).decode()}
        place = self.path("secrets", certificate["spec"]["secretName"])
        if self.admin.get(place).is_success:
            self.patch(place, {"data": data})
        else:
            meta = {
                "name": certificate["spec"]["secretName"],
                "labels": {**certificate["spec"]["secretTemplate"]["labels"], "controller.cert-manager.io/fao": "true"},
                "annotations": {CERTIFICATE_NAME: name},
            }
            body = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": meta, "data": data}
            self.ask("POST", self.path("secrets"), body)
        if ready:
            self.say(name, "Ready", "True", "Ready", "Certificate is up to date and has not expired")
        return chain

    def say(self, name: str, kind: str, status: str, reason: str, message: str) -> None:
        condition = {"type": kind, "status": status, "reason": reason, "message": message}
        condition["lastTransitionTime"] = "2026-01-01T00:00:00Z"
        self.patch(f"{self.path(KIND, name)}/status", {"status": {"conditions": [condition]}})

    def challenge(self, host: str, token: str, key: str, reason: str = "") -> None:
        spec = {"type": "HTTP-01", "dnsName": host, "token": token, "key": key}
        body = {"apiVersion": "acme.cert-manager.io/v1", "kind": "Challenge", "metadata": {"name": f"{host}-1"}}
        status = {"state": "pending", "reason": reason, "presented": True}
        self.ask("POST", self.path("challenges"), {**body, "spec": spec, "status": status})


def settings(cluster: Cluster, folder: Path, **environ: str) -> Settings:
    """As the chart gives them."""
    (folder / "token").write_text(TOKEN + "\n")
    usual = {
        "CERTIFICATES_NAMESPACE": cluster.place.namespace,
        "CERTIFICATES_OWNER": "intake",
        "CERTIFICATES_ISSUER": "http01",
        "CERTIFICATES_WILDCARD_ISSUER": "dns01",
        "CERTIFICATES_TOKEN_FILE": str(folder / "token"),
        "CERTIFICATES_BIND": "127.0.0.1",
    }
    return Settings.read({**usual, **environ})


class Firms:
    """The hosts that the database would tell."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = [BASE, f"admin.{BASE}", *hosts]
        self.away = False

    def __call__(self) -> Hosts:
        if self.away:
            raise ConnectionError("the database is away")
        return BASE, list(self.hosts)


@contextlib.contextmanager
def serving(controller: Controller, token: Path) -> Iterator[Server]:
    """The controller's address while the block runs."""
    server = Server(("127.0.0.1", 0), controller.shelf, token, controller.trouble)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        controller.shelf.close()
        server.shutdown()
        server.server_close()
        thread.join(5)


def edge(server_port: int, folder: Path, token: Path, keep: str = "0") -> fetching.Settings:
    """The settings of an edge's fetcher."""
    folder.mkdir(exist_ok=True)
    environ = {
        "CERTIFICATES_URL": f"http://127.0.0.1:{server_port}",
        "CERTIFICATES_FOLDER": str(folder),
        "CERTIFICATES_TOKEN_FILE": str(token),
        "CERTIFICATES_GONE_SECONDS": keep,
    }
    return fetching.Settings.read(environ)


def on_the_fake(fake: FakeKube, folder: Path) -> Cluster:
    """The stand-in; it needs no authority, but the file has to be one."""
    account = folder / "account"
    account.mkdir()
    (account / "token").write_text("first")
    (account / "ca.crt").write_bytes(make_pair("kube.test")[0])
    place = Place(fake.url, "certs", account / "token", account / "ca.crt")
    admin = httpx.Client(base_url=fake.url, headers={"Authorization": "Bearer admin"}, trust_env=False)
    return Cluster(place, admin, fake)


def on_the_real(kube: RealKube, folder: Path) -> Cluster:
    """Namespaces of our own, cert-manager's kind, and the chart's Role bound to an account."""
    mark = f"li-{secrets.token_hex(3)}"
    app, certs, elsewhere = mark, f"{mark}-certificates", f"{mark}-elsewhere"
    account = folder / "account"
    account.mkdir()
    (account / "ca.crt").write_bytes(kube.authority.read_bytes())
    cluster = Cluster(Place(kube.url, certs, account / "token", account / "ca.crt"), kube.admin, None, elsewhere)
    for name in (app, certs, elsewhere):
        cluster.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    kinds(kube.admin)
    rules = yaml.safe_load(re.sub(r"\{\{.*?\}\}", "", ROLE.read_text()[ROLE.read_text().index("rules:") :]))["rules"]
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{certs}"
    cluster.ask("POST", f"/api/v1/namespaces/{app}/serviceaccounts", {"metadata": {"name": "certificates"}})
    cluster.ask("POST", f"{rbac}/roles", {"metadata": {"name": "certificates"}, "rules": rules})
    binding = {
        "metadata": {"name": "certificates"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "certificates"},
        "subjects": [{"kind": "ServiceAccount", "name": "certificates", "namespace": app}],
    }
    cluster.ask("POST", f"{rbac}/rolebindings", binding)
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    given = cluster.ask("POST", f"/api/v1/namespaces/{app}/serviceaccounts/certificates/token", asked)
    (account / "token").write_text(given["status"]["token"])
    return cluster


def kinds(admin: httpx.Client) -> None:
    """cert-manager's kinds that we use, where they are not there; until they answer."""
    for kind in (yaml.safe_load(CRD.read_text()), _challenges_crd()):
        place = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        if not admin.get(f"{place}/{kind['metadata']['name']}").is_success:
            response = admin.post(place, json=kind)
            assert response.is_success, response.text[:300]
        served = f"/apis/{kind['spec']['group']}/v1/{kind['spec']['names']['plural']}"
        wait_for(lambda served=served: admin.get(served).is_success, 30)  # type: ignore[misc]


def _challenges_crd() -> dict[str, Any]:
    """Name and place of cert-manager's kind; its schema is not what these tests are about."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "challenges.acme.cert-manager.io"},
        "spec": {
            "group": "acme.cert-manager.io",
            "scope": "Namespaced",
            "names": {"kind": "Challenge", "plural": "challenges", "singular": "challenge"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def is_ours(thing: dict[str, Any]) -> bool:
    return (thing["metadata"].get("labels") or {}).get(MANAGED_BY) == "legal-intake-certificates"


def make(cluster: Cluster, folder: Path, firms: Firms, **environ: str) -> Controller:
    return Controller(settings(cluster, folder, **environ), cluster.place, firms)


def shown(controller: Controller) -> dict[str, Any]:
    assert controller.shelf.shown is not None
    return dict(controller.shelf.shown.pairs)


def age(cluster: Cluster, name: str, days: float) -> None:
    since = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).isoformat()
    cluster.patch(cluster.path(KIND, name), {"metadata": {"annotations": {GONE_SINCE: since}}})
