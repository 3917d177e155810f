"""nginx behind a load balancer that says who asks, and with certificates that come all the time; run for real."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.deploy.nginx_house import DOMAIN, NGINX, PREFIX, WHY_NOT, House, make_certificate, open_folder, running
from tests.deploy.nginx_upstream import Upstream
from tests.support.names import name_server
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.skipif(not PREFIX, reason=f"not run: {WHY_NOT}"), pytest.mark.slow]


@pytest.fixture
def own() -> Iterator[tuple[House, Upstream]]:
    """An nginx of the test's own; it starts it."""
    with name_server() as names, open_folder() as folder:
        house = House(folder, names)
        api = Upstream("api-1", "127.0.0.2", house.api_port)
        api.start()
        try:
            yield house, api
        finally:
            house.stop()
            api.stop()


def test_a_load_balancer_may_say_who_asks_in_the_proxy_protocol(own: tuple[House, Upstream]) -> None:
    """On the public ports; what a client says itself in X-Forwarded-For is not believed there."""
    house, api = own
    house.settings |= {"NGINX_PROXY_PROTOCOL": "on", "NGINX_TRUSTED_PROXIES": "127.0.0.0/8"}

    def ask(line: bytes) -> bytes:
        plain = socket.create_connection(("127.0.0.1", house.ports["HTTPS"]), timeout=10)
        plain.sendall(line)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain, server_hostname=f"firm.{DOMAIN}") as sock:
            head = ["GET /told HTTP/1.1", f"Host: firm.{DOMAIN}", "X-Forwarded-For: 192.0.2.7", "Connection: close"]
            sock.sendall("\r\n".join([*head, "", ""]).encode())
            return sock.recv(1000)

    house.start()
    line = b"PROXY TCP4 203.0.113.9 127.0.0.1 5000 443\r\n"
    wait_for(lambda: ask(line).startswith(b"HTTP/1.1 200"), 15)
    assert [seen for seen in api.seen if seen.path == "/told"][-1].headers["x-forwarded-for"] == "203.0.113.9"
    with pytest.raises((OSError, ssl.SSLError)):
        ask(b"")
    wait_for(lambda: any("broken header" in line for line in house.log), 15)
    quoted = next(line for line in house.log if "broken header" in line)
    assert json.loads(quoted)["event"].isascii(), "what a client sent is quoted without its bytes"
    environ = {"NGINX_PROXY_PROTOCOL": "on", "PATH": os.environ["PATH"]}
    environ |= {f"NGINX_{name}_PORT": str(house.ports[name]) for name in ("STATUS", "HTTPS")}
    line_of_health = [str(NGINX / "health")]
    assert subprocess.run(line_of_health, env=environ, check=False, capture_output=True).returncode == 0
    del environ["NGINX_PROXY_PROTOCOL"]
    assert subprocess.run(line_of_health, env=environ, check=False, capture_output=True).returncode != 0


def test_reloads_keep_their_distance_and_what_comes_all_the_time_is_taken_up(own: tuple[House, Upstream]) -> None:
    house, _ = own
    house.settings["NGINX_RELOAD_SECONDS"] = "4"
    with running(house):
        began = time.monotonic()
        number = 0
        while time.monotonic() - began < 12:  # never quiet for two looks
            make_certificate(house.acme / f"firm-{number}.example", f"firm-{number}.example")
            number += 1
            time.sleep(0.4)
        reloads = sum("reloaded with" in line for line in house.log)
        assert 1 <= reloads <= 3, "every 4 s at the most"
        assert house.certificate_of("firm-0.example") != house.certificate_of("none.example")
