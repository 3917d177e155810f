"""From verified hosts to Certificates: on a stand-in for the API server, and on a real one where there is one."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from legal_intake.certificates import controller as module
from legal_intake.certificates.controller import Settings, Unusable
from legal_intake.certificates.desired import GONE_SINCE, KIND, Rules, wanted
from legal_intake.certificates.kubernetes import Api, Place, Refused, Unreachable
from tests.deploy.nginx_house import free_port
from tests.support.certificates_house import (
    BASE,
    ROOT,
    RULES,
    Cluster,
    Firms,
    age,
    make,
    on_the_real,
    shown,
)
from tests.support.kube_real import why_not
from tests.support.waiting import wait_for


def test_a_wildcard_covers_what_lies_right_below_it_and_nothing_else() -> None:
    hosts = [BASE, f"a.{BASE}", f"b.a.{BASE}", f"evil{BASE}", "firm.example", "UPPER.example", "no_host", "x" * 300]
    found, unusable = wanted(BASE, hosts, RULES)
    assert {name: each.hosts for name, each in found.items()} == {
        BASE: (BASE, f"*.{BASE}"),
        f"b.a.{BASE}": (f"b.a.{BASE}",),
        f"evil{BASE}": (f"evil{BASE}",),
        "firm.example": ("firm.example",),
    }
    assert found[BASE].issuer == "dns01"
    assert found["firm.example"].issuer == "http01"
    assert unusable == ["UPPER.example", "no_host", "x" * 300]


def test_without_a_wildcard_each_host_has_its_own() -> None:
    found, _ = wanted(BASE, [BASE, f"a.{BASE}"], Rules("intake", "http01"))
    assert sorted(found) == [f"a.{BASE}", BASE]


def test_where_somebody_else_brings_the_platforms_pair_only_firms_domains_are_asked_for() -> None:
    hosts = [BASE, f"a.{BASE}", f"b.a.{BASE}", "firm.example"]
    found, _ = wanted(BASE, hosts, Rules("intake", "http01", "dns01", platform=False))
    assert sorted(found) == [f"b.a.{BASE}", "firm.example"], "no wildcard reaches two below"


def test_hosts_become_certificates_and_their_pairs_are_shown(cluster: Cluster, tmp_path: Path) -> None:
    firms = Firms("firm.example", f"oak.{BASE}")
    controller = make(cluster, tmp_path, firms)
    assert controller.one_pass() == module.PASS_SECONDS
    made = cluster.certificates()
    assert set(made) == {BASE, "firm.example"}
    assert made["firm.example"]["spec"]["dnsNames"] == ["firm.example"]
    assert made["firm.example"]["spec"]["issuerRef"]["name"] == "http01"
    assert made[BASE]["spec"]["issuerRef"] == {"name": "dns01", "kind": "ClusterIssuer", "group": "cert-manager.io"}
    assert shown(controller) == {}, "there are none yet"
    chain = cluster.issue("firm.example")
    controller.one_pass()
    assert shown(controller)["firm.example"].chain == chain
    before = shown(controller)["firm.example"].version
    cluster.issue("firm.example")
    controller.one_pass()
    assert shown(controller)["firm.example"].version != before, "renewed"


def test_a_pass_that_finds_nothing_new_changes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    controller = make(cluster, tmp_path, Firms("firm.example"))
    controller.one_pass()
    before = {name: each["metadata"]["resourceVersion"] for name, each in cluster.certificates().items()}
    controller.one_pass()
    after = {name: each["metadata"]["resourceVersion"] for name, each in cluster.certificates().items()}
    assert before == after


def test_what_it_did_not_make_is_never_touched(
    cluster: Cluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    controller = make(cluster, tmp_path, Firms("firm.example", "next.example"))
    theirs = RULES.manifest(wanted("", ["firm.example"], RULES)[0]["firm.example"])
    theirs["metadata"]["labels"] = {"app.kubernetes.io/instance": "another"}
    theirs["spec"]["secretTemplate"]["labels"] = {}
    cluster.ask("POST", cluster.path(), theirs)
    chain = cluster.issue("firm.example")
    before = cluster.certificates()["firm.example"]["metadata"]["resourceVersion"]
    with caplog.at_level(logging.INFO, "legal_intake.certificates"):
        controller.one_pass()
        controller.one_pass()
    assert cluster.certificates()["firm.example"]["metadata"]["resourceVersion"] == before
    assert "next.example" in cluster.certificates(), "it held up nobody"
    assert "firm.example" not in shown(controller)
    assert chain
    states = [vars(record) for record in caplog.records if record.getMessage() == "certificate_state"]
    assert [(each["state"], each["reason"]) for each in states if each["host"] == "firm.example"] == [
        ("refused", "NotOurs")
    ]


def test_a_host_that_went_keeps_its_certificate_for_a_while(cluster: Cluster, tmp_path: Path) -> None:
    firms = Firms("firm.example", "stays.example")
    controller = make(cluster, tmp_path, firms)
    controller.one_pass()
    for name in ("firm.example", "stays.example"):
        cluster.issue(name)
    firms.hosts.remove("firm.example")
    controller.one_pass()
    assert GONE_SINCE in cluster.certificates()["firm.example"]["metadata"]["annotations"]
    firms.hosts.append("firm.example")
    controller.one_pass()
    assert GONE_SINCE not in (cluster.certificates()["firm.example"]["metadata"].get("annotations") or {})
    firms.hosts.remove("firm.example")
    controller.one_pass()
    controller.one_pass()
    assert "firm.example" in cluster.certificates()
    age(cluster, "firm.example", 7.1)
    controller.one_pass()
    assert set(cluster.certificates()) == {BASE, "stays.example"}
    controller.one_pass()
    assert "firm.example" not in cluster.secret_names(), "its key goes too"
    assert "stays.example" in cluster.secret_names()
    assert set(shown(controller)) == {"stays.example"}


def test_a_certificate_that_somebody_changed_is_mended(cluster: Cluster, tmp_path: Path) -> None:
    controller = make(cluster, tmp_path, Firms("firm.example"))
    controller.one_pass()
    cluster.patch(cluster.path(KIND, "firm.example"), {"spec": {"dnsNames": ["other.example"]}})
    controller.one_pass()
    assert cluster.certificates()["firm.example"]["spec"]["dnsNames"] == ["firm.example"]


def test_a_secret_that_is_wanted_outlives_its_certificate(cluster: Cluster, tmp_path: Path) -> None:
    """Somebody removed every Certificate: the keys that authorities' limits were spent on are still there."""
    controller = make(cluster, tmp_path, Firms("firm.example"), CERTIFICATES_PER_PASS="1")
    controller.one_pass()
    controller.one_pass()
    cluster.issue("firm.example")
    for name in list(cluster.certificates()):
        cluster.ask("DELETE", cluster.path(KIND, name))
    for _ in range(3):
        controller.one_pass()
    assert "firm.example" in cluster.secret_names()
    assert set(shown(controller)) == {"firm.example"}


def test_reasons_of_conditions_and_challenges_reach_operators(
    cluster: Cluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    controller = make(cluster, tmp_path, Firms("failing.example", "asked.example"))
    controller.one_pass()
    cluster.say("failing.example", "Issuing", "False", "Failed", "The certificate request has failed: rate limited")
    cluster.say("asked.example", "Ready", "False", "DoesNotExist", "Issuing certificate as Secret does not exist")
    cluster.challenge("asked.example", "a" * 43, f"{'a' * 43}.{'b' * 43}", "wrong status code '404', expected '200'")
    with caplog.at_level(logging.INFO, "legal_intake.certificates"):
        controller.one_pass()
        controller.one_pass()
    records = [vars(record) for record in caplog.records if record.getMessage() == "certificate_state"]
    lines = sorted((each for each in records if each["host"] != BASE), key=lambda each: str(each["host"]))
    assert [(each["host"], each["state"], each["said"]) for each in lines] == [
        ("asked.example", "issuing", "wrong status code '404', expected '200'"),
        ("failing.example", "failed", "The certificate request has failed: rate limited"),
    ], "each said once"
    assert controller.shelf.shown is not None
    assert controller.shelf.shown.proofs == {"a" * 43: f"{'a' * 43}.{'b' * 43}"}
    assert module.STATES.labels("failed")._value.get() == 1
    assert module.STATES.labels("failed")._value.get() >= 1


def test_another_namespace_is_refused(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if reason := why_not():
        pytest.skip(f"not run: {reason}")
    cluster = on_the_real(request.getfixturevalue("real"), tmp_path)
    elsewhere = Place(cluster.place.url, cluster.elsewhere, cluster.place.token, cluster.place.authority)
    with Api(elsewhere) as api:
        for path in (elsewhere.path("v1", "secrets"), cluster.path(), "/api/v1/secrets", "/api/v1/namespaces"):
            if path == cluster.path():
                assert api.every(path, lambda each: each, limit=10) == [], "its own is allowed"
                continue
            with pytest.raises(Refused) as refused:
                api.get(path)
            assert refused.value.status == 403
        secret = {"metadata": {"name": "x"}, "data": {}}
        with pytest.raises(Refused) as refused:
            api.create(cluster.path("secrets"), secret)
        assert refused.value.status == 403, "nor may it write Secrets in its own"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"CERTIFICATES_NAMESPACE": ""}, "CERTIFICATES_NAMESPACE"),
        ({"CERTIFICATES_OWNER": " "}, "CERTIFICATES_OWNER"),
        ({"CERTIFICATES_ISSUER": ""}, "CERTIFICATES_ISSUER"),
        ({"CERTIFICATES_ISSUER_KIND": "Nobody"}, "CERTIFICATES_ISSUER_KIND"),
        ({"CERTIFICATES_PLATFORM": "maybe"}, "CERTIFICATES_PLATFORM"),
        ({"CERTIFICATES_PER_PASS": "0"}, "CERTIFICATES_PER_PASS"),
        ({"CERTIFICATES_KEEP_DAYS": "-1"}, "CERTIFICATES_KEEP_DAYS"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(environ: dict[str, str], named: str) -> None:
    usual = {"CERTIFICATES_NAMESPACE": "n", "CERTIFICATES_OWNER": "o", "CERTIFICATES_ISSUER": "i"}
    assert Settings.read(usual).rules.wildcard_issuer == ""
    with pytest.raises(Unusable, match=named):
        Settings.read({**usual, **environ})


def test_outside_a_pod_it_says_so() -> None:
    with pytest.raises(Unreachable, match="KUBERNETES_SERVICE_HOST"):
        Place.read({}, "n")
    assert Place.read({"KUBERNETES_SERVICE_HOST": "fd00::1"}, "n").url == "https://[fd00::1]:443"


def test_the_hosts_are_those_of_the_domains_file(firm: Any) -> None:
    from tenants.domain_selectors import certificate_hosts

    base, hosts = module.read_hosts()
    assert base == "localhost"
    assert hosts == [host for host, _ in certificate_hosts()]
    assert "harbor.localhost" in hosts


LINE = [sys.executable, "-m", "legal_intake.certificates.controller"]


def without_keys() -> dict[str, str]:
    """The suite's environment, but for what `certificates` is not given."""
    kept = {name: value for name, value in os.environ.items() if name not in ("MASTER_KEY", "SECRET_KEY", "DEBUG")}
    return {**kept, "ENVIRONMENT": "production"}


@pytest.mark.slow
def test_the_program_needs_no_master_key_and_names_what_it_needs() -> None:
    done = subprocess.run(LINE, env=without_keys(), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("Refusing to start: CERTIFICATES_NAMESPACE is missing")


@pytest.mark.slow
def test_the_program_makes_certificates_of_the_databases_hosts(
    tmp_path: Path, request: pytest.FixtureRequest, firm: Any
) -> None:
    """The whole pod but for its image: the account's files, the database, the real API server; it ends when told."""
    if reason := why_not():
        pytest.skip(f"not run: {reason}")
    cluster = on_the_real(request.getfixturevalue("real"), tmp_path)
    port = free_port()
    (tmp_path / "token").write_text("t" * 40)
    where = urlsplit(cluster.place.url)
    environ = without_keys() | {
        "KUBERNETES_SERVICE_HOST": where.hostname or "",
        "KUBERNETES_SERVICE_PORT": str(where.port),
        "KUBERNETES_ACCOUNT_FOLDER": str(tmp_path / "account"),
        "CERTIFICATES_NAMESPACE": cluster.place.namespace,
        "CERTIFICATES_OWNER": "intake",
        "CERTIFICATES_ISSUER": "http01",
        "CERTIFICATES_TOKEN_FILE": str(tmp_path / "token"),
        "CERTIFICATES_BIND": "127.0.0.1",
        "CERTIFICATES_PORT": str(port),
    }
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(LINE, env=environ, cwd=ROOT, stdout=log, stderr=log)
        try:
            wait_for(lambda: "harbor.localhost" in cluster.certificates(), 60, tmp_path / "log")
            assert httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
            process.terminate()
            assert process.wait(20) == 0, (tmp_path / "log").read_text()
        finally:
            process.kill()
            process.wait()
    assert "NotAHost" in (tmp_path / "log").read_text(), "`localhost` is none that an authority knows"
