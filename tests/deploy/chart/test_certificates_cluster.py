"""What the chart lets `certificates` do, asked of a real API server; and the pod's program run with exactly that.

The account's token is asked for as the kubelet does, and the program's environment is the Deployment's.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from legal_intake.certificates.desired import GONE_SINCE
from legal_intake.certificates.kubernetes import Place
from tests.deploy.chart.house import CHART, ROOT, Object, needs_helm
from tests.deploy.nginx_house import free_port
from tests.support.certificates_house import TOKEN, Cluster, age, kinds
from tests.support.kube_real import RealKube, real_kube, why_not
from tests.support.waiting import wait_for

pytestmark = [needs_helm, pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=f"not run: {why_not()}")]

RBAC = "/apis/rbac.authorization.k8s.io/v1"
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate", "escalate")
RESOURCES = (
    ("cert-manager.io", "certificates", ""),
    ("cert-manager.io", "certificates", "status"),
    ("cert-manager.io", "issuers", ""),
    ("cert-manager.io", "clusterissuers", ""),
    ("acme.cert-manager.io", "challenges", ""),
    ("", "secrets", ""),
    ("", "configmaps", ""),
    ("", "pods", ""),
    ("", "pods", "exec"),
    ("", "serviceaccounts", ""),
    ("", "serviceaccounts", "token"),
    ("", "namespaces", ""),
    ("", "nodes", ""),
    ("apps", "deployments", ""),
    ("rbac.authorization.k8s.io", "roles", ""),
    ("rbac.authorization.k8s.io", "clusterroles", ""),
)
# The whole of it, in the one namespace.
ALLOWED = {
    *((verb, "cert-manager.io", "certificates") for verb in ("get", "list", "create", "patch", "delete")),
    ("list", "acme.cert-manager.io", "challenges"),
    *((verb, "", "secrets") for verb in ("get", "list", "delete")),
}


@dataclass
class Installed:
    """The chart's account, Role and binding on an API server, in namespaces of our own."""

    kube: RealKube
    release: str
    objects: list[Object]

    @property
    def certificates(self) -> str:
        return f"{self.release}-certificates"

    def named(self, kind: str) -> Object:
        (found,) = (
            each
            for each in self.objects
            if each["kind"] == kind and each["metadata"]["labels"]["app.kubernetes.io/component"] == "certificates"
        )
        return found

    def ask(self, path: str, body: Object) -> Object:
        response = self.kube.admin.post(path, json=body)
        assert response.is_success, f"{path}: {response.text[:300]}"
        answer: Object = response.json()
        return answer

    def account(self, folder: Path) -> Place:
        """The files of the volume `account`."""
        name = self.named("ServiceAccount")["metadata"]["name"]
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        given = self.ask(f"/api/v1/namespaces/{self.release}/serviceaccounts/{name}/token", asked)
        folder.mkdir()
        (folder / "token").write_text(given["status"]["token"])
        (folder / "ca.crt").write_bytes(self.kube.authority.read_bytes())
        return Place(self.kube.url, self.certificates, folder / "token", folder / "ca.crt")

    def may(self, verb: str, group: str, resource: str, sub: str, namespace: str) -> bool:
        where = {"verb": verb, "group": group, "resource": resource, "subresource": sub, "namespace": namespace}
        user = f"system:serviceaccount:{self.release}:{self.named('ServiceAccount')['metadata']['name']}"
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{self.release}", "system:authenticated"]
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
        spec = {"user": user, "groups": groups, "resourceAttributes": where}
        answer = self.ask("/apis/authorization.k8s.io/v1/subjectaccessreviews", {**review, "spec": spec})
        return bool(answer["status"]["allowed"])


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    with real_kube() as kube:
        release = f"li-{secrets.token_hex(3)}"
        values = CHART / "ci" / "certificates-values.yaml"
        line = ["helm", "template", "intake", str(CHART), "-n", release, "-f", str(values), "--kube-version", "1.36.3"]
        done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=120)
        made = Installed(kube, release, [each for each in yaml.safe_load_all(done.stdout) if each])
        for name in (release, made.certificates, f"{release}-elsewhere"):
            made.ask("/api/v1/namespaces", {"metadata": {"name": name}})
        kinds(kube.admin)
        for kind, path in (
            ("ServiceAccount", f"/api/v1/namespaces/{release}/serviceaccounts"),
            ("Role", f"{RBAC}/namespaces/{made.certificates}/roles"),
            ("RoleBinding", f"{RBAC}/namespaces/{made.certificates}/rolebindings"),
        ):
            made.ask(path, made.named(kind))
        yield made


def test_the_account_may_do_what_the_table_says_and_nothing_anywhere_else(installed: Installed) -> None:
    places = (installed.certificates, installed.release, f"{installed.release}-elsewhere", "kube-system", "")
    found = {
        (verb, group, f"{resource}/{sub}" if sub else resource, place)
        for verb, (group, resource, sub), place in itertools.product(VERBS, RESOURCES, places)
        if installed.may(verb, group, resource, sub, place)
    }
    assert found == {(verb, group, resource, installed.certificates) for verb, group, resource in ALLOWED}


def test_no_other_object_of_the_chart_gives_rights(installed: Installed) -> None:
    kinds_of_rights = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ServiceAccount")
    found = [each for each in installed.objects if each["kind"] in kinds_of_rights]
    assert sorted(each["kind"] for each in found) == ["Role", "RoleBinding", "ServiceAccount"]


def environment(installed: Installed, folder: Path, port: int) -> dict[str, str]:
    """The Deployment's, but for where the API server, the files and the port are; the suite's for the database."""
    (container,) = installed.named("Deployment")["spec"]["template"]["spec"]["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    where = urlsplit(installed.kube.url)
    kept = {name: value for name, value in os.environ.items() if name not in ("MASTER_KEY", "SECRET_KEY", "DEBUG")}
    return kept | told | {
        "ENVIRONMENT": "production",
        "KUBERNETES_SERVICE_HOST": where.hostname or "",
        "KUBERNETES_SERVICE_PORT": str(where.port),
        "KUBERNETES_ACCOUNT_FOLDER": str(folder / "account"),
        "CERTIFICATES_TOKEN_FILE": str(folder / "token"),
        "CERTIFICATES_BIND": "127.0.0.1",
        "CERTIFICATES_PORT": str(port),
    }  # fmt: skip


@contextlib.contextmanager
def both_programs(installed: Installed, folder: Path) -> Iterator[Callable[..., Any]]:
    """The programs of the two pods while the block runs; what is given waits, and fails with their log."""
    port = free_port()
    (folder / "token").write_text(TOKEN)
    (folder / "pairs").mkdir()
    fetches = {"PATH": os.environ["PATH"], "CERTIFICATES_URL": f"http://127.0.0.1:{port}"}
    fetches |= {"CERTIFICATES_FOLDER": str(folder / "pairs"), "CERTIFICATES_TOKEN_FILE": str(folder / "token")}
    fetches |= {"CERTIFICATES_GONE_SECONDS": "1"}
    programs = (("controller", environment(installed, folder, port)), ("fetching", fetches))
    with (folder / "log").open("w") as log, contextlib.ExitStack() as stack:
        for name, environ in programs:
            line = [sys.executable, "-m", f"legal_intake.certificates.{name}"]
            process = subprocess.Popen(line, env=environ, cwd=ROOT, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield functools.partial(wait_for, seconds=90, log=folder / "log")


def test_a_verified_domain_becomes_a_certificate_at_the_edge_and_a_removed_one_goes(
    installed: Installed, tmp_path: Path, live_firms: Any
) -> None:
    """From the database to the folder of nginx, with the two programs of the two pods; cert-manager's part is ours."""
    from django.utils import timezone

    from tenants.context import public_scope
    from tenants.models import Domain

    cluster = Cluster(installed.account(tmp_path / "account"), installed.kube.admin)
    host = "intake.harborlaw.example"
    pair = tmp_path / "pairs" / host
    with public_scope():
        domain = Domain.objects.create(domain=host, tenant_id=live_firms[0].id, is_primary=False)
    with both_programs(installed, tmp_path) as until:
        until(lambda: (tmp_path / "pairs/.known").exists())
        assert host not in cluster.certificates(), "nobody has shown that it is the firm's"
        with public_scope():
            Domain.objects.filter(pk=domain.pk).update(verified_at=timezone.now())
        until(lambda: host in cluster.certificates())
        assert cluster.certificates()[host]["spec"]["issuerRef"]["name"] == "letsencrypt-http01"
        chain = cluster.issue(host)
        until(lambda: (pair / "names").exists())
        assert (pair / "names").read_text() == f"{host}\n"
        assert (pair / "fullchain.pem").read_bytes() == chain
        with public_scope():
            Domain.objects.filter(pk=domain.pk).delete()
        until(lambda: GONE_SINCE in (cluster.certificates()[host]["metadata"].get("annotations") or {}))
        age(cluster, host, 7.1)
        until(lambda: host not in cluster.certificates())
        until(lambda: host not in cluster.secret_names())
        until(lambda: not pair.exists())
    assert "certificates_cannot_look" not in (tmp_path / "log").read_text(), "its rights are enough for all of it"
