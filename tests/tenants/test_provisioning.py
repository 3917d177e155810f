"""A firm is made whole or not at all, can be taken up again, and leaves nothing when it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tenants import provisioning, services, storage, template
from tenants.accounts.models import User
from tenants.cache import redis_key
from tenants.context import firm_scope, public_scope
from tenants.errors import HostTaken, InvalidInput, KeyUnavailable, WrongState
from tenants.holders import FirmHolder, register_holder
from tenants.models import Domain, Firm, FirmKey, OperatorEvent, SchemaState
from tenants.redis import broker_redis, cache_redis, journal_redis
from tenants.selectors import find_firm, firm_rows
from tenants.storage import FirmStorage
from tests.tenants.many import execute

ACTOR = "op@test"


def create(**changes: Any) -> services.NewFirm:
    given = {"name": "Oak & Elm", "host": "Oak.localhost.", "admin_email": "Ann@oak.example", "actor": ACTOR}
    return services.create_firm(**{**given, **changes})


def test_a_new_firm_is_ready_with_host_keys_administrator_state_and_audit() -> None:
    new = create()
    row = firm_rows([new.firm])[0].as_dict()
    assert (row["hosts"], row["status"], row["schema_state"], row["served"]) == (["oak.localhost"], "ready", "ok", True)
    with public_scope():
        assert sorted(FirmKey.objects.filter(firm=new.firm).values_list("purpose", flat=True)) == ["data", "index"]
        assert [e.action for e in OperatorEvent.objects.filter(firm_id=new.firm.pk)] == ["firm.create"]
    with firm_scope(new.firm.ref):
        user = User.objects.get()
        assert (user.email, user.is_superuser, user.has_usable_password()) == ("ann@oak.example", True, False)


def test_its_host_is_case_and_dot_blind() -> None:
    assert create().firm.pk == find_firm("OAK.localhost").pk


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "  "}, InvalidInput),
        ({"name": "a\nb\x07"}, InvalidInput),
        ({"name": "x" * 201}, InvalidInput),
        ({"host": "oak.localhost:8000"}, InvalidInput),
        ({"host": "https://oak.localhost"}, InvalidInput),
        ({"host": ""}, InvalidInput),
        ({"host": "ADMIN.localhost"}, HostTaken),
        ({"host": "harbor.localhost"}, HostTaken),
        ({"admin_email": "nobody"}, InvalidInput),
    ],
)
def test_wrong_input_is_refused_and_leaves_nothing(change: dict[str, str], error: type[Exception]) -> None:
    with public_scope():
        before = Firm.objects.count()
    with pytest.raises(error):
        create(**change)
    with public_scope():
        assert Firm.objects.count() == before


def test_what_fails_leaves_a_failed_firm_with_the_reason_and_no_schema(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(template, "TEMPLATE_FILE", tmp_path / "none.sql")
    with pytest.raises(template.TemplateError):
        create()
    firm = find_firm("oak.localhost")
    assert (firm.status, "make template" in firm.status_reason) == ("failed", True)
    assert execute("x", f"SELECT count(*) FROM pg_namespace WHERE nspname = '{firm.schema_name}'") == [(0,)]
    with public_scope():
        assert not FirmKey.objects.filter(firm=firm).exists()

    monkeypatch.undo()
    new = services.retry_firm(firm=firm, admin_email="ann@oak.example", actor=ACTOR)
    assert firm_rows([new.firm])[0].as_dict()["served"]
    with pytest.raises(WrongState):
        services.retry_firm(firm=new.firm, admin_email="ann@oak.example", actor=ACTOR)


def test_a_failure_after_the_schema_takes_the_schema_with_it(settings: Any) -> None:
    settings.MASTER_KEY = "no base64!"
    with pytest.raises(KeyUnavailable):
        create()
    firm = find_firm("oak.localhost")
    assert firm.status == "failed"
    assert execute("x", f"SELECT count(*) FROM pg_namespace WHERE nspname = '{firm.schema_name}'") == [(0,)]
    assert list(services.delete_firm(firm=firm, confirm="Oak & Elm", actor=ACTOR))


def test_a_schema_that_is_not_of_this_code_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    replay = template.replay

    def older() -> None:
        replay()
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    monkeypatch.setattr(template, "replay", older)
    with pytest.raises(provisioning.SchemaMismatch):
        create()
    assert find_firm("oak.localhost").status == "failed"


def test_hosts_are_added_and_removed_but_never_the_last() -> None:
    firm = create().firm
    services.add_domain(firm=firm, host="intake.oak.example", actor=ACTOR, primary=True)
    assert firm_rows([firm])[0].hosts == ["intake.oak.example", "oak.localhost"]
    with pytest.raises(HostTaken):
        services.add_domain(firm=firm, host="summit.localhost", actor=ACTOR)
    services.remove_domain(host="intake.oak.example", actor=ACTOR)
    with public_scope():
        assert Domain.objects.get(tenant=firm).is_primary
    with pytest.raises(WrongState, match="only host"):
        services.remove_domain(host="oak.localhost", actor=ACTOR)
    with pytest.raises(InvalidInput):
        services.remove_domain(host="nobody.localhost", actor=ACTOR)


def test_suspend_and_resume() -> None:
    firm = create().firm
    services.suspend_firm(firm=firm, reason="unpaid", actor=ACTOR)
    assert (firm.status, find_firm("oak.localhost").status_reason) == ("suspended", "unpaid")
    with pytest.raises(WrongState):
        services.suspend_firm(firm=firm, reason="", actor=ACTOR)
    services.resume_firm(firm=firm, actor=ACTOR)
    with pytest.raises(WrongState):
        services.resume_firm(firm=firm, actor=ACTOR)
    with public_scope():
        actions = OperatorEvent.objects.filter(firm_id=firm.pk).order_by("at").values_list("action", flat=True)
        assert list(actions) == ["firm.create", "firm.suspend", "firm.resume"]


def test_deleting_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from tenants import holders

    monkeypatch.setattr(holders, "_holders", {})
    firm = create().firm
    ref = firm.ref
    with firm_scope(ref):
        FirmStorage().save("a/b.flac", b"x")
        cache.set("k", 1)
        cache_redis().set(redis_key("ticket", "1"), "1")
        journal_redis().xadd(redis_key("journal", "s"), {"b": b"1"})
    register_holder(FirmHolder("own thing", delete=lambda gone: f"told about {gone.schema}"))
    with pytest.raises(InvalidInput, match="Oak & Elm"):
        services.delete_firm(firm=firm, confirm="oak", actor=ACTOR)
    lines = list(services.delete_firm(firm=firm, confirm="Oak & Elm", actor=ACTOR))
    assert [line.partition(":")[0] for line in lines] == [
        "own thing", "files", "redis journal", "redis cache", "schema", "keys", "domains",
    ]  # fmt: skip
    assert f"told about {ref.schema}" in lines[0]
    for client in (cache_redis(), journal_redis(), broker_redis()):
        assert client.keys(f"*{ref.schema}*") == []
    assert not storage.firm_folder(ref).exists()
    assert execute("x", f"SELECT count(*) FROM pg_namespace WHERE nspname = '{ref.schema}'") == [(0,)]
    with public_scope():
        for model, field in ((Firm, "pk"), (Domain, "tenant_id"), (FirmKey, "firm_id"), (SchemaState, "firm_id")):
            assert not model.objects.filter(**{field: ref.id}).exists()
        assert OperatorEvent.objects.filter(firm_id=ref.id, action="firm.deleted").exists()


def test_a_deletion_that_was_cut_off_is_started_again() -> None:
    firm = create().firm
    steps = services.delete_firm(firm=firm, confirm=firm.name, actor=ACTOR)
    next(steps)
    provisioning.drop_schema(firm.ref)
    again = find_firm("oak.localhost")
    assert again.status == "deleting"
    assert list(services.delete_firm(firm=again, confirm=firm.name, actor=ACTOR))[-1].startswith("domains: 1")


def test_the_administrators_link_works_once_and_on_its_firms_host_alone(live_firms: Any) -> None:
    from tenants.accounts import services as accounts
    from tests.tenants.hosts_of import host_of

    one, two = live_firms
    with firm_scope(one):
        path = accounts.add_administrator(email="ann@oak.example")

    def follow(ref: Any) -> Any:
        browser = Client(HTTP_HOST=host_of(ref))
        return browser, browser.get(path, follow=True, secure=True)

    _, elsewhere = follow(two)
    assert b"no longer valid" in elsewhere.content
    browser, form = follow(one)
    assert b"Set your password" in form.content
    assert path not in form.request["PATH_INFO"], "the token must not stay in the address"
    weak = browser.post(form.request["PATH_INFO"], {"new_password1": "short", "new_password2": "short"}, secure=True)
    assert b"too short" in weak.content
    password = "a quite long pass phrase 71"
    saved = browser.post(
        form.request["PATH_INFO"], {"new_password1": password, "new_password2": password}, secure=True, follow=True
    )
    assert b"Your password is saved" in saved.content
    with firm_scope(one):
        assert User.objects.get().check_password(password)
    assert b"no longer valid" in follow(one)[1].content
