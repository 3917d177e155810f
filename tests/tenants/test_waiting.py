"""`firms wait-migrated`: what pods wait for before they serve, and what they do not wait for."""

from __future__ import annotations

from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from tenants import waves
from tenants.context import public_scope
from tenants.management import waiting
from tenants.models import SchemaState
from tests.tenants.many import make_firms, release


def command(seconds: str) -> str:
    out = StringIO()
    call_command("firms", "wait-migrated", "--seconds", seconds, stdout=out, stderr=out)
    return out.getvalue()


def make_canary(pk: UUID) -> None:
    with public_scope():
        SchemaState.objects.filter(firm=pk).update(wave=waves.CANARY)


def test_all_is_there() -> None:
    make_firms(1)
    assert command("0").startswith("Public and the canaries")


@pytest.fixture
def public_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The releases of these tests move an app that lives in both places."""
    monkeypatch.setattr(waves, "public_missing", list)


@pytest.mark.usefixtures("public_is_there")
def test_it_waits_for_the_canary_and_names_it() -> None:
    firms = make_firms(2)
    make_canary(firms[1].pk)
    with release("sql"):
        with pytest.raises(CommandError, match=r"canary Firm 01 \(t_many1\) lacks") as caught:
            command("0")
        assert caught.value.returncode == 1
        # The other firm is still behind; that is no reason to wait.
        waves.run_waves(standings=waves.survey(firms), wave=waves.CANARY)
        assert command("0")


@pytest.mark.usefixtures("public_is_there")
def test_a_firm_that_is_behind_is_not_waited_for() -> None:
    make_firms(2)
    with release("sql"):
        assert command("0")


def test_public_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waves, "public_missing", lambda: ["tenants.0099_next"])
    with pytest.raises(CommandError, match=r"public lacks 1 migrations, first tenants\.0099_next"):
        command("0")


def test_it_goes_on_when_what_it_waits_for_comes_and_says_each_change_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["public lacks one", "public lacks one", "canary lacks one", ""])
    monkeypatch.setattr(waiting, "lacking", lambda: next(answers))
    monkeypatch.setattr("tenants.management.waiting.time.sleep", lambda _: None)
    said: list[str] = []
    assert waiting.wait_migrated(seconds=60, say=said.append) == ""
    assert said == ["Waiting: public lacks one", "Waiting: canary lacks one"]


def test_a_database_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([OperationalError("gone"), None])

    def look() -> str:
        if error := next(answers):
            raise error
        return ""

    monkeypatch.setattr(waiting, "lacking", look)
    monkeypatch.setattr("tenants.management.waiting.time.sleep", lambda _: None)
    said: list[str] = []
    assert waiting.wait_migrated(seconds=60, say=said.append) == ""
    assert said == ["Waiting: the database does not answer (OperationalError)"]


def test_a_time_below_nothing_is_refused() -> None:
    with pytest.raises(CommandError, match="0 or more"):
        command("-1")
