"""The small images at work, each alone: the frontend's files, mail that is caught, a pooler that keeps firms apart."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest

from tests.deploy.stack.engine import run, wait_until
from tests.deploy.stack.test_images import CONFINED, PREFIX, VERSION, _built, inspect, once, tag

pytestmark = pytest.mark.stack
__all__ = ["_built"]

PASSWORD = 'sec"ret 1'


class Started:
    """Containers of this test on a network of their own, by the address that this machine reaches."""

    def __init__(self) -> None:
        self.name = f"legal-intake-check-{os.getpid()}"
        self._ids: list[str] = []
        run(["docker", "network", "create", self.name])

    def start(
        self, image: str, *command: str, alias: str = "x", options: tuple[str, ...] = (), confined: bool = True
    ) -> str:
        bounds = CONFINED if confined else []
        network = ["--network", self.name, "--network-alias", alias]
        done = run(["docker", "run", "-d", *bounds, *network, *options, image, *command])
        self._ids.append(done.stdout.strip())
        return self._address(self._ids[-1])

    def health(self) -> str:
        """Of the last one started."""
        return run(["docker", "inspect", "-f", "{{.State.Health.Status}}", self._ids[-1]]).stdout.strip()

    def end(self) -> None:
        for each in self._ids:
            run(["docker", "rm", "-f", "-v", each], check=False)
        run(["docker", "network", "rm", self.name], check=False)

    def _address(self, container: str) -> str:
        found = json.loads(run(["docker", "inspect", container]).stdout)[0]
        address: str = found["NetworkSettings"]["Networks"][self.name]["IPAddress"]
        return address


@pytest.fixture
def started() -> Iterator[Started]:
    found = Started()
    yield found
    found.end()


def ask(
    address: str, port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def get(address: str, path: str, encoding: str = "", method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    return ask(address, 8080, path, method, {"Accept-Encoding": encoding} if encoding else {})


def test_the_frontend_serves_hashed_files_packed_and_for_ever(started: Started) -> None:
    page = once(tag("legal-intake"), "cat", "/app/frontend/dist/index.html")
    script = re.search(r'src="(/static/app/assets/[^"]+\.js)"', page)
    style = re.search(r'href="(/static/app/assets/[^"]+\.css)"', page)
    assert script, "the page that the api serves names a script"
    assert style
    address = started.start(tag("legal-intake-frontend"))
    wait_until("the frontend answers", lambda: get(address, "/healthz")[0] == 200, 20)
    for path, kind in ((script[1], "javascript"), (style[1], "text/css")):
        status, plain, content = get(address, path)
        assert status == 200
        assert "content-encoding" not in plain
        assert kind in plain["content-type"]
        assert plain["cache-control"] == "max-age=315360000, public, immutable"
        assert plain["x-content-type-options"] == "nosniff"
        _, zipped, body = get(address, path, "gzip")
        assert zipped["content-encoding"] == "gzip"
        assert gzip.decompress(body) == content
        _, packed, body = get(address, path, "gzip, deflate, br")
        assert packed["content-encoding"] == "br"
        assert kind in packed["content-type"]
        assert packed["cache-control"] == plain["cache-control"]
        assert "accept-encoding" in packed["vary"].lower()
        assert len(body) < len(content)
        assert "content-encoding" not in get(address, path, "br;q=0")[1]
    assert get(address, "/static/app/assets/none-12345678.js")[0] == 404
    for path in ("/", "/static/app/index.html", "/own", "/static/app/", "/etc/passwd"):
        assert get(address, path)[0] in (403, 404), path
    assert get(address, script[1] + ".br")[0] == 404, "the packed file is not a file of its own"
    assert get(address, script[1], method="POST")[0] in (403, 405)


def test_the_release_before_is_kept_for_one_release(started: Started, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("./assets/old-12345678.js\n")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "old-12345678.js").write_text("1\n")
    (tmp_path / "assets" / "older-12345678.js").write_text("2\n")
    (tmp_path / "Dockerfile").write_text(
        "FROM scratch\nCOPY own /srv/www/own\nCOPY assets /srv/www/static/app/assets\n"
    )
    old = f"{PREFIX}legal-intake-frontend-check:{VERSION}"
    run(["docker", "build", "-q", "-t", old, "."], cwd=tmp_path)
    root = Path(__file__).resolve().parents[3]
    new = f"{old}-next"
    run(["docker", "build", "-q", "-t", new, "--build-arg", f"PREVIOUS={old}", "-f", "Dockerfile.frontend", "."],
        cwd=root, seconds=600)  # fmt: skip
    address = started.start(new)
    wait_until("the frontend answers", lambda: get(address, "/healthz")[0] == 200, 20)
    assert get(address, "/static/app/assets/old-12345678.js")[0] == 200
    assert get(address, "/static/app/assets/older-12345678.js")[0] == 404
    again = f"{old}-again"
    run(["docker", "build", "-q", "-t", again, "--build-arg", f"PREVIOUS={new}", "-f", "Dockerfile.frontend", "."],
        cwd=root, seconds=600)  # fmt: skip
    assert inspect(again)["RootFS"] == inspect(new)["RootFS"], "the same release built again is the same"
    run(["docker", "image", "rm", "-f", old, new, again], check=False)


def test_mail_is_caught(started: Started) -> None:
    address = started.start(tag("legal-intake-mail"))
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "Über <b>all</b>"
    message.set_content("The text.")

    def send() -> bool:
        with smtplib.SMTP(address, 1025, timeout=5) as smtp:
            smtp.send_message(message)
        return True

    def web(path: str, method: str = "GET") -> tuple[int, str]:
        status, _, body = ask(address, 8025, path, method)
        return status, body.decode()

    wait_until("mail can be sent", send, 20)
    (found,) = json.loads(web("/messages.json")[1])
    assert (found["subject"], found["to"], found["text"].strip()) == ("Über <b>all</b>", ["b@example.org"], "The text.")
    assert "&lt;b&gt;all" in web("/")[1]
    assert "The text." in web(f"/messages/{found['number']}")[1]
    assert web("/messages", "DELETE")[0] == 200
    assert json.loads(web("/messages.json")[1]) == []
    wait_until("its health check says so", lambda: started.health() == "healthy", 30)


def test_the_pooler_gives_each_client_its_search_path(started: Started, tmp_path: Path) -> None:
    """One connection behind, two clients in turn: without `track_extra_parameters` one would see the other's firm."""
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "password").chmod(0o644)
    started.start("postgres:18-bookworm", alias="postgres", confined=False,
        options=("-e", f"POSTGRES_PASSWORD={PASSWORD}", "-e", "POSTGRES_USER=legal_intake"))  # fmt: skip
    options = (
        "-v",
        f"{tmp_path}/password:/run/secrets/p:ro",
        "-e",
        "DB_PASSWORD_FILE=/run/secrets/p",
        "-e",
        "POOL_SIZE=1",
    )
    address = started.start(tag("legal-intake-pgbouncer"), alias="pgbouncer", options=options)
    parameters = {"host": address, "port": 6432, "user": "legal_intake", "password": PASSWORD, "dbname": "legal_intake"}

    def connect() -> psycopg.Connection:
        return psycopg.connect(**parameters, autocommit=True, connect_timeout=3, prepare_threshold=None)  # type: ignore[arg-type]

    def answers() -> bool:
        connect().close()
        return True

    wait_until("the database answers through the pooler", answers, 60)
    with connect() as one, connect() as two:
        one.execute("SET search_path TO firm_one")
        two.execute("SET search_path TO firm_two")
        backends = set()
        for client, firm in ((one, "firm_one"), (two, "firm_two"), (one, "firm_one"), (two, "firm_two")):
            row = client.execute("SELECT current_setting('search_path'), pg_backend_pid()").fetchone()
            assert row is not None
            assert row[0] == firm
            backends.add(row[1])
        assert len(backends) == 1, "they share one connection"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(**{**parameters, "password": "wrong"}, connect_timeout=3)  # type: ignore[arg-type]
    wait_until("its health check says so", lambda: started.health() == "healthy", 30)


def test_the_pooler_is_new_enough() -> None:
    said = run(
        ["docker", "run", "--rm", "--entrypoint", "/usr/sbin/pgbouncer", tag("legal-intake-pgbouncer"), "-V"]
    ).stdout
    version = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    assert version
    assert (int(version[1]), int(version[2])) >= (1, 20)


@pytest.mark.parametrize(
    ("name", "port"), [("legal-intake-nginx-exporter", 9113), ("legal-intake-elasticsearch-exporter", 9114)]
)
def test_exporters_start_and_answer(started: Started, name: str, port: int) -> None:
    address = started.start(tag(name))

    wait_until(f"{name} answers", lambda: ask(address, port, "/metrics")[0] == 200, 20)
