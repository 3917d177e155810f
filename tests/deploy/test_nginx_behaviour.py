"""The nginx in front, run for real, with an api, a frontend and a name server of the tests' own."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.deploy.nginx_house import (
    DOMAIN,
    PREFIX,
    WHY_NOT,
    House,
    make_certificate,
    open_folder,
    running,
)
from tests.deploy.nginx_upstream import Seen, Upstream
from tests.support.names import name_server
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(not PREFIX, reason=f"not run: {WHY_NOT}"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # an old TLS version is asked for on purpose
    pytest.mark.slow,
]
PROBLEM = "application/problem+json"
FAST = {f"NGINX_RATE_{name}": "1000r/s" for name in ("GENERAL", "UPLOAD", "SESSIONS", "SOCKETS")}


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[House, Upstream, Upstream]]:
    """One nginx for the tests that do not change it. 127.0.0.0/8 is a proxy it believes."""
    with name_server() as names, open_folder() as folder, contextlib.ExitStack() as stack:
        house = House(folder, names, NGINX_TRUSTED_PROXIES="127.0.0.0/8", NGINX_SOCKET_HOURS="1")
        line = ["openssl", "passwd", "-apr1", "open"]
        house.htpasswd.write_text("ops:" + subprocess.run(line, capture_output=True, text=True, check=True).stdout)
        api = Upstream("api-1", "127.0.0.2", house.api_port)
        frontend = Upstream("frontend", "127.0.0.2", house.frontend_port)
        for upstream in (api, frontend):
            upstream.start()
            stack.callback(upstream.stop)
        with running(house):
            yield house, api, frontend


@pytest.fixture
def own() -> Iterator[tuple[House, Upstream]]:
    """An nginx of the test's own; it starts it."""
    with name_server() as names, open_folder() as folder:
        house = House(folder, names, **FAST)
        api = Upstream("api-1", "127.0.0.2", house.api_port)
        api.start()
        try:
            yield house, api
        finally:
            house.stop()
            api.stop()


def last(upstream: Upstream, path: str) -> Seen:
    return [seen for seen in upstream.seen if seen.path == path][-1]


def test_http_is_sent_to_https_but_proofs_are_answered(place: tuple[House, Upstream, Upstream]) -> None:
    house, api, _ = place
    sent = house.http("GET", "/x?y=1", host="harbor.intake.test")
    assert (sent.status, sent.one("location")) == (308, "https://harbor.intake.test/x?y=1")
    token = house.webroot / ".well-known" / "acme-challenge" / "token"
    token.parent.mkdir(parents=True, exist_ok=True)
    token.write_text("proof")
    assert house.http("GET", "/.well-known/acme-challenge/token").body == b"proof"
    assert house.https("GET", "/.well-known/acme-challenge/token").body == b"proof"
    assert house.http("GET", "/.well-known/acme-challenge/../../live").status in (308, 400, 404)
    answer = house.http("GET", "/.well-known/legal-intake-verification", host="own.example")
    assert answer.status == 200
    assert last(api, "/.well-known/legal-intake-verification").headers["x-forwarded-proto"] == "http"


def test_the_api_is_told_who_asks_and_nothing_that_a_client_made_up(place: tuple[House, Upstream, Upstream]) -> None:
    house, api, _ = place
    made_up = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "for=1.2.3.4"}
    made_up |= {"X-Request-ID": "f" * 32, "X-Forwarded-Port": "1"}
    answer = house.https("GET", "/told", headers=made_up, client="1.1.1.1, 203.0.113.9")
    seen = last(api, "/told").headers
    assert seen["host"] == seen["x-forwarded-host"] == f"firm.{DOMAIN}"
    assert (seen["x-forwarded-proto"], seen["x-forwarded-for"]) == ("https", "203.0.113.9")
    assert seen["x-request-id"] == answer.one("x-request-id") != "f" * 32
    assert len(seen["x-request-id"]) == 32
    assert not {"forwarded", "x-forwarded-port"} & set(seen)


def test_nobody_is_believed_unless_configured(own: tuple[House, Upstream]) -> None:
    house, api = own
    with running(house):
        house.https("GET", "/told", client="203.0.113.9")
        assert last(api, "/told").headers["x-forwarded-for"] == "127.0.0.1"


def test_headers_are_there_once_and_djangos_stay(place: tuple[House, Upstream, Upstream]) -> None:
    house, api, _ = place
    django = {
        "Strict-Transport-Security": "max-age=1",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'self'",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "SAMEORIGIN",
        "X-Request-ID": "a-b",
    }
    before = api.answer
    api.answer = lambda _seen: (200, django, b"page")
    try:
        answer = house.https("GET", "/page")
    finally:
        api.answer = before
    assert answer.one("strict-transport-security") == "max-age=31536000"
    assert answer.one("content-security-policy") == "default-src 'self'"
    assert answer.one("referrer-policy") == "no-referrer"
    assert answer.one("x-frame-options") == "SAMEORIGIN"
    assert answer.one("x-content-type-options") == "nosniff"
    assert answer.one("x-request-id") != "a-b"
    assert not any("nginx/" in value for value in answer.all("server"))
    bare = house.https("GET", "/bare")
    assert bare.one("x-content-type-options") == "nosniff"
    assert bare.one("x-frame-options") == "DENY"


@pytest.mark.parametrize("path", ["/metrics", "/healthz/ready", "/healthz/live", "/_edge/503.json"])
def test_what_is_for_inside_is_not_for_outside(place: tuple[House, Upstream, Upstream], path: str) -> None:
    house, api, _ = place
    answer = house.https("GET", path)
    assert (answer.status, answer.one("content-type")) == (404, PROBLEM)
    assert not [seen for seen in api.seen if seen.path == path]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/admin/login/", 11),
        ("POST", "/api/resume", 11),
        ("POST", "/api/voice/sessions", 21),
        ("POST", "/api/intakes/", 21),
    ],
)
def test_too_many_are_told_so_and_another_client_is_not_held_up(
    place: tuple[House, Upstream, Upstream], method: str, path: str, allowed: int
) -> None:
    house, _, _ = place
    one, other = f"198.51.100.{len(path)}", f"2001:db8:{len(path)}::1"  # each case its own clients
    began, answered = time.monotonic(), 0
    while (refused := house.https(method, path, client=one, body=b"{}")).status == 200:
        answered += 1
    assert allowed <= answered <= allowed + 1 + (time.monotonic() - began) / 2, "30 a minute at most come on top"
    assert (refused.status, refused.one("content-type")) == (429, PROBLEM)
    assert refused.one("retry-after") == "5"
    assert refused.json()["code"] == "too_many_requests"
    assert refused.one("strict-transport-security")
    assert house.https(method, path, client=other, body=b"{}").status == 200
    assert house.https("GET", path, client=one).status == 200, "looking is not counted"
    assert any(line["limit"] == "REJECTED" for line in house.access(path))


def test_an_ipv6_household_is_one_client(place: tuple[House, Upstream, Upstream]) -> None:
    house, _, _ = place
    addresses = [f"2001:db8:5:6:{n:x}:1:1:1" for n in range(1, 16)]
    statuses = [house.https("POST", "/admin/login/", client=a, body=b"").status for a in addresses]
    assert statuses.count(429) >= 3


def test_sockets_of_one_client_are_bounded(place: tuple[House, Upstream, Upstream]) -> None:
    house, _, _ = place
    held: list[ssl.SSLSocket] = []
    try:
        with pytest.raises(ConnectionError, match="429"):
            for _ in range(60):
                held.append(house.websocket(client="198.51.100.77"))
                time.sleep(0.02)
        assert len(held) >= 30
        held.append(house.websocket(client="198.51.100.78"))
    finally:
        for sock in held:
            sock.close()


def test_bodies_are_bounded_as_in_the_application(place: tuple[House, Upstream, Upstream]) -> None:
    house, api, _ = place
    assert house.https("POST", "/api/x", body=b"x" * 1024 * 1024).status == 200
    assert len(last(api, "/api/x").body) == 1024 * 1024
    answer = house.https("POST", "/api/x", body=b"x" * (1024 * 1024 + 1))
    assert (answer.status, answer.json()["code"]) == (413, "content_too_large")


def test_tls_versions_and_http_2(place: tuple[House, Upstream, Upstream]) -> None:
    house, _, _ = place
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with house.tls("x.intake.test", newest=version) as sock:
            assert sock.cipher()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        house.tls("x.intake.test", newest=ssl.TLSVersion.TLSv1_1)
    with house.tls("x.intake.test", alpn=["h2", "http/1.1"]) as sock:
        assert sock.selected_alpn_protocol() == "h2"


def test_hashed_files_are_immutable_and_what_the_frontend_lacks_an_api_has(
    place: tuple[House, Upstream, Upstream],
) -> None:
    house, api, frontend = place
    hashed = house.https("GET", "/static/app/assets/index-B3x_9aQz.js")
    assert hashed.one("cache-control") == "public, max-age=31536000, immutable"
    assert hashed.one("access-control-allow-origin") == "*", "through a CDN's host it is another origin's"
    assert hashed.one("strict-transport-security")
    assert house.https("GET", "/api/x").all("access-control-allow-origin") == []
    assert last(frontend, "/static/app/assets/index-B3x_9aQz.js")
    assert house.https("GET", "/static/app/icon.svg").all("cache-control") == []
    frontend.answer = lambda _seen: (404, {}, b"gone")
    api.answer = lambda seen: (200, {}, b"older") if "index-old" in seen.path else (404, {}, b"")
    try:
        older = house.https("GET", "/static/app/assets/index-old12345.js")
        assert (older.status, older.body) == (200, b"older")
        assert older.one("access-control-allow-origin") == "*"
        assert older.one("strict-transport-security")
        missing = house.https("GET", "/static/app/assets/index-none1234.js")
        assert missing.status == 404
        assert not any("immutable" in value for value in missing.all("cache-control"))
    finally:
        api.answer = frontend.answer = lambda _seen: (200, {}, b"fine")
    assert house.https("GET", "/static/admin/css/base.css").status == 200
    assert last(api, "/static/admin/css/base.css")


def test_the_maintenance_page_is_a_file_away(place: tuple[House, Upstream, Upstream]) -> None:
    house, _, _ = place
    with house.websocket() as sock:
        house.maintenance.touch()
        try:
            page = house.https("GET", "/", headers={"Accept": "text/html"})
            assert (page.status, page.one("content-type")) == (503, "text/html; charset=utf-8")
            assert b"Back soon" in page.body
            program = house.https("GET", "/api/firm", headers={"Accept": "text/html"})
            assert (program.status, program.one("content-type")) == (503, PROBLEM)
            assert (program.one("retry-after"), program.json()["code"]) == ("120", "maintenance")
            assert "default-src 'none'" in page.one("content-security-policy")
            with pytest.raises(ConnectionError, match="503"):
                house.websocket()
            sock.sendall(b"still here")
            assert sock.recv(100) == b"api-1:still here"
        finally:
            house.maintenance.unlink()
        assert house.https("GET", "/").status == 200


def test_the_log_is_json_without_what_nobody_should_read(place: tuple[House, Upstream, Upstream]) -> None:
    house, _, _ = place
    house.https("GET", "/log/a?ticket=SECRET1", headers={"Referer": "https://x/?SECRET2", "User-Agent": 'a"b\\c'})
    house.https("GET", "/accounts/set-password/abc/SECRET3/")
    wait_for(lambda: house.access("/accounts/set-password/-"), 5)
    (line,) = house.access("/log/a")
    assert line["status"] == 200
    assert line["upstream_status"] == "200"
    assert line["agent"] == 'a"b\\c'
    assert len(line["request_id"]) == 32
    everything = "\n".join(house.log)
    assert "SECRET" not in everything
    assert all(json.loads(text) for text in house.log if text.startswith("{"))


def test_dashboards_need_a_login_that_is_not_handed_on(place: tuple[House, Upstream, Upstream]) -> None:
    house, api, _ = place
    assert house.https("GET", "/d/overview", port="DASHBOARDS").status == 401
    for word, status in (("open", 200), ("wrong", 401)):
        login = "Basic " + base64.b64encode(f"ops:{word}".encode()).decode()
        answer = house.https("GET", f"/d/{word}", port="DASHBOARDS", headers={"Authorization": login})
        assert answer.status == status
    seen = last(api, "/d/open").headers
    assert "authorization" not in seen
    assert seen["x-webauth-user"] == "ops"


def test_stub_status_counts(place: tuple[House, Upstream, Upstream]) -> None:
    assert b"Active connections" in place[0].http("GET", "/stub_status", port="STATUS").body


def test_a_new_certificate_is_taken_up_and_no_socket_drops(own: tuple[House, Upstream]) -> None:
    house, _ = own
    with running(house):
        fallback = house.certificate_of("own.example")
        sockets = [house.websocket() for _ in range(10)]
        make_certificate(house.acme / "own.example", "own.example")
        wait_for(lambda: house.certificate_of("own.example") != fallback, 15)
        first = house.certificate_of("own.example")
        make_certificate(house.acme / "own.example", "own.example")  # renewed
        wait_for(lambda: house.certificate_of("own.example") != first, 15)
        assert house.certificate_of(f"x.{DOMAIN}") == fallback
        for number, sock in enumerate(sockets):
            sock.sendall(f"word {number}".encode())
            assert sock.recv(100) == f"api-1:word {number}".encode()
            sock.close()
        assert sum("reloaded with 1 certificates" in line for line in house.log) == 2


def test_two_hundred_firms_each_show_their_own_certificate_in_little_memory(own: tuple[House, Upstream]) -> None:
    house, _ = own
    hosts = [f"firm-{number}.example" for number in range(200)]
    for host in hosts:
        make_certificate(house.acme / host, host)
    with running(house):
        shown = {host: house.certificate_of(host) for host in hosts}
        for host in hosts:
            stored = (house.acme / host / "fullchain.pem").read_text()
            assert shown[host] == ssl.PEM_cert_to_DER_cert(stored), host
        assert house.certificate_of("another.example") not in shown.values()
        first = len((house.run / "current" / "server-https.conf").read_text())
        assert first < 2000, "one server for all: a generation of workers stays as long as a socket is open"


def test_a_certificate_that_nginx_refuses_changes_nothing(own: tuple[House, Upstream]) -> None:
    house, _ = own
    make_certificate(house.acme / "own.example", "own.example")
    with running(house):
        good = house.certificate_of("own.example")
        (house.acme / "own.example" / "fullchain.pem").write_text("nonsense")
        house.ring()
        wait_for(lambda: any("stays in use" in line for line in house.log), 15)
        time.sleep(0.5)
        assert house.certificate_of("own.example") == good


def test_replicas_share_the_work_and_new_ones_are_found(own: tuple[House, Upstream]) -> None:
    house, first = own
    more = [Upstream(f"api-{n}", f"127.0.0.{n + 1}", house.api_port) for n in (2, 3, 4, 5)]
    for upstream in more:
        upstream.start()
    try:
        with running(house), house.websocket() as sock:
            house.names.addresses["api"] = [f"127.0.0.{n}" for n in (2, 3, 4, 5, 6)]
            wait_for(lambda: house.https("GET", "/spread").status == 200 and all(u.seen for u in more), 20)
            before = Counter({u.name: len(u.seen) for u in [first, *more]})
            for _ in range(100):
                assert house.https("GET", "/even").status == 200
            counts = [len(u.seen) - before[u.name] for u in [first, *more]]
            assert min(counts[1:]) >= 20, counts
            assert counts[0] <= min(counts[1:]), "the one that holds the socket has the most connections"
            # One goes away while names still say it is there: nobody notices, a POST neither.
            more[0].stop()
            assert {house.https("POST", "/api/turn", body=b"{}").status for _ in range(40)} == {200}
            house.names.addresses["api"] = ["127.0.0.4"]
            wait_for(lambda: _only(house, more[1]), 20)
            sock.sendall(b"on")
            assert sock.recv(100) == b"api-1:on"
    finally:
        for upstream in more:
            upstream.stop()


def _only(house: House, upstream: Upstream) -> bool:
    before = len(upstream.seen)
    for _ in range(5):
        house.https("GET", "/only")
    return len(upstream.seen) - before == 5


def test_a_post_that_an_api_took_is_not_sent_again(own: tuple[House, Upstream]) -> None:
    house, first = own
    second = Upstream("api-2", "127.0.0.3", house.api_port)
    second.start()
    house.names.addresses["api"] = ["127.0.0.2", "127.0.0.3"]
    try:
        with running(house):
            first.answer = second.answer = lambda _seen: (0, {}, b"")
            answer = house.https("POST", "/api/turns", body=b"{}")
            assert (answer.status, answer.one("content-type")) == (502, PROBLEM)
            assert answer.one("retry-after") == "5"
            assert len([s for s in first.seen + second.seen if s.path == "/api/turns"]) == 1
            house.https("GET", "/api/firm")
            assert len([s for s in first.seen + second.seen if s.path == "/api/firm"]) == 2
    finally:
        second.stop()


@contextlib.contextmanager
def silent(address: str, port: int) -> Iterator[None]:
    """An address that answers no knock, as that of a container which is gone: its queue of connections is full."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        full.bind((address, port))
        full.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((address, port))
        yield


def test_a_replica_that_is_gone_while_it_is_knocked_at_costs_nobody_an_answer(own: tuple[House, Upstream]) -> None:
    house, first = own
    over = threading.Event()
    wanted: list[bytes] = []
    answers: list[tuple[int, bytes]] = []

    def ask(number: int) -> None:
        turn = 0
        while not over.is_set():
            turn += 1
            body = b"%d-%d" % (number, turn)
            wanted.append(body)
            answers.append((house.https("POST", "/api/turns", body=body).status, body))
            time.sleep(0.05)

    with running(house), silent("127.0.0.9", house.api_port), ThreadPoolExecutor(4) as people:
        asking = [people.submit(ask, number) for number in range(4)]
        # Names have it, and then no more, while some wait for its answer: it is asked when it is found (0 to 2 s).
        for _ in range(8):
            house.names.addresses["api"] = ["127.0.0.9", "127.0.0.2"]
            time.sleep(2.1)
            house.names.addresses["api"] = ["127.0.0.2"]
            time.sleep(2.1)
        over.set()
        for each in asking:
            each.result()
    assert {status for status, _ in answers} == {200}, Counter(status for status, _ in answers)
    took = Counter(seen.body for seen in first.seen if seen.path == "/api/turns")
    assert took == Counter(wanted)


def test_it_stops_in_time_though_a_socket_is_open(own: tuple[House, Upstream]) -> None:
    house, _ = own
    house.start()
    with house.websocket():
        began = time.monotonic()
        assert house.stop() == 0
        assert time.monotonic() - began < 10
