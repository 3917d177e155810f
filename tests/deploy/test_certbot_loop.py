"""Certbot's loop, with a program in Certbot's place: what is asked for, when, and what a failure does."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.deploy.nginx_house import ROOT, make_certificate

CERTBOT = """#!{python}
import json, os, subprocess, sys
arguments = sys.argv[1:]
value = lambda name: arguments[arguments.index(name) + 1]
with open({log!r}, "a") as log:
    log.write(json.dumps(arguments) + "\\n")
name = value("--cert-name")
folder = os.path.join(value("--config-dir"), "live", name)
if arguments[0] == "delete":
    import shutil
    shutil.rmtree(folder)
elif name in open({refused!r}).read().split():
    print("Certbot failed to authenticate\\n  Domain: " + name + "\\n  Detail: no such host\\nAsk for help at x")
    sys.exit(1)
else:
    hosts = [arguments[i + 1] for i, word in enumerate(arguments) if word == "-d"]
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "90", "-subj", "/CN=x", "-addext", "subjectAltName=" + ",".join("DNS:" + host for host in hosts),
        "-keyout", folder + "/privkey.pem", "-out", folder + "/fullchain.pem"], check=True, capture_output=True)
"""


@pytest.fixture(scope="module")
def loop() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("certbot_loop", ROOT / "deploy/images/certbot/loop.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["certbot_loop"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["certbot_loop"]


class Place:
    """The loop's folders, and a program that stands for Certbot and for the authority."""

    def __init__(self, folder: Path, loop: ModuleType) -> None:
        self.folder, self.loop = folder, loop
        self.log, self.refused, self.hosts = folder / "log", folder / "refused", folder / "hosts.json"
        self.refused.write_text("")
        self.log.write_text("")
        program = folder / "certbot"
        program.write_text(CERTBOT.format(python=sys.executable, log=str(self.log), refused=str(self.refused)))
        program.chmod(0o755)
        (folder / "config").mkdir()
        self.environ = {
            "ACME_EMAIL": "ops@intake.test",
            "DOMAINS_FILE": str(self.hosts),
            "CERTBOT_CONFIG": str(folder / "config"),
            "CERTBOT_SCRATCH": str(folder / "scratch"),
            "ACME_WEBROOT": str(folder / "webroot"),
            "OWN_CERTIFICATES": str(folder / "own"),
            "CERTBOT": str(program),
        }
        self.publish("intake.test", "admin.intake.test", "harbor.intake.test", "own.example")

    def publish(self, *hosts: str) -> None:
        entries = [{"host": host, "kind": "base" if host.endswith("intake.test") else "own"} for host in hosts]
        self.hosts.write_text(json.dumps({"version": 1, "base_domain": "intake.test", "hosts": entries}))

    def run(self, **environ: str) -> int:
        status: int = self.loop.main(["--once"], {**self.environ, **environ})
        return status

    def asked(self) -> list[dict[str, Any]]:
        """Each call since the last look: the certificate's name, its hosts, all arguments."""
        calls = [json.loads(line) for line in self.log.read_text().splitlines()]
        self.log.write_text("")
        return [
            {
                "act": call[0],
                "name": call[call.index("--cert-name") + 1],
                "hosts": [call[i + 1] for i, word in enumerate(call) if word == "-d"],
                "arguments": call,
            }
            for call in calls
        ]

    def failures(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "config" / "legal-intake-failures.json").read_text())
        return found


@pytest.fixture
def place(tmp_path: Path, loop: ModuleType) -> Place:
    return Place(tmp_path, loop)


def test_each_host_is_asked_for_once(place: Place) -> None:
    assert place.run() == 0
    asked = place.asked()
    assert [call["hosts"] for call in asked] == [
        ["intake.test"],
        ["admin.intake.test"],
        ["harbor.intake.test"],
        ["own.example"],
    ]
    assert {"--webroot", "--agree-tos", "--non-interactive"} <= set(asked[0]["arguments"])
    assert "https://acme-v02.api.letsencrypt.org/directory" in asked[0]["arguments"]
    assert place.run() == 0
    assert place.asked() == []


def test_a_wildcard_stands_for_the_hosts_right_under_the_base_domain(place: Place) -> None:
    place.publish("intake.test", "harbor.intake.test", "a.b.intake.test", "own.example")
    assert place.run(ACME_WILDCARD_ARGS="--dns-x --dns-x-credentials '/run/secrets/dns x'") == 0
    asked = place.asked()
    assert [call["hosts"] for call in asked] == [["intake.test", "*.intake.test"], ["a.b.intake.test"], ["own.example"]]
    assert "/run/secrets/dns x" in asked[0]["arguments"]
    assert "--webroot" not in asked[0]["arguments"]


def test_what_ends_soon_is_renewed_and_what_lasts_is_not(place: Place, loop: ModuleType) -> None:
    place.run()
    settings = loop.Settings.read(place.environ)
    order = loop.Order("own.example", ("own.example",), ())
    now = datetime.now(UTC)
    assert not loop.is_due(order, settings, now + timedelta(days=59))
    assert loop.is_due(order, settings, now + timedelta(days=61))
    place.asked()
    make_certificate(settings.live / "own.example", "other.example")
    place.run()
    assert [call["name"] for call in place.asked()] == ["own.example"], "a certificate for other hosts is no good"


def test_a_failure_is_not_repeated_at_once_and_holds_nobody_up(place: Place, loop: ModuleType, capsys: Any) -> None:
    place.refused.write_text("admin.intake.test")
    assert place.run() == 1
    assert len(place.asked()) == 4
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (failed,) = [line for line in said if line["event"] == "certificate_not_issued"]
    assert (failed["hosts"], failed["error"], failed["next_try_seconds"]) == ("admin.intake.test", "no such host", 900)
    place.run()
    assert place.asked() == []

    memory = loop.Memory.load(place.folder / "config" / "legal-intake-failures.json")
    assert [memory.failed("x", "e", 0.0) for _ in range(9)][-3:] == [57_600.0, 86_400.0, 86_400.0]
    assert not memory.may_ask("x", 86_399.0)
    assert memory.may_ask("x", 86_400.0)
    place.refused.write_text("")
    entry = place.failures()
    entry["admin.intake.test"]["not_before"] = 0
    memory.path.write_text(json.dumps(entry))
    assert place.run() == 0
    assert "admin.intake.test" not in place.failures()


def test_not_more_than_an_authority_allows_at_once(place: Place, loop: ModuleType) -> None:
    place.publish(*(f"firm-{number}.example" for number in range(25)))
    place.run()
    assert len(place.asked()) == loop.ORDERS_PER_PASS
    place.run()
    assert len(place.asked()) == 5


def test_the_operators_own_certificate_is_enough(place: Place) -> None:
    make_certificate(place.folder / "own" / "wild", "intake.test", "*.intake.test")
    place.run()
    assert [call["name"] for call in place.asked()] == ["own.example"]


def test_a_host_that_went_is_forgotten_a_month_after_its_certificates_end(place: Place, loop: ModuleType) -> None:
    place.run()
    place.asked()
    place.publish("intake.test", "admin.intake.test", "harbor.intake.test")
    place.run()
    assert place.asked() == []
    settings = loop.Settings.read(place.environ)
    loop._forget({"intake.test"}, settings, datetime.now(UTC) + timedelta(days=121))
    assert {(call["act"], call["name"]) for call in place.asked()} == {
        ("delete", "admin.intake.test"),
        ("delete", "harbor.intake.test"),
        ("delete", "own.example"),
    }


@pytest.mark.parametrize("text", ["", "{", "[]", '{"base_domain": "x"}', '{"base_domain": "x", "hosts": ["a"]}'])
def test_a_broken_list_asks_for_nothing_and_forgets_nothing(place: Place, text: str, capsys: Any) -> None:
    place.run()
    place.asked()
    place.hosts.write_text(text)
    assert place.run() == 1
    assert place.asked() == []
    assert "cannot_look_for_certificates" in capsys.readouterr().out
    place.hosts.unlink()
    assert place.run() == 1
    assert "is not there yet" in capsys.readouterr().out


def test_a_name_that_is_none_never_reaches_certbot(place: Place) -> None:
    place.publish("ok.example", "--server", "a b.example", "*.example", "localhost", "a.example\n")
    place.run()
    assert [call["name"] for call in place.asked()] == ["ok.example"]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"ACME_EMAIL": ""}, "ACME_EMAIL is missing"),
        ({"ACME_EMAIL": "nobody"}, "ACME_EMAIL is missing or no address"),
        ({"ACME_DIRECTORY": "http://x/"}, "it must be an https:// address"),
    ],
)
def test_a_wrong_setting_is_said(place: Place, environ: dict[str, str], said: str, capsys: Any) -> None:
    assert place.run(**environ) == 2
    assert said in json.loads(capsys.readouterr().out)["error"]


def test_certbot_that_is_not_there_is_a_failure_like_another(place: Place) -> None:
    assert place.run(CERTBOT=str(place.folder / "nothing")) == 1
    assert "FileNotFoundError" in place.failures()["intake.test"]["error"]


def test_health_is_that_something_was_done_lately(place: Place, loop: ModuleType) -> None:
    assert loop.main(["--check"], place.environ) == 1
    place.run()
    assert loop.main(["--check"], place.environ) == 0
    heartbeat = place.folder / "scratch" / "heartbeat"
    os.utime(heartbeat, (0, 0))
    assert loop.main(["--check"], place.environ) == 1


def test_it_ends_between_two_orders_when_told_to(place: Place, loop: ModuleType) -> None:
    stop = threading.Event()
    stop.set()
    settings = loop.Settings.read(place.environ)
    settings.scratch.mkdir()
    assert loop.loop(settings, stop, once=False) == 0
    assert place.asked() == []
