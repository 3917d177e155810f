"""What deploy/nginx/render makes of settings and certificates; nginx itself judges it where there is one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from legal_intake.certificates.folders import Folders
from legal_intake.certificates.pairs import check
from tests.deploy.nginx_house import (
    DOMAIN,
    NGINX,
    PREFIX,
    WHY_NOT,
    House,
    judge,
    make_certificate,
    open_folder,
)
from tests.support.certificates_house import make_pair
from tests.support.names import name_server

needs_nginx = pytest.mark.skipif(not PREFIX, reason=f"not run: {WHY_NOT}")
OURS = 1024 * 1024


@pytest.fixture
def house() -> Iterator[House]:
    with name_server() as names, open_folder() as folder:
        yield House(folder, names)


def rendered(house: House, name: str = "one", previous: Path | None = None) -> Path:
    folder = house.folder / name
    done = house.render(folder, previous)
    assert done.returncode == 0, done.stderr
    return folder


def pairs(folder: Path) -> dict[str, str]:
    """Each host that has a certificate, with the folder of its pair."""
    lines = (folder / "pairs.map").read_text().splitlines()
    found = dict(line.removesuffix(";").split(" ") for line in lines)
    assert len(found) == len(lines), "a host is named twice"
    return found


def test_every_template_is_used_and_every_name_filled_in(house: House) -> None:
    folder = rendered(house)
    used = "\n".join(file.read_text() for file in folder.rglob("*.conf"))
    assert not re.search(r"@[A-Z_0-9]+@", used)
    for template in (NGINX / "templates").glob("*.conf"):
        assert template.name == "nginx.conf" or f"/{template.name};" in used, template.name


@pytest.mark.parametrize(
    ("resolv", "wanted"),
    [
        ("search a b\nnameserver 10.96.0.10\nnameserver 10.96.0.11\noptions ndots:5\n", "resolver 10.96.0.10 "),
        ("nameserver fd00::a\n", "resolver [fd00::a] "),
    ],
)
def test_the_name_server_of_the_machine(house: House, resolv: str, wanted: str) -> None:
    (house.folder / "resolv.conf").write_text(resolv)
    house.settings |= {"NGINX_RESOLVER": "system", "NGINX_RESOLV_CONF": str(house.folder / "resolv.conf")}
    assert wanted in (rendered(house) / "upstreams.conf").read_text()


def test_no_name_server_is_said(house: House) -> None:
    (house.folder / "resolv.conf").write_text("search a b\n")
    house.settings |= {"NGINX_RESOLVER": "system", "NGINX_RESOLV_CONF": str(house.folder / "resolv.conf")}
    done = house.render(house.folder / "none")
    assert done.returncode == 1
    assert "names no name server" in done.stderr


def test_there_is_a_plain_port_only_where_it_is_asked_for(house: House) -> None:
    assert "listen" not in (rendered(house) / "server-plain.conf").read_text()
    house.settings |= {"NGINX_PLAIN_PORT": "8082"}
    folder = rendered(house, "two")
    assert "listen 8082 default_server;" in (folder / "server-plain.conf").read_text()
    assert "8082 https;" in (folder / "clients.conf").read_text()


@needs_nginx
def test_nginx_takes_the_defaults(house: House) -> None:
    house.htpasswd.write_text("ops:$apr1$x$y\n")
    make_certificate(house.acme / "a", "a.example")
    assert judge(house.folder, rendered(house)) == ""


@needs_nginx
def test_nginx_takes_every_setting(house: House) -> None:
    house.settings |= {
        "NGINX_TRUSTED_PROXIES": "192.0.2.0/28,2001:db8::/32",
        "NGINX_IPV6": "on",
        "NGINX_PUBLIC_HTTPS_PORT": "8443",
        "NGINX_RATE_LOGIN": "1r/s",
        "NGINX_API": "127.0.0.1:9",
        "NGINX_PLAIN_PORT": "8082",
        "NGINX_PROXY_PROTOCOL": "on",
    }
    folder = rendered(house)
    assert judge(house.folder, folder) == ""
    assert "https://$host:8443$request_uri" in (folder / "server-http.conf").read_text()
    assert "[::]:" in (folder / "server-https.conf").read_text()
    spoken = [file.name for file in folder.glob("*.conf") if " proxy_protocol;" in file.read_text()]
    assert sorted(spoken) == ["server-http.conf", "server-https.conf"], "neither the plain port nor the status"


@needs_nginx
@pytest.mark.slow
def test_two_hundred_own_domains(house: House) -> None:
    first = make_certificate(house.acme / "firm-0.example", "firm-0.example", "www.firm-0.example")
    for number in range(1, 200):
        make_certificate(house.acme / f"firm-{number}.example", f"firm-{number}.example")
    folder = rendered(house)
    assert len(pairs(folder)) == 201
    assert pairs(folder)["www.firm-0.example"] == pairs(folder)["firm-0.example"]
    assert judge(house.folder, folder) == ""

    # The next rendering looks only at what changed.
    make_certificate(first, "firm-0.example")
    began = time.monotonic()
    again = rendered(house, "two", folder)
    assert time.monotonic() - began < 20
    assert len(pairs(again)) == 200
    assert "firm-0.example" in pairs(again)
    assert judge(house.folder, again) == ""


def test_a_fallback_is_made_once_and_said(house: House) -> None:
    done = house.render(house.folder / "one")
    assert "no certificate yet for intake.test" in done.stderr
    made = (house.run / "fallback" / "fullchain.pem").read_bytes()
    assert "no certificate yet" not in house.render(house.folder / "two").stderr
    assert (house.run / "fallback" / "fullchain.pem").read_bytes() == made
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", house.run / "fallback" / "fullchain.pem"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"DNS:{DOMAIN}, DNS:*.{DOMAIN}" in said
    assert str(house.run / "fallback") in (house.folder / "one" / "server-https.conf").read_text()


def test_the_wildcard_serves_every_host_under_the_base_domain_and_the_dashboards(house: House) -> None:
    make_certificate(house.acme / DOMAIN, DOMAIN, f"*.{DOMAIN}")
    folder = rendered(house)
    pair = pairs(folder)[f"*.{DOMAIN}"]
    assert f"default {pair};" in (folder / "server-https.conf").read_text()
    house.htpasswd.write_text("ops:x\n")
    assert pairs(folder).keys() == {DOMAIN, f"*.{DOMAIN}"}
    again = rendered(house, "two", folder)
    assert "two/certs/1/fullchain.pem" in (again / "server-dashboards.conf").read_text()


def test_the_operators_own_certificate_comes_before_certbots(house: House) -> None:
    make_certificate(house.acme / "a.example", "a.example", "b.example")
    make_certificate(house.own / "theirs", "a.example")
    found = pairs(rendered(house))
    assert set(found) == {"a.example", "b.example"}
    theirs = Path(found["a.example"], "fullchain.pem").read_bytes()
    assert theirs == (house.own / "theirs" / "fullchain.pem").read_bytes()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("other key", "privkey.pem is not the certificate's key"),
        ("no key", "privkey.pem cannot be read"),
        ("half", "fullchain.pem holds no certificate"),
    ],
)
def test_a_broken_pair_is_left_out_and_a_good_one_before_it_stays(house: House, spoil: str, said: str) -> None:
    make_certificate(house.acme / "a.example", "a.example")
    first = rendered(house)
    good = Path(pairs(first)["a.example"], "fullchain.pem").read_bytes()
    make_certificate(house.acme / "b.example", "b.example")
    time.sleep(1.1)  # the files' times are compared by the second
    for host in ("a.example", "b.example"):
        folder = house.acme / host
        if spoil == "other key":
            shutil.copy(make_certificate(house.folder / "other", "c.example") / "privkey.pem", folder / "privkey.pem")
        elif spoil == "no key":
            (folder / "privkey.pem").unlink()
        else:
            whole = (folder / "fullchain.pem").read_bytes()
            (folder / "fullchain.pem").write_bytes(whole[: len(whole) // 2])
    second = house.folder / "two"
    done = house.render(second, first)
    assert done.returncode == 0, done.stderr
    assert f"b.example: {said}; it is left out" in done.stderr
    assert f"a.example: {said}; the certificate before it stays in use" in done.stderr
    assert Path(pairs(second)["a.example"], "fullchain.pem").read_bytes() == good
    assert set(pairs(second)) == {"a.example"}


def fetch(house: House, host: str, *names: str) -> Path:
    """A pair as the fetcher of Kubernetes lays it down; the folder that nginx is to read."""
    Folders(house.own).write(host, check(*make_pair(host, *names)))
    return (house.own / host).resolve()


def test_a_fetched_pair_is_used_where_it_lies(house: House) -> None:
    """No process for each: with a thousand of them a start would take half a minute."""
    first = fetch(house, "a.example", "www.a.example", "*.a.example")
    folder = rendered(house)
    assert pairs(folder) == dict.fromkeys(("a.example", "www.a.example", "*.a.example"), str(first))
    assert [path.name for path in (folder / "certs").iterdir() if path.is_dir()] == [], "nothing is copied"
    second = fetch(house, "a.example")
    again = rendered(house, "two", folder)
    assert second != first
    assert pairs(again) == {"a.example": str(second)}
    assert (first / "privkey.pem").exists(), "the workers before still read it"


def test_what_is_fetched_comes_after_the_operators_own_and_before_certbots(house: House) -> None:
    fetched = fetch(house, "a.example", "b.example")
    make_certificate(house.own / "theirs", "a.example")
    make_certificate(house.acme / "b.example", "b.example", "c.example")
    found = pairs(rendered(house))
    assert set(found) == {"a.example", "b.example", "c.example"}
    assert found["b.example"] == str(fetched)
    theirs = (house.own / "theirs" / "fullchain.pem").read_bytes()
    assert Path(found["a.example"], "fullchain.pem").read_bytes() == theirs


@pytest.mark.parametrize("file", ["names", "privkey.pem"])
def test_a_fetched_pair_that_is_not_whole_is_left_out_and_said(house: House, file: str) -> None:
    (fetch(house, "a.example") / file).unlink()
    fetch(house, "b.example")
    done = house.render(house.folder / "one")
    assert done.returncode == 0, done.stderr
    assert "a.example: it is not whole; it is left out" in done.stderr
    assert set(pairs(house.folder / "one")) == {"b.example"}


def test_a_name_that_is_none_is_left_out_and_said(house: House) -> None:
    (fetch(house, "a.example") / "names").write_text("a.example b;}.example * $x\n")
    done = house.render(house.folder / "one")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("a name in it is no host name, and is left out") == 3
    assert set(pairs(house.folder / "one")) == {"a.example"}


def test_what_is_known_is_linked_and_never_checked_again(house: House) -> None:
    for host in ("a.example", "b.example"):
        make_certificate(house.acme / host, host)
    first = rendered(house)
    make_certificate(house.acme / "b.example", "b.example")
    second = rendered(house, "two", first)
    before, now = pairs(first), pairs(second)
    assert Path(before["a.example"], "privkey.pem").samefile(Path(now["a.example"], "privkey.pem"))
    assert before["a.example"] != now["a.example"], "nginx remembers certificates by their path"
    assert Path(now["b.example"]).name not in {Path(each).name for each in before.values()}
    shutil.rmtree(first)
    assert Path(now["a.example"], "fullchain.pem").read_bytes()


def test_keys_are_copied_for_nobody_else_to_read(house: House) -> None:
    make_certificate(house.acme / "a.example", "a.example")
    (house.acme / "a.example" / "privkey.pem").chmod(0o644)
    pair = Path(pairs(rendered(house))["a.example"])
    assert (pair / "privkey.pem").stat().st_mode & 0o077 == 0


def test_without_a_login_there_are_no_dashboards(house: House) -> None:
    done = house.render(house.folder / "one")
    assert "the dashboards stay closed" in done.stderr
    assert "listen" not in (house.folder / "one" / "server-dashboards.conf").read_text()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DOMAIN", "", "DOMAIN is missing"),
        ("DOMAIN", "https://x.example/", "DOMAIN is no domain name"),
        ("DOMAIN", "x.example;}", "DOMAIN is no domain name"),
        ("NGINX_RATE_LOGIN", "fast", "NGINX_RATE_LOGIN is fast: it must be a rate"),
        ("NGINX_BURST_LOGIN", "-1", "NGINX_BURST_LOGIN is -1"),
        ("NGINX_CONN_SOCKETS", "0", "NGINX_CONN_SOCKETS is 0"),
        ("NGINX_TRUSTED_PROXIES", "0.0.0.0/0", "would believe everybody"),
        ("NGINX_TRUSTED_PROXIES", "proxy.example", "is no network"),
        ("SECURE_HSTS_SECONDS", "a year", "must be a number of seconds"),
        ("NGINX_API", "api", "must be host:port"),
        ("NGINX_PROXY_PROTOCOL", "yes", "NGINX_PROXY_PROTOCOL is yes: it must be on or off"),
        ("NGINX_PROXY_PROTOCOL", "on", "NGINX_PROXY_PROTOCOL is on, and NGINX_TRUSTED_PROXIES is empty"),
        ("NGINX_RELOAD_SECONDS", "0", "NGINX_RELOAD_SECONDS is 0"),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_to_do(house: House, name: str, value: str, said: str) -> None:
    house.settings[name] = value
    done = house.render(house.folder / "one")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert said in json.loads(line)["event"]


def test_the_body_limit_is_the_applications() -> None:
    from legal_intake.server_names import MAX_BODY_BYTES

    text = (NGINX / "templates" / "nginx.conf").read_text()
    assert MAX_BODY_BYTES == OURS
    assert "client_max_body_size 1m;" in text
    assert "client_body_buffer_size 1m;" in text, "no word of a client on the proxy's disk"


def test_answers_for_programs_are_problem_documents_with_the_applications_codes() -> None:
    for page in (NGINX / "pages").glob("*.json"):
        problem = json.loads(page.read_text())
        assert set(problem) == {"type", "title", "status", "detail", "code"}
        assert problem["status"] == int(page.stem)
        assert page.with_suffix(".html").is_file()
    codes = {page.stem: json.loads(page.read_text())["code"] for page in (NGINX / "pages").glob("*.json")}
    assert codes["413"] == "content_too_large"  # legal_intake/asgi.py
    assert codes["404"] == "not_found"


def test_pages_for_people_load_nothing() -> None:
    for page in (NGINX / "pages").glob("*.html"):
        assert not re.search(r"(?i)src=|href=|<script|@import|url\(", page.read_text()), page.name


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="not run: shellcheck is not installed")
def test_shellcheck() -> None:
    scripts = [NGINX / name for name in ("start", "render", "health", "lib/settings.sh", "lib/certificates.sh")]
    line = ["shellcheck", "-x", "-P", str(NGINX.parents[1]), *map(str, scripts)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
