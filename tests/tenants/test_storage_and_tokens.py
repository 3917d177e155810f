"""Files, signed tokens and tickets of a firm."""

from __future__ import annotations

import stat
from typing import Any

import pytest
import time_machine

from tenants import storage, tokens
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.errors import ExpiredToken, FirmNotSet, InvalidName, InvalidToken
from tenants.storage import FirmStorage
from tenants.tokens import issue_ticket, redeem_ticket, sign, unsign

files = FirmStorage()


def test_files_of_one_firm_are_not_the_others(firm: FirmRef, other_firm: FirmRef) -> None:
    files.save("recordings/a.flac", b"one")
    files.save("recordings/a.flac", b"two")
    with firm_scope(other_firm):
        assert not files.exists("recordings/a.flac")
        with pytest.raises(FileNotFoundError):
            files.open("recordings/a.flac")
    with files.open("recordings/a.flac") as file:
        assert file.read() == b"two"
    path = storage.firm_folder(firm) / "recordings/a.flac"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(files.names()) == ["recordings/a.flac"]
    files.delete("recordings/a.flac")
    files.delete("recordings/a.flac")
    assert not files.exists("recordings/a.flac")
    assert storage.delete_all(firm) == 0


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a\\b", "a\x00b", ".hidden", "a/.", "ä"]
)
def test_names_cannot_leave_the_firms_folder(name: str) -> None:
    with pytest.raises(InvalidName):
        files.save(name, b"")


def test_no_file_without_a_firm() -> None:
    with public_scope(), pytest.raises(FirmNotSet):
        files.save("a", b"")


def test_a_failed_write_leaves_the_old_file_and_no_rest(firm: FirmRef, monkeypatch: Any) -> None:
    files.save("a", b"old")

    def fail(_descriptor: int) -> None:
        raise OSError

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError):  # noqa: PT011
        files.save("a", b"new")
    assert [path.name for path in storage.firm_folder(firm).iterdir()] == ["a"]
    with files.open("a") as file:
        assert file.read() == b"old"


def test_a_token_is_one_firms_and_one_purposes(firm: FirmRef, other_firm: FirmRef) -> None:
    token = sign({"n": 1}, "resume", ttl=60)
    assert unsign(token, "resume") == {"n": 1}
    with pytest.raises(InvalidToken):
        unsign(token, "reset")
    with pytest.raises(InvalidToken):
        unsign(token[:-1] + ("A" if token[-1] != "A" else "B"), "resume")
    for scope in (firm_scope(other_firm), public_scope()):
        with scope, pytest.raises(InvalidToken):
            unsign(token, "resume")


def test_a_token_expires(firm: FirmRef) -> None:
    with time_machine.travel(1_000_000, tick=False) as clock:
        token = sign("x", "resume", ttl=60)
        clock.shift(59)
        assert unsign(token, "resume") == "x"
        clock.shift(1)
        with pytest.raises(ExpiredToken):
            unsign(token, "resume")


def test_a_ticket_is_redeemed_once_by_its_firm(firm: FirmRef, other_firm: FirmRef) -> None:
    ticket = issue_ticket({"intake": "1"})
    with firm_scope(other_firm):
        assert redeem_ticket(ticket) is None
    assert redeem_ticket(ticket + "x") is None
    assert redeem_ticket(ticket) == {"intake": "1"}
    assert redeem_ticket(ticket) is None


async def test_a_ticket_is_redeemed_once_from_a_loop_too(firm: FirmRef) -> None:
    from tenants.redis import close_async_clients

    ticket = issue_ticket({"intake": "1"})
    assert await tokens.aredeem_ticket(ticket) == {"intake": "1"}
    assert await tokens.aredeem_ticket(ticket) is None
    await close_async_clients()


def test_a_ticket_expires_and_is_not_stored_readably(firm: FirmRef) -> None:
    from tenants.redis import cache_redis

    ticket = issue_ticket({"intake": "1"}, ttl=30)
    (key,) = (key for key in cache_redis().keys("*") if firm.schema.encode() in key)
    assert ticket.encode() not in key
    assert 0 < cache_redis().ttl(key) <= 30
    cache_redis().delete(key)
    assert redeem_ticket(ticket) is None
