"""The operators' admin: on its own host, in public, reading all, writing only through services."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tenants.accounts import services as accounts
from tenants.accounts.models import User
from tenants.context import firm_scope, public_scope
from tenants.directory import forget
from tenants.models import Domain, Firm, OperatorEvent, SchemaState

HOST = "admin.localhost"
PASSWORD = "a long pass phrase 42"


@pytest.fixture
def operator() -> Client:
    with public_scope():
        accounts.add_administrator(email="op@example.org")
        user = accounts.user_by_email("op@example.org")
        user.set_password(PASSWORD)
        user.save()
    return logged_in("op@example.org")


def logged_in(email: str, host: str = HOST) -> Client:
    browser = Client(HTTP_HOST=host)
    with public_scope():
        user = User.objects.get(email=email)
        browser.force_login(user)
    return browser


def get(browser: Client, path: str) -> Any:
    return browser.get(path, secure=True)


@pytest.mark.parametrize(
    "page", ["", "tenants/firm/", "tenants/domain/", "tenants/schemastate/", "tenants/operatorevent/"]
)
def test_every_page_opens(operator: Client, page: str, firm: Any) -> None:
    response = get(operator, f"/admin/{page}")
    assert response.status_code == 200
    assert (
        "'unsafe-inline'"
        not in response.headers["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
    )


def test_a_firms_page_shows_hosts_and_state_and_no_button_to_save(operator: Client, firm: Any) -> None:
    page = get(operator, f"/admin/tenants/firm/{firm.id}/change/")
    assert b"harbor.localhost" in page.content
    assert b'name="_save"' not in page.content


@pytest.mark.parametrize("model", ["firm", "domain", "schemastate", "operatorevent"])
def test_nothing_is_added_or_deleted(operator: Client, model: str) -> None:
    assert get(operator, f"/admin/tenants/{model}/add/").status_code == 403
    page = get(operator, f"/admin/tenants/{model}/")
    assert b"delete_selected" not in page.content


def act(browser: Client, action: str, firm: Any, reason: str = "") -> Any:
    data = {"action": action, "_selected_action": [str(firm.id)], "reason": reason}
    return browser.post("/admin/tenants/firm/", data, secure=True, follow=True)


def test_suspend_and_resume_go_through_the_service(operator: Client, firm: Any) -> None:
    page = act(operator, "suspend", firm, "unpaid")
    assert b"Harbor Law is now suspended" in page.content
    with public_scope():
        stored = Firm.objects.get(pk=firm.id)
        assert (stored.status, stored.status_reason) == ("suspended", "unpaid")
        event = OperatorEvent.objects.filter(firm_id=firm.id).first()
        assert event is not None
        assert (event.actor, event.action, event.detail) == ("op@example.org", "firm.suspend", {"reason": "unpaid"})
    assert b"is suspended, not ready" in act(operator, "suspend", firm).content
    forget()
    assert b"Harbor Law is now ready" in act(operator, "resume", firm).content


def test_an_operator_without_the_permission_sees_no_action(operator: Client, firm: Any) -> None:
    from django.contrib.auth.models import Permission

    with public_scope():
        accounts.add_user(email="reader@example.org")
        user = accounts.user_by_email("reader@example.org")
        user.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    reader = logged_in("reader@example.org")
    assert b"Harbor Law" in get(reader, "/admin/tenants/firm/").content
    act(reader, "suspend", firm)
    with public_scope():
        assert Firm.objects.get(pk=firm.id).status == "ready"


def test_staff_of_a_firm_cannot_enter_and_operators_cannot_enter_a_firm(operator: Client, firm: Any) -> None:
    with firm_scope(firm):
        accounts.add_administrator(email="staff@harbor.example")
        staff = accounts.user_by_email("staff@harbor.example")
        staff.set_password(PASSWORD)
        staff.save()

    def try_login(host: str, email: str) -> Any:
        return Client(HTTP_HOST=host).post(
            "/admin/login/", {"username": email, "password": PASSWORD, "next": "/admin/"}, secure=True
        )

    assert try_login(HOST, "op@example.org").status_code == 302
    assert try_login(HOST, "staff@harbor.example").status_code == 200
    assert try_login("harbor.localhost", "op@example.org").status_code == 200
    session = operator.cookies["__Host-sessionid"].value
    intruder = Client(HTTP_HOST="harbor.localhost")
    intruder.cookies["__Host-sessionid"] = session
    assert get(intruder, "/admin/").status_code == 302  # to the log-in


def test_the_operator_admin_is_not_on_a_firms_host(firm: Any) -> None:
    assert get(Client(HTTP_HOST="harbor.localhost"), "/admin/tenants/firm/").status_code in (302, 404)


def test_a_quarantined_firm_shows_why(operator: Client, firm: Any) -> None:
    with public_scope():
        SchemaState.objects.filter(firm_id=firm.id).update(state="quarantined", error="relation already exists")
        assert Domain.objects.exists()
    assert b"relation already exists" in get(operator, "/admin/tenants/schemastate/").content
