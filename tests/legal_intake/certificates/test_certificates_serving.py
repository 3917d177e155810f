"""What the controller answers, and to whom."""

from __future__ import annotations

import json
import socket
import threading
import time

import httpx
import pytest

from legal_intake.certificates.pairs import check
from legal_intake.certificates.sealing import NotSealed, Seal, UnusableToken
from tests.support.certificates_house import TOKEN, make_pair
from tests.support.certificates_side import Side
from tests.support.waiting import wait_for


def test_only_who_has_the_token_is_answered(side: Side) -> None:
    side.show(a_example=make_pair("a.example"))
    for path in ("/v1/pairs", "/v1/pairs/a.example", "/v1/pairs/none.example"):
        for bearer in ("-", "x", TOKEN, "é"):
            answer = side.ask(path, bearer)
            assert (answer.status_code, answer.content) == (401, b"not for this caller\n")
    assert side.ask("/v1/pairs").status_code == 200
    assert httpx.get(f"http://127.0.0.1:{side.server.server_port}/healthz", trust_env=False).status_code == 200
    assert side.ask("/else").status_code == 404


def test_nothing_that_travels_can_be_read_or_made_up_without_the_token(side: Side) -> None:
    chain, key = make_pair("a.example")
    side.show(a_example=(chain, key))
    answer = side.ask("/v1/pairs/a.example").content
    assert b"PRIVATE" not in answer
    assert key.splitlines()[1] not in answer
    seal = Seal.read(side.token)
    assert json.loads(seal.open("/v1/pairs/a.example", answer))["privkey"] == key.decode()
    for path, changed in (("/v1/pairs/b.example", answer), ("/v1/pairs/a.example", answer[:-1] + b"x"), ("", b"")):
        with pytest.raises(NotSealed):
            seal.open(path, changed)
    assert TOKEN not in seal.bearer
    assert TOKEN not in repr(seal)
    assert seal.bearer not in repr(seal)
    assert key.decode() not in repr(check(chain, key))


def test_a_token_that_can_be_guessed_is_refused(side: Side) -> None:
    side.show()
    bearer = Seal.read(side.token).bearer
    side.token.write_text("short\n")
    with pytest.raises(UnusableToken, match="5 characters"):
        Seal.read(side.token)
    assert side.ask("/v1/pairs", bearer).status_code == 503
    side.token.unlink()
    assert side.ask("/v1/pairs", bearer).status_code == 503


def test_tags_say_what_changed(side: Side) -> None:
    side.show(a_example=make_pair("a.example"))
    for path in ("/v1/pairs", "/v1/pairs/a.example"):
        tag = side.ask(path).headers["etag"]
        again = side.ask(path, **{"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        side.show(a_example=make_pair("a.example"))
        assert side.ask(path, **{"If-None-Match": tag}).status_code == 200


def test_who_waits_hears_of_a_change_at_once(side: Side) -> None:
    side.show()
    tag = side.ask("/v1/pairs").headers["etag"]
    began = time.monotonic()
    assert side.ask("/v1/pairs?wait=0.5", **{"If-None-Match": tag}).status_code == 304
    assert 0.45 <= time.monotonic() - began < 4
    timer = threading.Timer(0.3, lambda: side.show(a_example=make_pair("a.example")))
    timer.start()
    began = time.monotonic()
    assert side.ask("/v1/pairs?wait=4", **{"If-None-Match": tag}).status_code == 200
    assert time.monotonic() - began < 3
    for odd in ("x", "nan", "-5", "inf", ""):
        assert side.ask(f"/v1/pairs?wait={odd}").status_code == 200


def test_connections_have_an_end(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side.server, "_room", threading.BoundedSemaphore(2))
    open_ones = [socket.create_connection(("127.0.0.1", side.server.server_port)) for _ in range(2)]
    wait_for(lambda: side.server._room._value == 0, 5)
    with socket.create_connection(("127.0.0.1", side.server.server_port), timeout=5) as third:
        assert third.recv(10) == b"", "closed at once"
    for sock in open_ones:
        sock.close()
    side.show()
    wait_for(lambda: _answers(side), 10)


def _answers(side: Side) -> bool:
    try:
        return side.ask("/readyz").status_code == 200
    except httpx.HTTPError:
        return False
