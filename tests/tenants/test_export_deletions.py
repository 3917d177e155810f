"""The log of deletions: written first, never altered unnoticed, made again after a restore."""

from __future__ import annotations

import base64
import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tenants import deletions, keys, services
from tenants.context import FirmRef, public_scope
from tenants.deletions import DeletionLogBroken, DeletionLogUnusable
from tenants.models import Firm
from tests.tenants.archives import firm_of, own_log


@pytest.fixture(autouse=True)
def log(settings: Any, tmp_path: Path) -> Any:
    with own_log(settings, tmp_path) as path:
        yield path


def add(ref: FirmRef, act: str = deletions.DELETED, kind: str = deletions.FIRM) -> deletions.Entry:
    return deletions.append(kind=kind, act=act, ref=ref, actor="test")


def test_a_line_says_what_the_format_says(firm: FirmRef, log: Path) -> None:
    add(firm)
    (line,) = log.read_text().splitlines()
    values = json.loads(line)
    assert set(values) == {"v", "at", "kind", "act", "firm", "schema", "subject", "actor", "reason", "prev"}
    assert (values["v"], values["kind"], values["firm"]) == (1, "firm", str(firm.id))
    assert log.stat().st_mode & 0o007 == 0


def test_many_at_once_make_one_chain(firm: FirmRef) -> None:
    threads = [threading.Thread(target=lambda: [add(firm) for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(deletions.entries()) == 80


def test_a_changed_and_a_missing_line_are_noticed(firm: FirmRef, log: Path) -> None:
    for _ in range(3):
        add(firm)
    good = log.read_bytes()
    lines = good.splitlines(keepends=True)
    for bad in (
        lines[0] + lines[2],
        lines[1] + lines[2],
        good.replace(b'"actor":"test"', b'"actor":"tesT"', 1),
        lines[0] + b"nonsense\n" + lines[2],
        good.replace(b'"v":1', b'"v":2', 1),
        good.replace(b'"kind":"firm"', b'"kind":"unknown"', 1),
    ):
        log.write_bytes(bad)
        with pytest.raises(DeletionLogBroken):
            deletions.entries()
        with pytest.raises(DeletionLogBroken):
            add(firm)
    log.write_bytes(good)
    assert len(deletions.entries()) == 3


def test_a_line_that_a_power_cut_broke_off_goes(firm: FirmRef, log: Path) -> None:
    add(firm)
    log.write_bytes(log.read_bytes() + b'{"v":1,"at":')
    assert len(deletions.entries()) == 1
    add(firm)
    assert len(deletions.entries()) == 2


def test_without_the_log_nothing_is_deleted(live_firms: Any, log: Path) -> None:
    log.parent.mkdir(parents=True)
    log.mkdir()  # cannot be written, whoever we are
    firm = firm_of(live_firms[0])
    with pytest.raises(DeletionLogUnusable, match="DELETIONS_LOG"):
        list(services.delete_firm(firm=firm, confirm=firm.name, actor="test"))
    assert firm_of(live_firms[0]).status == Firm.Status.READY


def test_deleting_writes_first_and_a_second_run_ends_it(live_firms: Any) -> None:
    firm = firm_of(live_firms[0])
    services.delete_firm(firm=firm, confirm=firm.name, actor="test")  # cut off: nothing was removed yet
    assert [entry.firm for entry in deletions.entries()] == [firm.pk]
    list(services.delete_firm(firm=firm, confirm=firm.name, actor="test"))
    with public_scope():
        assert not Firm.objects.filter(pk=firm.pk).exists()


def test_what_a_restore_brought_back_is_deleted_again(live_firms: Any) -> None:
    """A whole restore is the database as it was: here a firm that the log has as deleted."""
    gone, kept = live_firms
    add(gone)
    add(kept)
    add(kept, deletions.RESTORED)
    lines = list(deletions.replay())
    assert any("schema" in line for line in lines)
    with public_scope():
        assert list(Firm.objects.filter(pk__in=[gone.id, kept.id]).values_list("pk", flat=True)) == [kept.id]
    assert list(deletions.replay()) == []
    assert len(deletions.entries()) == 3, "a replay writes no lines"


@pytest.mark.parametrize("kind", [deletions.ERASURE, deletions.LEGAL_HOLD])
def test_a_kind_that_nothing_here_replays_stops_a_replay(live_firms: Any, kind: str) -> None:
    add(live_firms[0])
    add(live_firms[0], "done", kind)
    with pytest.raises(DeletionLogUnusable, match=kind):
        list(deletions.replay())
    assert firm_of(live_firms[0]).status == Firm.Status.READY


def test_what_came_back_and_cannot_be_opened_is_not_let_in(live_firms: Any, settings: Any) -> None:
    """A restore to a later moment may bring keys that the backup itself did not name."""
    gone, _ = live_firms
    add(gone)
    right, settings.MASTER_KEY = settings.MASTER_KEY, base64.b64encode(os.urandom(32)).decode()
    keys.forget()
    with pytest.raises(CommandError, match="wrong_master_key"), public_scope():
        call_command("firms", "replay-deletions", stdout=io.StringIO())
    settings.MASTER_KEY = right
    keys.forget()
    assert firm_of(gone).status == Firm.Status.READY, "and nothing was deleted"
