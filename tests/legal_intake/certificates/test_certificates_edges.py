"""From the controller to each edge's disk, and to the handshake of the nginx beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from legal_intake.certificates import fetching, serving
from legal_intake.certificates.keeping import Shown
from legal_intake.certificates.pairs import check
from tests.deploy.nginx_house import PREFIX, WHY_NOT, House, hand_over, open_folder
from tests.support.certificates_house import make_pair
from tests.support.certificates_side import NEVER, Side
from tests.support.names import name_server
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]


def test_what_is_not_known_yet_is_no_empty_list(side: Side) -> None:
    (side.folder / "README.md").write_text("as it is")
    fetcher = side.fetcher()
    assert fetcher.one_round(NEVER) > 0
    assert side.ask("/v1/pairs").status_code == 503
    assert side.ask("/readyz").status_code == 503
    assert sorted(path.name for path in side.folder.iterdir()) == ["README.md"], "nothing is written before it is known"
    side.show()
    assert side.ask("/readyz").status_code == 200
    fetcher.one_round(NEVER)
    assert (side.folder / ".known").exists()


def test_pairs_come_to_disk_whole_and_follow_what_is_shown(side: Side, said: Any) -> None:
    fetcher = side.fetcher()
    side.show(a_example=make_pair("a.example"), b_example=make_pair("b.example"))
    assert fetcher.one_round(NEVER) == 0.0
    assert side.on_disk() == side.pairs
    for path in side.folder.glob("*/privkey.pem"):
        assert path.stat().st_mode & 0o777 == 0o640
    side.show(a_example=make_pair("a.example"))
    fetcher.one_round(NEVER)
    assert side.on_disk() == side.pairs
    side.show("b.example")
    fetcher.one_round(NEVER)
    assert side.on_disk() == side.pairs
    assert len(list((side.folder / ".pairs").iterdir())) == 1, "nothing of the old ones is left"
    assert "PRIVATE" not in json.dumps(said())


def test_a_link_changes_from_one_whole_pair_to_another(side: Side) -> None:
    """A reader that opens the folder once sees one pair, whatever happens meanwhile."""
    fetcher = side.fetcher()
    side.show(a_example=make_pair("a.example"))
    fetcher.one_round(NEVER)
    stop, torn = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            try:
                folder = os.open(side.folder / "a.example", os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                torn.append("no folder")
                continue
            try:
                parts = [_read_at(folder, name) for name in ("fullchain.pem", "privkey.pem")]
            except FileNotFoundError:
                continue  # this pair was replaced while it was read: the next look has the new one
            finally:
                os.close(folder)
            check(parts[0], parts[1])

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(30):
        side.show(a_example=make_pair("a.example"))
        fetcher.one_round(NEVER)
    stop.set()
    reader.join(10)
    assert torn == []


def _read_at(folder: int, name: str) -> bytes:
    with open(os.open(name, os.O_RDONLY, dir_fd=folder), "rb") as file:  # noqa: PTH123
        return file.read()


def test_what_was_replaced_stays_while_nginx_may_read_it(side: Side) -> None:
    """nginx reads the folders themselves: until it has reloaded it asks for the pair of before."""
    side.keep = "600"
    fetcher = side.fetcher()
    side.show(a_example=make_pair("a.example", "www.a.example"), b_example=make_pair("b.example"))
    fetcher.one_round(NEVER)
    old = (side.folder / "a.example").resolve()
    assert (old / "names").read_text() == "a.example www.a.example\n"
    side.show(a_example=make_pair("a.example"))
    fetcher.one_round(NEVER)
    assert (side.folder / "a.example").resolve() != old
    assert (old / "privkey.pem").exists()
    side.show("b.example")
    fetcher.one_round(NEVER)
    restarted = side.fetcher()
    os.utime(old, (0, time.time() - 601))
    restarted.one_round(NEVER)
    assert not old.exists(), "its own time says since when it is not used"
    assert set(side.on_disk()) == {"a.example", "b.example"}


def test_what_is_gone_is_taken_away_only_after_a_while(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    side.keep = "600"
    fetcher = side.fetcher()
    side.show(a_example=make_pair("a.example"))
    fetcher.one_round(NEVER)
    side.show("a.example")
    fetcher.one_round(NEVER)
    assert set(side.on_disk()) == {"a.example"}
    later = time.monotonic() + 601
    monkeypatch.setattr(time, "monotonic", lambda: later)
    monkeypatch.setattr(fetching, "WAIT_SECONDS", 0)
    fetcher.one_round(NEVER)
    assert side.on_disk() == {}


def test_while_the_controller_is_away_everything_stays(side: Side, said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = side.fetcher()
    side.show(a_example=make_pair("a.example"))
    fetcher.one_round(NEVER)
    side.server.shutdown()
    side.server.server_close()
    side.shelf.close()
    side.show(b_example=make_pair("b.example"))
    waits = [fetcher.one_round(NEVER) for _ in range(8)]
    assert max(waits) <= fetching.LONGEST_DELAY
    assert waits[0] < 3
    assert set(side.on_disk()) == {"a.example"}
    restarted = side.fetcher()
    restarted.one_round(NEVER)
    assert set(side.on_disk()) == {"a.example"}, "a new start takes nothing away before it knows"
    lines = [each["event"] for each in said()]
    assert lines.count("pairs_cannot_be_asked_for") <= 3, "not each time"


def test_a_new_start_fetches_nothing_that_is_there(side: Side) -> None:
    side.show(a_example=make_pair("a.example"), b_example=make_pair("b.example"))
    side.fetcher().one_round(NEVER)
    (side.folder / "b.example/privkey.pem").unlink()
    (side.folder / ".pairs/.part-x").mkdir()
    before = serving.ASKED.labels("pair", "200")._value.get()
    side.fetcher().one_round(NEVER)
    assert serving.ASKED.labels("pair", "200")._value.get() == before + 1, "only what was broken"
    assert side.on_disk() == side.pairs
    assert not (side.folder / ".pairs/.part-x").exists()


@pytest.mark.parametrize("bad", ["key of another", "ended", "for nobody"])
def test_a_pair_that_does_not_fit_replaces_nothing_and_holds_up_nobody(side: Side, said: Any, bad: str) -> None:
    fetcher = side.fetcher()
    good = make_pair("a.example")
    side.show(a_example=good)
    fetcher.one_round(NEVER)
    chain, key = make_pair("a.example")
    worse = {
        "key of another": (chain, make_pair("a.example")[1]),
        "ended": make_pair("a.example", days=-1),
        "for nobody": make_pair(),
    }[bad]
    b = make_pair("b.example")
    shown = check(chain, key)
    odd = type(shown)(worse[0], worse[1], shown.hosts, shown.ends, "f" * 32)
    side.shelf.show(Shown.of({"a.example": odd, "b.example": check(*b)}, {}))
    assert fetcher.one_round(NEVER) == fetching.RETRY_SECONDS
    assert side.on_disk() == {"a.example": good, "b.example": b}
    assert [each["host"] for each in said() if each["event"] == "pair_not_taken"] == ["a.example"]


def test_a_pair_that_has_ended_is_better_than_none_and_said(side: Side, said: Any) -> None:
    side.show(a_example=make_pair("a.example", days=-1))
    side.fetcher().one_round(NEVER)
    assert side.on_disk() == side.pairs
    assert [each["host"] for each in said() if each["event"] == "pair_has_ended"] == ["a.example"]


def test_names_that_lead_elsewhere_are_not_followed(side: Side, tmp_path: Path) -> None:
    pair = check(*make_pair("a.example"))
    names = ("../evil.example", "/etc/evil.example", ".acme", "a..b", "no_dot", "A.example", "a.example/..", "")
    side.shelf.show(Shown.of(dict.fromkeys(names, pair), {"../../../x" * 3: "y" * 20, "ok" * 10: "z" * 20}))
    side.fetcher().one_round(NEVER)
    assert side.on_disk() == {}
    assert [path.name for path in (side.folder / ".acme/.well-known/acme-challenge").iterdir()] == ["ok" * 10]
    assert not list(tmp_path.glob("**/evil*"))


def test_a_folder_that_the_operator_laid_down_is_left_alone(side: Side) -> None:
    own = side.folder / "a.example"
    own.mkdir()
    (own / "fullchain.pem").write_text("mine")
    side.show(a_example=make_pair("a.example"))
    side.fetcher().one_round(NEVER)
    assert (own / "fullchain.pem").read_text() == "mine"
    side.show("a.example")
    side.fetcher().one_round(NEVER)
    assert own.is_dir()


def test_proofs_lie_below_the_web_root_while_they_are_asked_for(side: Side) -> None:
    fetcher = side.fetcher()
    token, key = "t" * 43, f"{'t' * 43}.{'k' * 43}"
    side.show(proofs={token: key})
    fetcher.one_round(NEVER)
    place = side.folder / ".acme/.well-known/acme-challenge"
    assert (place / token).read_text() == key
    side.show()
    fetcher.one_round(NEVER)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "listed", [b"[]", b"no json", b'{"pairs": 5}', b'{"pairs": [{"name": 5}, 7], "proofs": []}', b"x" * (9 << 20)]
)
def test_a_list_that_is_none_changes_nothing(side: Side, listed: bytes) -> None:
    fetcher = side.fetcher()
    side.show(a_example=make_pair("a.example"))
    fetcher.one_round(NEVER)
    side.shelf.show(Shown({}, {}, listed, "f" * 32))
    assert fetcher.one_round(NEVER) > 0
    assert set(side.on_disk()) == {"a.example"}


def test_another_token_on_the_two_sides_is_said(side: Side, said: Any, tmp_path: Path) -> None:
    side.show(a_example=make_pair("a.example"))
    other = tmp_path / "other"
    other.write_text("o" * 40)
    side.fetcher(other).one_round(NEVER)
    assert "same certificates_token" in said()[0]["reason"]
    assert side.on_disk() == {}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"CERTIFICATES_URL": ""}, "CERTIFICATES_URL"),
        ({"CERTIFICATES_URL": "certificates:8088"}, "CERTIFICATES_URL"),
        ({"CERTIFICATES_FOLDER": "/nowhere/at/all"}, "CERTIFICATES_FOLDER"),
        ({"CERTIFICATES_GONE_SECONDS": "soon"}, "CERTIFICATES_GONE_SECONDS"),
        ({"CERTIFICATES_GONE_SECONDS": "nan"}, "CERTIFICATES_GONE_SECONDS"),
    ],
)
def test_the_program_names_a_setting_that_cannot_be_used(tmp_path: Path, change: dict[str, str], named: str) -> None:
    usual = {"CERTIFICATES_URL": "http://x", "CERTIFICATES_FOLDER": str(tmp_path)}
    with pytest.raises(fetching.Unusable, match=named):
        fetching.Settings.read({**usual, **change})


@pytest.mark.slow
def test_the_program_is_small_and_ends_when_told(side: Side) -> None:
    """Neither Django nor a second's wait: in the middle of a question that waits, SIGTERM ends it."""
    side.show(a_example=make_pair("a.example"))
    environ = {
        "PATH": os.environ["PATH"],
        "CERTIFICATES_URL": f"http://127.0.0.1:{side.server.server_port}",
        "CERTIFICATES_FOLDER": str(side.folder),
        "CERTIFICATES_TOKEN_FILE": str(side.token),
    }
    line = [sys.executable, "-m", "legal_intake.certificates.fetching"]
    process = subprocess.Popen(line, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: side.on_disk() == side.pairs, 60)
        time.sleep(0.5)
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        assert "psycopg" not in maps
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()
    done = subprocess.run(line, env={"PATH": os.environ["PATH"]}, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "CERTIFICATES_URL" in done.stdout


def test_fetching_imports_no_django() -> None:
    code = "import sys, legal_intake.certificates.fetching; print([m for m in sys.modules if 'django' in m])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_fetched_is_what_the_renderer_finds(side: Side) -> None:
    """The renderer alone, as nginx's own script calls it: each host has its pair, whatever else lies in the folder."""
    with name_server() as names, open_folder() as folder:
        house = House(folder, names)
        side.folder = house.own
        side.show(a_example=make_pair("a.example"), b_example=make_pair("b.example", "www.b.example"))
        side.fetcher().one_round(NEVER)
        done = house.render(folder / "out")
        assert done.returncode == 0, done.stderr
        found = (folder / "out/pairs.map").read_text()
        assert sorted(line.split()[0] for line in found.splitlines()) == ["a.example", "b.example", "www.b.example"]


@pytest.mark.slow
@pytest.mark.skipif(not PREFIX, reason=f"not run: {WHY_NOT}")
def test_a_fetched_pair_is_picked_by_its_name_in_the_handshake(side: Side) -> None:
    with name_server() as names, open_folder() as folder:
        house = House(folder, names)
        house.settings["NGINX_ACME_WEBROOT"] = str(house.own / ".acme")
        side.folder = house.own
        token, key = "t" * 43, f"{'t' * 43}.{'k' * 43}"
        side.show(a_example=make_pair("a.example"), b_example=make_pair("b.example"), proofs={token: key})
        fetcher = side.fetcher()
        fetcher.one_round(NEVER)
        house.start()
        try:
            for name in ("a.example", "b.example"):
                assert house.certificate_of(name) == _leaf(side.pairs[name])
            asked = house.http("GET", f"/.well-known/acme-challenge/{token}", host="a.example")
            assert (asked.status, asked.body.decode()) == (200, key)
            side.show(a_example=make_pair("a.example"))
            fetcher.one_round(NEVER)
            hand_over(house.own)
            wait_for(lambda: house.certificate_of("a.example") == _leaf(side.pairs["a.example"]), 30)
            assert house.certificate_of("b.example") == _leaf(side.pairs["b.example"])
            # `certificates` goes away, and both containers of the pod begin anew: what lies there is served.
            side.shelf.close()
            house.stop()
            restarted = side.fetcher()
            restarted.one_round(NEVER)
            house.start()
            for name in ("a.example", "b.example"):
                assert house.certificate_of(name) == _leaf(side.pairs[name])
        finally:
            house.stop()


def _leaf(pair: tuple[bytes, bytes]) -> bytes:
    return x509.load_pem_x509_certificates(pair[0])[0].public_bytes(Encoding.DER)
