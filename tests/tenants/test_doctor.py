"""The doctor names what is wrong and how to mend it, and never stops at the first thing."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.module_loading import autodiscover_modules

from tenants import checkup, doctor, keys, template, waves
from tenants.context import public_scope
from tenants.models import Firm, SchemaState
from tests.tenants.many import break_firm, make_firms, release
from tests.tenants.test_rotation import new_master


def found(check: Any) -> dict[str, tuple[str, str]]:
    with public_scope():
        return {finding.message: (finding.level, finding.remedy) for finding in check()}


def levels(check: Any) -> set[str]:
    return {level for level, _ in found(check).values()}


def test_all_is_well() -> None:
    make_firms(1)
    with public_scope():
        Firm.objects.filter(status="failed").update(status="suspended")
    for check in (doctor.database, doctor.schemas, doctor.new_firms, doctor.master_key, doctor.media):
        assert levels(check) == {"ok"}, check


def test_quarantined_behind_and_failed_firms_are_named() -> None:
    firms = make_firms(3)
    with public_scope():
        Firm.objects.filter(status="failed").update(status="suspended")
        Firm.objects.filter(pk=firms[2].pk).update(status="failed", status_reason="no master key")
    break_firm(firms[0])
    with release("sql"):
        waves.run_waves(standings=waves.survey(firms[:1]))
        with public_scope():
            messages = found(doctor.schemas)
    # public lacks the release too: that comes first and says it all.
    assert list(messages) == ["public lacks 1 migrations"]
    messages = found(doctor.schemas)
    assert "Firm 02 was not provisioned: no master key" in messages
    assert "firm retry" in messages["Firm 02 was not provisioned: no master key"][1]


def test_a_quarantined_firm_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    firms = make_firms(2)
    break_firm(firms[0])
    monkeypatch.setattr(waves, "public_missing", list)
    with release("sql"):
        waves.run_waves(standings=waves.survey(firms[:1]))
        messages = found(doctor.schemas)
    (quarantined,) = [message for message in messages if "quarantined" in message]
    assert "already exists" in quarantined
    assert "--only t_many0" in messages[quarantined][1]
    assert ("warning", "Run `manage.py firms migrate`.") in messages.values()  # Firm 01, inside the window


def test_a_wrong_master_key_is_named(settings: Any) -> None:
    settings.MASTER_KEY = new_master()
    keys.forget()
    ((message, (level, _)),) = found(doctor.master_key).items()
    assert level == "error"
    assert "not the one that wrapped" in message


def test_a_missing_master_key_is_named(settings: Any) -> None:
    settings.MASTER_KEY = settings.MASTER_KEY_FILE = ""
    assert "set MASTER_KEY" in str(found(doctor.master_key))


def test_redis_policies_are_compared() -> None:
    messages = found(doctor.redis_roles)  # the tests' one Redis plays all roles, and persists nothing
    journal = [message for message in messages if "appendfsync is" in message]
    assert len(journal) == 1
    assert "`appendfsync always`" in messages[journal[0]][1]
    assert messages[journal[0]][0] == "error"


def test_an_unreachable_redis_is_named_without_its_password(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import redis

    settings.REDIS_CACHE_URL = "redis://:hidden@127.0.0.1:9/0"
    monkeypatch.setattr(doctor, "cache_redis", lambda: redis.Redis.from_url(settings.REDIS_CACHE_URL))
    messages = found(doctor.redis_roles)
    (message,) = [message for message in messages if "127.0.0.1:9" in message]
    assert messages[message][0] == "error"
    assert "REDIS_CACHE_URL" in messages[message][1]
    assert "hidden" not in str(messages)


def test_a_stale_template_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "sources_hash", lambda: "1" * 64)
    assert levels(doctor.new_firms) == {"error"}


def test_a_check_that_breaks_is_a_finding_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[checkup.Finding]:
        raise RuntimeError("no idea")

    autodiscover_modules("doctor")  # they register once, and not into what is put in place here
    monkeypatch.setattr(checkup, "_checks", {"odd": broken, "fine": lambda: [checkup.Finding("fine", "ok", "well")]})
    assert [(f.subject, f.level) for f in checkup.examine()] == [("odd", "error"), ("fine", "ok")]
    out = StringIO()
    with pytest.raises(CommandError, match="one thing to mend"):
        call_command("doctor", "--json", stdout=out)
    assert {"subject": "odd", "level": "error"}.items() <= next(
        f for f in json.loads(out.getvalue()) if f["subject"] == "odd"
    ).items()


def test_every_app_adds_its_own_checks() -> None:
    out = StringIO()
    with pytest.raises(CommandError):  # at least the journal's policy
        call_command("doctor", stdout=out)
    for subject in ("database:", "redis journal:", "voice models:", "web app:", "settings:"):
        assert subject in out.getvalue()
    assert SchemaState.State.OK in out.getvalue()


def test_a_log_of_deletions_that_does_not_verify_is_named(settings: Any, tmp_path: Path) -> None:
    settings.DELETIONS_LOG = str(tmp_path / "log.jsonl")
    assert {finding.level for finding in doctor.deletion_log()} == {"ok"}
    Path(settings.DELETIONS_LOG).write_text("nonsense\n")
    (finding,) = doctor.deletion_log()
    assert finding.level == "error"
    assert "line 1" in finding.message
