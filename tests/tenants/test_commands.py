"""The operators' commands, as they are typed."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import management
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import OperationalError, ProgrammingError

from tenants import commandline, fingerprints, provisioning, quick_look
from tenants.accounts.models import User
from tenants.context import PUBLIC, current_scope, firm_scope, public_scope
from tenants.management import base
from tenants.models import Firm, OperatorEvent
from tenants.selectors import find_firm
from tests.tenants.many import break_firm, execute, make_firms, mend_firm, release


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=out)
    return out.getvalue()


def refused(*words: str) -> tuple[str, int]:
    with pytest.raises(CommandError) as caught:
        run(*words)
    return str(caught.value), caught.value.returncode


def create() -> str:
    return run("firm", "create", "Oak & Elm", "oak.localhost", "--admin", "ann@oak.example")


def test_create_prints_the_address_and_a_one_time_link_on_the_firms_host() -> None:
    lines = create().splitlines()
    assert lines[0] == "Oak & Elm is ready at https://oak.localhost/"
    link = urlsplit(lines[1].rpartition(" ")[2])
    assert (link.scheme, link.netloc) == ("https", "oak.localhost")
    assert link.path.startswith("/accounts/set-password/")


def test_addresses_are_those_of_make_run_while_it_runs(settings: Any) -> None:
    settings.RUNNING = {"port": 8123}
    assert base.address("oak.localhost", "/x") == "http://oak.localhost:8123/x"


def test_list_and_show() -> None:
    create()
    assert "oak.localhost" in run("firm", "list")
    listed = {row["name"]: row for row in json.loads(run("firm", "list", "--json"))}
    assert listed["Oak & Elm"]["served"] is True
    assert json.loads(run("firm", "show", "oak.localhost", "--json")) == listed["Oak & Elm"]
    for who in ("oak.localhost", "Oak & Elm", listed["Oak & Elm"]["schema"]):
        assert "status:        ready" in run("firm", "show", who)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("firm", "create", "X", "harbor.localhost", "--admin", "a@b.example"), "host_taken"),
        (("firm", "create", "X", "http://x", "--admin", "a@b.example"), "invalid_input"),
        (("firm", "create", "X", "x.localhost", "--admin", "nobody"), "invalid_input"),
        (("firm", "create", "X", "x.localhost", "--admin", "a@b.example", "--accent", "red;"), "invalid_input"),
        (("firm", "show", "nobody.localhost"), "unknown_firm"),
        (("firm", "domain", "remove", "nobody.localhost"), "invalid_input"),
        (("firm", "wave", "harbor.localhost", "99"), "invalid_input"),
        (("firm", "user", "disable", "harbor.localhost", "nobody@x.example"), "invalid_input"),
        (("operator", "add", "nobody"), "invalid_input"),
        (("firms", "migrate", "--only", "nobody.localhost"), "unknown_firm"),
    ],
)
def test_wrong_input_is_one_line_with_a_code_and_status_2(words: tuple[str, ...], code: str) -> None:
    message, status = refused(*words)
    assert message.endswith(f"[{code}]")
    assert "\n" not in message
    assert status == 2


def test_a_name_that_two_firms_have_is_not_guessed() -> None:
    create()
    run("firm", "create", "Oak & Elm", "oak2.localhost", "--admin", "ann@oak.example")
    message, _ = refused("firm", "show", "Oak & Elm")
    assert "several firms" in message


def test_domains_suspension_and_waves() -> None:
    create()
    assert "https://two.localhost" in run("firm", "domain", "add", "oak.localhost", "Two.localhost")
    assert refused("firm", "domain", "add", "oak.localhost", "two.localhost")[1] == 2
    assert "no longer answers" in run("firm", "domain", "remove", "two.localhost")
    assert refused("firm", "domain", "remove", "oak.localhost")[1] == 1
    assert "suspended" in run("firm", "suspend", "oak.localhost", "--reason", "unpaid")
    assert refused("firm", "suspend", "oak.localhost")[0].endswith("[wrong_state]")
    assert "served again" in run("firm", "resume", "oak.localhost")
    assert "wave 0" in run("firm", "wave", "oak.localhost", "0")
    with public_scope():
        firm = find_firm("oak.localhost")
        actions = set(OperatorEvent.objects.filter(firm_id=firm.pk).values_list("action", flat=True))
        actors = set(OperatorEvent.objects.values_list("actor", flat=True))
    assert actions >= {"firm.create", "domain.add", "domain.remove", "firm.suspend", "firm.resume", "firm.wave"}
    assert base.actor() in actors


def test_users_of_a_firm() -> None:
    create()
    link = run("firm", "user", "add", "oak.localhost", "Bo@oak.example", "--name", "Bo")
    assert "https://oak.localhost/accounts/set-password/" in link
    assert refused("firm", "user", "add", "oak.localhost", "bo@OAK.example")[1] == 2
    rows = {row["email"]: row for row in json.loads(run("firm", "user", "list", "oak.localhost", "--json"))}
    assert {email: row["role"] for email, row in rows.items()} == {
        "ann@oak.example": "administrator",
        "bo@oak.example": "staff",
    }
    assert "/accounts/set-password/" in run("firm", "user", "reset-password", "oak.localhost", "bo@oak.example")
    run("firm", "user", "disable", "oak.localhost", "bo@oak.example")
    assert "disabled" in run("firm", "user", "list", "oak.localhost")
    assert refused("firm", "user", "reset-password", "oak.localhost", "bo@oak.example")[1] == 2
    with public_scope():
        assert not User.objects.filter(email="bo@oak.example").exists()
    with firm_scope(find_firm("harbor.localhost").ref):
        assert not User.objects.filter(email="bo@oak.example").exists()


def test_operators() -> None:
    assert "https://admin.localhost/accounts/set-password/" in run("operator", "add", "op@example.org")
    assert "op@example.org" in run("operator", "list")
    run("operator", "disable", "op@example.org")
    assert json.loads(run("operator", "list", "--json"))[0]["state"] == "disabled"


def test_delete_asks_for_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    create()
    monkeypatch.setattr("builtins.input", lambda _question: "something else")
    assert refused("firm", "delete", "oak.localhost")[1] == 2
    assert find_firm("oak.localhost").status == "ready"
    monkeypatch.setattr("builtins.input", lambda _question: "Oak & Elm")
    lines = run("firm", "delete", "oak.localhost").splitlines()
    assert lines[-1] == "Oak & Elm is gone."
    heads = [line.partition(":")[0] for line in lines[1:-1]]
    assert heads[-6:] == ["files", "redis journal", "redis cache", "schema", "keys", "domains"]
    assert "conversations" in heads
    assert refused("firm", "show", "oak.localhost")[1] == 2


def test_delete_in_a_script() -> None:
    create()
    assert refused("firm", "delete", "oak.localhost", "--yes-delete", "Oak")[1] == 2
    assert "is gone" in run("firm", "delete", "oak.localhost", "--yes-delete", "Oak & Elm")


def test_audit_verify_names_what_is_broken(firm: Any) -> None:
    from intake import audit

    create()
    assert "Oak & Elm" in run("firm", "audit", "verify", "oak.localhost")
    oak = find_firm("oak.localhost")
    with firm_scope(oak.ref):
        for number in range(2):
            audit.record(
                action="firm.test",
                chain=None,
                target_type="firm",
                target_id=str(oak.pk),
                actor="test",
                data={"n": number},
            )
    assert json.loads(run("firm", "audit", "verify", "oak.localhost", "--json"))[0]["problems"] == []
    execute(
        oak.schema_name,
        "ALTER TABLE {s}.intake_auditevent DISABLE TRIGGER USER; "
        "UPDATE {s}.intake_auditevent SET data = '{\"n\": 7}' WHERE sequence = 1",
    )
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 1 firms does not verify"):
        call_command("firm", "audit", "verify", "oak.localhost", stdout=out)
    assert "BROKEN" in out.getvalue()


def test_keys(firm: Any) -> None:
    assert "1 kept for now" in run("firm", "keys", "rotate", "harbor.localhost")
    assert "0 keys wrapped" in run("firm", "keys", "rewrap")


def test_migrate_says_there_is_nothing_to_do() -> None:
    make_firms(2)
    assert run("firms", "migrate").startswith("Nothing to do: public and 2 firms")
    assert run("firms", "migrate", "--check").startswith("Nothing to do")
    quiet = StringIO()
    call_command("firms", "migrate", verbosity=0, stdout=quiet)
    assert quiet.getvalue() == ""


def test_the_quick_look_agrees_with_the_full_one() -> None:
    from django.conf import settings

    assert quick_look.expected(settings.SHARED_APPS) == fingerprints.expected_in_public()
    assert quick_look.expected(settings.TENANT_APPS) == fingerprints.expected_in_firm()


def test_the_quick_look_says_yes_only_when_all_is_plain(live_firms: Any) -> None:
    """Committed firms, since it looks over connections of its own."""
    with public_scope():
        firms = list(Firm.objects.all())
        for firm in firms:
            if firm.ref in live_firms:
                provisioning.record_fresh_schema(firm)
    assert quick_look.firms_up_to_date() == len(firms)
    schema = live_firms[0].schema
    changes = {
        f"DELETE FROM {schema}.django_migrations WHERE app = 'intake' AND name = '0001_initial'":
        f"INSERT INTO {schema}.django_migrations (app, name, applied) VALUES ('intake', '0001_initial', now())",
        f"INSERT INTO {schema}.django_migrations (app, name, applied) VALUES ('intake', '9999_x', now())":
        f"DELETE FROM {schema}.django_migrations WHERE name = '9999_x'",
        f"UPDATE public.tenants_schemastate SET state = 'quarantined' WHERE firm_id = '{live_firms[0].id}'":
        f"UPDATE public.tenants_schemastate SET state = 'ok' WHERE firm_id = '{live_firms[0].id}'",
    }  # fmt: skip
    for change, undo in changes.items():
        execute(schema, change)
        assert quick_look.firms_up_to_date() is None, change
        execute(schema, undo)
    assert quick_look.firms_up_to_date() == len(firms)


def test_the_quick_look_leaves_an_odd_setting_and_a_missing_database_to_the_full_one(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIGRATION_MODULES = {"sessions": "x"}
    assert quick_look.firms_up_to_date() is None
    settings.MIGRATION_MODULES = {}
    monkeypatch.setitem(settings.DATABASES["default"], "PORT", 9)
    assert quick_look.firms_up_to_date() is None


def test_migrate_check_migrate_quarantine_and_only() -> None:
    firms = make_firms(4)
    break_firm(firms[1])
    with release("sql"):
        assert refused("firms", "migrate", "--check")[0] == "0 firms behind, public too"
        out = StringIO()
        with pytest.raises(CommandError, match="1 firms are quarantined"):
            call_command("firms", "migrate", stdout=out, stderr=out)
        assert "public: 1 migrations applied" in out.getvalue()
        assert "quarantined: Firm 01 (t_many1)" in out.getvalue()
        assert "3 migrated, 0 were up to date." in out.getvalue()
        message, status = refused("firms", "migrate", "--check")
        assert (message, status) == ("1 firms behind", 1)
        assert refused("firms", "migrate")[1] == 1  # still there, still named, left alone
        mend_firm(firms[1])
        report = json.loads(run("firms", "migrate", "--only", "many-1.localhost", "--json"))
        assert report["migrated"] == ["t_many1"]
        assert run("firms", "migrate").startswith("Nothing to do")


def test_canaries_first_by_command() -> None:
    firms = make_firms(3)
    run("firm", "wave", "many-2.localhost", "0")
    break_firm(firms[2])
    with release("sql"):
        message, status = refused("firms", "migrate", "--canary")
        assert status == 1
        assert "quarantined" in message
        message, _ = refused("firms", "migrate")
        assert message.endswith("[canary_failed]")
        assert "2 migrated" in run("firms", "migrate", "--wave", "1")


@pytest.mark.parametrize("command", sorted(commandline.REFUSED))
def test_commands_that_go_around_the_services_are_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commandline.main(["manage.py", command]) == 2
    assert commandline.REFUSED[command] in capsys.readouterr().err


def test_firm_option_runs_any_command_inside_that_firm(firm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(management, "execute_from_command_line", lambda argv: seen.append((current_scope(), argv)))
    assert commandline.main(["manage.py", "--firm", "Harbor.localhost", "shell", "-c", "1"]) == 0
    assert commandline.main(["manage.py", "--firm=harbor.localhost", "dumpdata"]) == 0
    assert commandline.main(["manage.py", "makemigrations", "--check"]) == 0
    assert seen == [
        (firm, ["manage.py", "shell", "-c", "1"]),
        (firm, ["manage.py", "dumpdata"]),
        (PUBLIC, ["manage.py", "makemigrations", "--check"]),
    ]


@pytest.mark.parametrize(
    "argv", [["--firm"], ["--firm", "x.localhost"], ["--firm=", "shell"], ["--firm", "nobody.localhost", "shell"]]
)
def test_firm_option_without_firm_or_command_is_refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert commandline.main(["manage.py", *argv]) == 2
    assert capsys.readouterr().err.strip().endswith("]")


def test_a_firm_without_schema_is_not_entered(capsys: pytest.CaptureFixture[str]) -> None:
    with public_scope():
        Firm.objects.filter(name="Harbor Law").update(status="deleting")
    assert commandline.main(["manage.py", "--firm", "harbor.localhost", "shell"]) == 2
    assert "no schema to work in" in capsys.readouterr().err


def test_no_database_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import psycopg

    def fail(_argv: list[str]) -> None:
        raise OperationalError("connection failed") from psycopg.OperationalError("connection refused")

    monkeypatch.setattr(management, "execute_from_command_line", fail)
    assert commandline.main(["manage.py", "firm", "list"]) == 1
    assert "make run" in capsys.readouterr().err

    def empty(_argv: list[str]) -> None:
        raise ProgrammingError("relation does not exist") from psycopg.errors.UndefinedTable("x")

    monkeypatch.setattr(management, "execute_from_command_line", empty)
    assert commandline.main(["manage.py", "firm", "list"]) == 1
    assert "firms migrate" in capsys.readouterr().err

    def other(_argv: list[str]) -> None:
        raise ProgrammingError("our own mistake") from psycopg.errors.SyntaxError("x")

    monkeypatch.setattr(management, "execute_from_command_line", other)
    with pytest.raises(ProgrammingError):  # a bug is not hidden
        commandline.main(["manage.py", "firm", "list"])


def test_no_command_leaves_a_scope_behind(firm: Any) -> None:
    create()
    assert current_scope() == firm
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == (firm.schema,)
