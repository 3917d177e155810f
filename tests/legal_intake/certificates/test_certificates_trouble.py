"""What fails or is too much: an API server that cannot, hosts that cannot, limits. On the stand-in alone."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pytest

from legal_intake.certificates import controller as module
from legal_intake.certificates.controller import Controller
from legal_intake.certificates.desired import KIND, wanted
from legal_intake.certificates.kubernetes import Api
from tests.support.certificates_house import (
    BASE,
    RULES,
    Cluster,
    Firms,
    age,
    is_ours,
    make,
    make_pair,
    on_the_fake,
    settings,
    shown,
)
from tests.support.kube_fake import fake_kube


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
    lines = [record.getMessage() for record in caplog.records if "look" in record.getMessage()]
    assert lines == ["certificates_cannot_look", "certificates_look_again"], "said when it comes and when it goes"


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
