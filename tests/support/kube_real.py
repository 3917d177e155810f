"""The real API server, where there is one: of KUBECONFIG, or started here from etcd and kube-apiserver of the PATH.

Started here it has no controllers: nothing but what it decides itself (schemas, permissions, pages, conflicts) is real.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.deploy.nginx_house import free_port
from tests.support.waiting import wait_for

NEEDED = ("etcd", "kube-apiserver", "openssl")


def why_not() -> str:
    """Why there is no API server here; empty when there is one."""
    if os.environ.get("KUBECONFIG"):
        return ""
    missing = [name for name in NEEDED if not shutil.which(name)]
    return f"no KUBECONFIG, and not on the PATH: {', '.join(missing)}" if missing else ""


@dataclass(frozen=True)
class RealKube:
    """An administrator's access."""

    url: str
    authority: Path
    admin: httpx.Client


@contextlib.contextmanager
def real_kube() -> Iterator[RealKube]:
    """An API server while the block runs."""
    with tempfile.TemporaryDirectory(prefix="kube-real-") as name:
        folder = Path(name)
        started = contextlib.nullcontext() if os.environ.get("KUBECONFIG") else _started(folder)
        with started:
            url, authority, pair, token = _access(folder)
            context = ssl.create_default_context(cafile=str(authority))
            if pair:
                context.load_cert_chain(*pair)
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            with httpx.Client(base_url=url, verify=context, headers=headers, timeout=30, trust_env=False) as admin:
                yield RealKube(url, authority, admin)


def _access(folder: Path) -> tuple[str, Path, tuple[str, str] | None, str]:
    """Address, authority, client certificate and token of the current context of KUBECONFIG, or of what we started."""
    file = Path(os.environ.get("KUBECONFIG") or folder / "kubeconfig")
    config = yaml.safe_load(file.read_text())

    def named(kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in config[f"{kind}s"] if each["name"] == name)[kind]
        return found

    def as_file(of: dict[str, Any], key: str) -> str:
        if inline := of.get(f"{key}-data"):
            path = folder / key
            path.write_bytes(base64.b64decode(inline))
            return str(path)
        return str(of[key]) if of.get(key) else ""

    context = named("context", config["current-context"])
    cluster, user = named("cluster", context["cluster"]), named("user", context["user"])
    certificate, key = as_file(user, "client-certificate"), as_file(user, "client-key")
    pair = (certificate, key) if certificate else None
    return cluster["server"], Path(as_file(cluster, "certificate-authority")), pair, user.get("token", "")


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[None]:
    pki = folder / "pki"
    pki.mkdir()
    _make_keys(pki)
    client, peer, port = free_port(), free_port(), free_port()
    etcd = f"http://127.0.0.1:{client}"
    peers = f"http://127.0.0.1:{peer}"
    store = ["etcd", "--name", "one", "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync", "--log-level", "error"]
    store += ["--listen-client-urls", etcd, "--advertise-client-urls", etcd, "--listen-peer-urls", peers]
    store += ["--initial-advertise-peer-urls", peers, "--initial-cluster", f"one={peers}"]
    api = ["kube-apiserver", "--bind-address", "127.0.0.1", "--secure-port", str(port)]
    api += ["--advertise-address", "127.0.0.1", "--endpoint-reconciler-type", "none", "--etcd-servers", etcd]
    api += ["--tls-cert-file", f"{pki}/server.crt", "--tls-private-key-file", f"{pki}/server.key"]
    api += ["--client-ca-file", f"{pki}/ca.crt", "--authorization-mode", "RBAC"]
    api += ["--service-account-issuer", "https://kubernetes.default.svc", "--service-cluster-ip-range", "10.96.0.0/16"]
    api += ["--service-account-key-file", f"{pki}/sa.key", "--service-account-signing-key-file", f"{pki}/sa.key"]
    kubeconfig = {
        "clusters": [{"name": "one", "cluster": _files(f"https://127.0.0.1:{port}", pki)}],
        "users": [
            {"name": "one", "user": {"client-certificate": f"{pki}/admin.crt", "client-key": f"{pki}/admin.key"}}
        ],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "current-context": "one",
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    with (folder / "log").open("w") as log, contextlib.ExitStack() as stack:
        for line in (store, api):
            process = subprocess.Popen(["nice", "-n", "15", *line], stdout=log, stderr=log, cwd=folder)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        url, authority, pair, _ = _access(folder)
        context = ssl.create_default_context(cafile=str(authority))
        assert pair
        context.load_cert_chain(*pair)
        with httpx.Client(base_url=url, verify=context, trust_env=False) as admin:
            wait_for(lambda: _ready(admin), 120, folder / "log")
        yield


def _files(url: str, pki: Path) -> dict[str, str]:
    return {"server": url, "certificate-authority": f"{pki}/ca.crt"}


def _ready(admin: httpx.Client) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return admin.get("/readyz").is_success
    return False


def _make_keys(pki: Path) -> None:
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=pki)

    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    use = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    openssl("req", "-x509", *ec, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ca", *use)
    leaf = ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"]
    for name, subject, use in (
        ("server", "/CN=kube-apiserver", ["-addext", "subjectAltName=IP:127.0.0.1"]),
        ("admin", "/O=system:masters/CN=admin", ["-addext", "extendedKeyUsage=clientAuth"]),
    ):
        openssl("req", "-x509", *ec, *leaf, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", subject, *use)
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "sa.key")
