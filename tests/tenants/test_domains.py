"""A firm's own domain: verified by what only its holder can publish, then listed for a certificate."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.test import Client

from tenants import dns, domain_services, verification
from tenants.context import FirmRef, public_scope
from tenants.dns import LookupFailed, txt_records
from tenants.domain_selectors import certificate_hosts
from tenants.models import Domain, Firm, OperatorEvent
from tenants.selectors import find_firm
from tests.support.names import NameServer, name_server
from tests.tenants.test_commands import create, refused, run

HOST = "oak-law.example"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    with name_server() as server:
        monkeypatch.setattr(dns, "system_resolvers", lambda: [server.address])
        yield server


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, tuple[int, str]]]:
    """What `http://HOST/` answers by path; nothing listens for https."""
    answers: dict[str, tuple[int, str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, ""))
            self.send_response(status)
            self.send_header("Location", "http://elsewhere.example/")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    plain = http.client.HTTPConnection
    port = server.server_port
    monkeypatch.setattr(http.client, "HTTPConnection", lambda _host, timeout: plain("127.0.0.1", port, timeout=timeout))
    monkeypatch.setattr(http.client, "HTTPSConnection", lambda _host, timeout: plain("127.0.0.1", 9, timeout=timeout))
    yield answers
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def oak() -> Firm:
    create()
    run("firm", "domain", "add", "oak.localhost", HOST)
    return find_firm(HOST)


def verified_at(host: str = HOST) -> Any:
    with public_scope():
        return Domain.objects.get(domain=host).verified_at


def test_an_own_domain_says_how_it_is_proved_and_one_under_the_base_domain_does_not() -> None:
    create()
    said = run("firm", "domain", "add", "oak.localhost", HOST)
    firm = find_firm(HOST)
    assert f"_legal-intake.{HOST} with the value {verification.record_value(firm.pk, HOST)}" in said
    assert "TXT" not in run("firm", "domain", "add", "oak.localhost", "elm.localhost")


def test_a_txt_record_verifies_it_and_an_operators_event_says_so(names: NameServer, web: Any, oak: Firm) -> None:
    message, status = refused("firm", "domain", "verify", "oak.localhost", HOST)
    assert status == 1
    assert "no such record" in message
    assert "[domain_not_verified]" in message
    assert verified_at() is None

    names.texts[f"_legal-intake.{HOST}"] = ["v=spf1 -all", verification.record_value(oak.pk, HOST)]
    assert "its TXT record" in run("firm", "domain", "verify", "oak.localhost", HOST)
    assert verified_at() is not None
    with public_scope():
        event = OperatorEvent.objects.filter(action="domain.verify").get()
    assert (event.firm_id, event.detail) == (oak.pk, {"host": HOST, "method": "txt"})


def test_the_token_of_another_firm_or_host_verifies_nothing(
    names: NameServer, web: Any, oak: Firm, other_firm: FirmRef
) -> None:
    names.texts[f"_legal-intake.{HOST}"] = [
        verification.record_value(other_firm.id, HOST),
        verification.record_value(oak.pk, "elm-law.example"),
    ]
    assert "another value" in refused("firm", "domain", "verify", "oak.localhost", HOST)[0]


def test_its_own_address_verifies_it_but_a_redirect_does_not(names: NameServer, web: Any, oak: Firm) -> None:
    web[verification.PATH] = (301, verification.token(oak.pk, HOST))
    assert "answers 301" in refused("firm", "domain", "verify", "oak.localhost", HOST)[0]
    web[verification.PATH] = (200, "another word")
    assert "answers something else" in refused("firm", "domain", "verify", "oak.localhost", HOST)[0]
    web[verification.PATH] = (200, verification.token(oak.pk, HOST) + "\n")
    assert "the answer of its address" in run("firm", "domain", "verify", "oak.localhost", HOST)


def test_a_host_of_nobody_or_of_another_firm_is_refused(names: NameServer, oak: Firm) -> None:
    assert refused("firm", "domain", "verify", "oak.localhost", "elm-law.example")[1] == 2
    assert refused("firm", "domain", "verify", "summit.localhost", HOST)[1] == 2


def test_a_host_under_the_base_domain_needs_no_proof(names: NameServer, oak: Firm) -> None:
    assert "BASE_DOMAIN" in run("firm", "domain", "verify", "oak.localhost", "oak.localhost")
    assert names.asked == []


def test_we_answer_the_token_ourselves_once_the_domain_points_to_us(oak: Firm) -> None:
    answer = Client(headers={"host": HOST}).get(verification.PATH)
    assert (answer.status_code, answer.content.decode().strip()) == (200, verification.token(oak.pk, HOST))
    assert answer["Cache-Control"] == "no-store"
    assert Client(headers={"host": "oak.localhost"}).get(verification.PATH).content != answer.content
    assert Client(headers={"host": HOST}).post(verification.PATH).status_code == 405


def test_the_token_is_answered_without_https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = Client(headers={"host": "harbor.localhost"})
    assert client.get(verification.PATH).status_code == 200
    assert client.get("/api/firm").status_code == 301


def test_list_tells_verified_from_not_and_what_is_wanted(names: NameServer, oak: Firm) -> None:
    rows = {row["host"]: row for row in json.loads(run("firm", "domain", "list", "oak.localhost", "--json"))}
    assert rows["oak.localhost"]["kind"] == "base"
    assert rows["oak.localhost"]["verified"] is True
    assert rows[HOST]["verified"] is False
    assert rows[HOST]["proof"]["txt_value"] == verification.record_value(oak.pk, HOST)
    assert HOST not in run("firm", "domain", "list", "--verified")
    names.texts[f"_legal-intake.{HOST}"] = [verification.record_value(oak.pk, HOST)]
    run("firm", "domain", "verify", "oak.localhost", HOST)
    assert HOST in run("firm", "domain", "list", "--verified")
    assert "proof" not in json.loads(run("firm", "domain", "list", HOST, "--verified", "--json"))[0]


def test_only_verified_hosts_of_living_firms_are_published(settings: Any, tmp_path: Path, oak: Firm) -> None:
    settings.DOMAINS_FILE = str(tmp_path / "hosts.json")
    assert domain_services.publish_hosts()
    published = json.loads(Path(settings.DOMAINS_FILE).read_text())
    hosts = [entry["host"] for entry in published["hosts"]]
    assert published["base_domain"] == "localhost"
    assert {"localhost", "admin.localhost", "oak.localhost", "harbor.localhost"} <= set(hosts)
    assert HOST not in hosts
    assert not domain_services.publish_hosts(), "nothing changed, nothing is written"

    with public_scope():
        Domain.objects.filter(domain=HOST).update(verified_at="2026-01-01T00:00:00Z")
    assert domain_services.publish_hosts()
    assert (HOST, "own") in certificate_hosts()
    with public_scope():
        Firm.objects.filter(pk=oak.pk).update(status=Firm.Status.DELETING)
    assert domain_services.publish_hosts()
    assert "oak" not in Path(settings.DOMAINS_FILE).read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["hosts.json"]


def test_without_a_file_nothing_is_published(settings: Any) -> None:
    settings.DOMAINS_FILE = ""
    assert not domain_services.publish_hosts()


def test_txt_records_long_many_or_none() -> None:
    with name_server() as server:
        long = "x" * 700
        server.texts["a.example"] = ["one", long]
        assert txt_records("a.example", resolvers=[server.address]) == ["one", long]
        assert txt_records("nothing.example", resolvers=[server.address]) == []
        server.addresses["b.example"] = ["127.0.0.1"]
        assert txt_records("b.example", resolvers=[server.address]) == []


@pytest.mark.parametrize(("attribute", "value"), [("code", 2), ("number_off", 1)])
def test_an_answer_that_is_none_is_said_to_be(attribute: str, value: int) -> None:
    with name_server() as server:
        server.texts["a.example"] = ["one"]
        setattr(server, attribute, value)
        with pytest.raises(LookupFailed, match=r"127\.0\.0\.1"):
            txt_records("a.example", resolvers=[server.address])


def test_the_next_resolver_is_asked_when_one_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "TIMEOUT_SECONDS", 0.2)
    with name_server() as server, name_server() as silent:
        silent.stop()
        server.texts["a.example"] = ["one"]
        assert txt_records("a.example", resolvers=[silent.address, server.address]) == ["one"]
    with pytest.raises(LookupFailed, match="no resolver"):
        txt_records("a.example", resolvers=[])
