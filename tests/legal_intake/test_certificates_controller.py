"""From verified hosts to Certificates: on a stand-in for the API server, and on a real one where there is one."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from legal_intake.certificates import controller as module
from legal_intake.certificates.controller import Controller, Settings, Unusable
from legal_intake.certificates.desired import GONE_SINCE, KIND, Rules, wanted
from legal_intake.certificates.kubernetes import Api, Place, Refused, Unreachable
from tests.support.certificates_house import (
    BASE,
    Cluster,
    Firms,
    is_ours,
    make_pair,
    on_the_fake,
    on_the_real,
    settings,
)
from tests.support.kube_fake import fake_kube
from tests.support.kube_real import RealKube, real_kube, why_not
from tests.support.waiting import wait_for

RULES = Rules("intake", "http01", "dns01")


@pytest.fixture(scope="module")
def real() -> Iterator[RealKube]:
    with real_kube() as kube:
        yield kube


@pytest.fixture(params=["stand-in", "real"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    if request.param == "real":
        if reason := why_not():
            pytest.skip(f"not run: {reason}")
        cluster = on_the_real(request.getfixturevalue("real"), tmp_path)
        wait_for(lambda: cluster.admin.get(cluster.path()).is_success, 30)
        wait_for(lambda: cluster.admin.get(cluster.path("challenges")).is_success, 30)
        yield cluster
    else:
        with fake_kube() as fake:
            cluster = on_the_fake(fake, tmp_path)
            with cluster.admin:
                yield cluster


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Cluster]:
    with fake_kube() as server:
        cluster = on_the_fake(server, tmp_path)
        with cluster.admin:
            yield cluster


def make(cluster: Cluster, folder: Path, firms: Firms, **environ: str) -> Controller:
    return Controller(settings(cluster, folder, **environ), cluster.place, firms)


def shown(controller: Controller) -> dict[str, Any]:
    assert controller.shelf.shown is not None
    return dict(controller.shelf.shown.pairs)


def age(cluster: Cluster, name: str, days: float) -> None:
    since = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    cluster.patch(cluster.path(KIND, name), {"metadata": {"annotations": {GONE_SINCE: since}}})


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
    lines = [vars(record) for record in caplog.records if record.getMessage() == "certificate_state"]
    assert [(each["host"], each["state"], each["said"]) for each in lines] == [
        ("asked.example", "issuing", "wrong status code '404', expected '200'"),
        ("failing.example", "failed", "The certificate request has failed: rate limited"),
    ], "each said once"
    assert controller.shelf.shown is not None
    assert controller.shelf.shown.proofs == {"a" * 43: f"{'a' * 43}.{'b' * 43}"}
    assert module.STATES.labels("failed")._value.get() == 1
    assert module.NOT_READY.labels("failing.example", "failed", "Failed")._value.get() == 1


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


@pytest.mark.parametrize("bad", ["key of another", "no certificate", "no host", "empty", "for another host"])
def test_a_pair_that_does_not_fit_is_not_shown_and_the_one_before_stays(
    fake: Cluster, tmp_path: Path, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    controller = make(fake, tmp_path, Firms("firm.example", "new.example"))
    controller.one_pass()
    good = fake.issue("firm.example")
    controller.one_pass()
    chain, key = make_pair("firm.example")
    pair = {
        "key of another": (chain, make_pair("firm.example")[1]),
        "no certificate": (b"rubbish", key),
        "no host": make_pair(),
        "empty": (b"", b""),
        "for another host": make_pair("other.example"),
    }[bad]
    for name in ("firm.example", "new.example"):
        fake.issue(name, pair=pair)
    with caplog.at_level(logging.INFO):
        controller.one_pass()
        controller.one_pass()
    assert {name: pair.chain for name, pair in shown(controller).items()} == {"firm.example": good}
    lines = [record for record in caplog.records if record.getMessage() == "certificate_pair_unfit"]
    assert len(lines) == 2, "once for each, not each pass"
    assert "PRIVATE" not in caplog.text
    assert key.decode().splitlines()[1] not in str([vars(record) for record in caplog.records])


def test_no_more_than_a_pass_may_make_and_the_rest_later(fake: Cluster, tmp_path: Path) -> None:
    firms = Firms(*(f"f{i}.example" for i in range(9)))
    controller = make(fake, tmp_path, firms, CERTIFICATES_PER_PASS="4", CERTIFICATES_PER_3_HOURS="7")
    counts = []
    for _ in range(4):
        controller.one_pass()
        counts.append(len(fake.certificates()))
    assert counts == [4, 7, 7, 7]
    again = make(fake, tmp_path, firms, CERTIFICATES_PER_PASS="4", CERTIFICATES_PER_3_HOURS="7")
    again.one_pass()
    assert len(fake.certificates()) == 7, "a restart does not count from nothing"
    assert fake.fake is not None
    for thing in fake.fake.objects.values():
        thing["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    again.one_pass()
    assert len(fake.certificates()) == 10


def test_failing_hosts_hold_up_nobody(fake: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fake.fake is not None
    firms = Firms(*(f"f{i}.example" for i in range(6)))
    controller = make(fake, tmp_path, firms, CERTIFICATES_PER_PASS="3", CERTIFICATES_WILDCARD_ISSUER="")
    for _ in range(3):
        fake.fake.fault("POST", "certificates", 422)
    controller.one_pass()
    assert fake.certificates() == {}
    controller.one_pass()
    assert len(fake.certificates()) == 3, "others came first"
    for _ in range(3):
        controller.one_pass()
    assert len(fake.certificates()) == 5, "those that failed wait"
    later = time.monotonic() + 40
    monkeypatch.setattr(time, "monotonic", lambda: later)
    controller.one_pass()
    assert len(fake.certificates()) == 8


@pytest.mark.parametrize(
    ("status", "headers", "least"), [(429, {"Retry_After": "77"}, 77), (503, {}, 15), (500, {}, 10), (403, {}, 10)]
)
def test_an_api_server_that_cannot_is_waited_for_and_pairs_stay(
    fake: Cluster, tmp_path: Path, status: int, headers: dict[str, str], least: float, caplog: pytest.LogCaptureFixture
) -> None:
    assert fake.fake is not None
    controller = make(fake, tmp_path, Firms("firm.example"))
    controller.one_pass()
    fake.issue("firm.example")
    controller.one_pass()
    with caplog.at_level(logging.INFO, "legal_intake.certificates"):
        for _ in range(3):
            fake.fake.fault("GET", KIND, status, **headers)
            assert controller.one_pass() >= least
        assert set(shown(controller)) == {"firm.example"}
        assert controller.one_pass() == module.PASS_SECONDS
    assert [record.getMessage() for record in caplog.records] == [
        "certificates_cannot_look",
        "certificates_look_again",
    ], "said when it comes and when it goes"


def test_waiting_grows_and_ends(tmp_path: Path) -> None:
    with fake_kube() as server:
        cluster = on_the_fake(server, tmp_path)
    controller = make(cluster, tmp_path, Firms())
    waits = [controller.one_pass() for _ in range(7)]
    assert waits == [10, 20, 40, 80, 160, 160, 160]
    assert controller.shelf.shown is None
    assert controller.trouble() is None


def test_a_list_that_grew_old_between_two_pages_is_begun_anew(fake: Cluster, tmp_path: Path) -> None:
    assert fake.fake is not None
    firms = Firms(*(f"f{i}.example" for i in range(300)))
    controller = make(fake, tmp_path, firms, CERTIFICATES_PER_PASS="400", CERTIFICATES_PER_3_HOURS="400")
    controller.one_pass()
    fake.fake.fault("GET", "continue=", 410)
    controller.one_pass()
    assert len(fake.certificates()) == 301
    assert fake.fake.faults == []


def test_a_token_that_was_replaced_is_read_again(fake: Cluster, tmp_path: Path) -> None:
    assert fake.fake is not None
    controller = make(fake, tmp_path, Firms("firm.example"))
    with Api(fake.place) as api:
        api.get(fake.path())
        fake.place.token.write_text("second")
        fake.fake.tokens = {"admin", "second"}
        api.get(fake.path())
    fake.place.token.write_text("third")
    assert controller.one_pass() > 0
    assert controller.shelf.shown is None
    fake.fake.tokens = {"admin", "third"}
    controller.one_pass()
    assert controller.shelf.shown is not None


def test_without_the_database_nothing_is_made_or_removed_and_pairs_are_shown(fake: Cluster, tmp_path: Path) -> None:
    firms = Firms("firm.example")
    controller = make(fake, tmp_path, firms)
    controller.one_pass()
    fake.issue("firm.example")
    age(fake, "firm.example", 30)
    firms.away = True
    again = make(fake, tmp_path, firms)
    assert again.one_pass() == module.PASS_SECONDS
    assert set(shown(again)) == {"firm.example"}
    assert set(fake.certificates()) == {BASE, "firm.example"}


def test_another_pod_of_ours_that_was_quicker_is_no_failure(fake: Cluster, tmp_path: Path) -> None:
    assert fake.fake is not None
    controller = make(fake, tmp_path, Firms("firm.example"))
    manifest = RULES.manifest(wanted("", ["firm.example"], RULES)[0]["firm.example"])

    def hosts() -> Any:
        if "firm.example" not in fake.certificates():
            fake.ask("POST", fake.path(), manifest)
        return BASE, ["firm.example"]

    controller = Controller(settings(fake, tmp_path), fake.place, hosts)
    controller.one_pass()
    assert is_ours(fake.certificates()["firm.example"])
    assert controller._memory.failures == {}


def test_a_thousand_secrets_are_read_by_pages_and_then_only_as_they_change(fake: Cluster, tmp_path: Path) -> None:
    assert fake.fake is not None
    hosts = [f"f{i}.example" for i in range(130)]
    firms = Firms(*hosts)
    controller = make(fake, tmp_path, firms, CERTIFICATES_PER_PASS="500", CERTIFICATES_PER_3_HOURS="500")
    controller.one_pass()
    for host in hosts:
        fake.issue(host)
    fake.fake.asked.clear()
    controller.one_pass()
    assert len(shown(controller)) == 130
    assert fake.fake.asked["GET secrets"] == 3, "their metadata, and two pages"
    fake.issue(hosts[3])
    fake.fake.asked.clear()
    controller.one_pass()
    assert {ask: count for ask, count in fake.fake.asked.items() if "secrets" in ask or hosts[3] in ask} == {
        "GET secrets": 1,
        f"GET {hosts[3]}": 1,
    }


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"CERTIFICATES_NAMESPACE": ""}, "CERTIFICATES_NAMESPACE"),
        ({"CERTIFICATES_OWNER": " "}, "CERTIFICATES_OWNER"),
        ({"CERTIFICATES_ISSUER": ""}, "CERTIFICATES_ISSUER"),
        ({"CERTIFICATES_ISSUER_KIND": "Nobody"}, "CERTIFICATES_ISSUER_KIND"),
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

    base, hosts = module.hosts_of_the_database()
    assert base == "localhost"
    assert hosts == [host for host, _ in certificate_hosts()]
    assert "harbor.localhost" in hosts
