"""Host -> firm over HTTP, and every way of confusing it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler
from django.test import Client

from tenants import directory, http
from tenants.context import FirmRef, firm_scope, public_scope, scope_or_none
from tenants.hosts import normalise_host
from tenants.http import refused
from tenants.models import Domain, Firm, SchemaState
from tests.tenants import urls


@pytest.fixture(autouse=True)
def _urls(settings: Any) -> None:
    settings.ROOT_URLCONF = settings.OPERATOR_URLCONF = "tests.tenants.urls"
    settings.CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"


def ask(host: str, path: str = "/whoami", **headers: str) -> Any:
    return Client().get(path, headers={"host": host, **headers})


def whoami(host: str, **headers: str) -> dict[str, Any]:
    answer: dict[str, Any] = ask(host, **headers).json()
    return answer


def test_each_host_is_its_firm(firm: FirmRef, other_firm: FirmRef) -> None:
    assert whoami("harbor.localhost")["schema"] == firm.schema
    assert whoami("summit.localhost")["schema"] == other_firm.schema
    assert whoami("admin.localhost")["schema"] == "public"


@pytest.mark.parametrize(
    "host",
    ["harbor.localhost:8000", "HARBOR.localhost", "harbor.localhost.", "Harbor.LocalHost.:443"],
)
def test_port_case_and_trailing_dot_are_the_same_host(firm: FirmRef, host: str) -> None:
    answer = whoami(host)
    assert answer["schema"] == firm.schema
    assert answer["host"].startswith("harbor.localhost")
    assert not answer["host"].endswith(".")


@pytest.mark.parametrize(
    "host",
    [
        "unknown.localhost", "localhost", "127.0.0.1", "[::1]", "harbor.localhost.evil.example", "xharbor.localhost",
        "harbor.localhost@evil.example", "harbor.localhost, summit.localhost", "harbor.localhost:99999",
        "harbor.localhost:80:80", "harbor.localhost..", "", ".", "harbor%2elocalhost", "harbor.localhost/x", "a" * 300,
        "harbor_localhost", " ", "harbor.localhost\x00", "*", "*.localhost", "\uff48arbor.localhost", "t_1",
    ],
)  # fmt: skip
def test_any_other_host_is_404_with_a_code(host: str, firm: FirmRef) -> None:
    before = refused.labels("unknown_firm")._value.get()
    answer = ask(host)
    if host == "\uff48arbor.localhost":  # full-width h: the same name to every browser (UTS 46)
        assert answer.json()["schema"] == firm.schema
        return
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unknown_firm"
    assert refused.labels("unknown_firm")._value.get() == before + 1


def test_a_browser_gets_a_page(firm: FirmRef) -> None:
    answer = ask("unknown.localhost", accept="text/html,*/*")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_international_names_are_compared_as_punycode(firm: FirmRef) -> None:
    with public_scope():
        Domain(domain="xn--kanzlei-mller-4ob.localhost", tenant_id=firm.id, is_primary=False).save()
    for host in ("kanzlei-müller.localhost", "KANZLEI-MÜLLER.localhost.", "xn--kanzlei-mller-4ob.localhost"):
        raw = host.encode().decode("latin-1")  # as it stands in a request
        assert whoami(raw)["schema"] == firm.schema
    assert normalise_host("straße.example") == "xn--strae-oqa.example"


def test_forwarded_headers_of_a_stranger_count_for_nothing(firm: FirmRef) -> None:
    forged = {"x-forwarded-host": "summit.localhost", "x-forwarded-proto": "https", "x-forwarded-for": "9.9.9.9"}
    answer = whoami("harbor.localhost", **forged)
    assert (answer["schema"], answer["scheme"], answer["client"]) == (firm.schema, "http", "127.0.0.1")
    assert ask("unknown.localhost", **forged).status_code == 404


def test_forwarded_headers_of_a_trusted_proxy_count(other_firm: FirmRef, settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.0/8", "10.0.0.0/8"]
    forwarded = {
        "x-forwarded-host": "Summit.localhost",
        "x-forwarded-proto": "https",
        "x-forwarded-for": "6.6.6.6, 9.9.9.9, 10.1.2.3",
    }
    answer = whoami("internal:8000", **forwarded)
    assert (answer["schema"], answer["scheme"], answer["client"]) == (other_firm.schema, "https", "9.9.9.9")
    assert answer["host"] == "summit.localhost"


@pytest.mark.parametrize(
    ("status", "applied", "answer", "code"),
    [
        (Firm.Status.SUSPENDED, None, 403, "firm_suspended"),
        (Firm.Status.PROVISIONING, None, 503, "firm_not_ready"),
        (Firm.Status.FAILED, None, 503, "firm_not_ready"),
        (Firm.Status.DELETING, None, 503, "firm_not_ready"),
        (Firm.Status.READY, ["accounts.0001_initial"], 503, "firm_behind"),
    ],
)
def test_a_firm_that_may_not_be_served(firm: FirmRef, status: str, applied: Any, answer: int, code: str) -> None:
    with public_scope():
        Firm.objects.filter(pk=firm.id).update(status=status)
        if applied is not None:
            SchemaState.objects.filter(pk=firm.id).update(applied=applied)
    directory.forget()
    got = ask("harbor.localhost")
    assert (got.status_code, got.json()["code"]) == (answer, code)
    assert ("Retry-After" in got) == (answer == 503)


def test_a_schema_ahead_of_the_code_is_served(firm: FirmRef) -> None:
    with public_scope():
        state = SchemaState.objects.get(pk=firm.id)
        state.applied = [*state.applied, "intake.9999_something_newer"]
        state.save()
    directory.forget()
    assert ask("harbor.localhost").status_code == 200


def test_the_scope_is_left_after_an_exception(firm: FirmRef) -> None:
    answer = Client(raise_request_exception=False).get("/boom", headers={"host": "summit.localhost"})
    assert answer.status_code == 500
    assert scope_or_none() is firm


def test_a_streamed_body_is_made_inside_its_firm(firm: FirmRef, other_firm: FirmRef) -> None:
    urls.closed.clear()
    streamed = ask("summit.localhost", "/stream")
    assert scope_or_none() is firm
    assert b"".join(streamed.streaming_content).decode().split() == [other_firm.schema] * 3
    streamed.close()
    assert urls.closed == [other_firm]


async def get_asgi(host: str, path: str) -> tuple[int, str]:
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", host.encode())], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    application = ApplicationCommunicator(ASGIHandler(), scope)
    await application.send_input({"type": "http.request", "body": b""})
    start = await application.receive_output(5)
    body, more = b"", True
    while more:
        part = await application.receive_output(5)
        body, more = body + part.get("body", b""), part.get("more_body", False)
    await application.wait(5)
    return start["status"], body.decode()


@pytest.mark.parametrize("path", ["/whoami", "/awhoami", "/astream"])
async def test_the_same_under_asgi(firm: FirmRef, other_firm: FirmRef, path: str) -> None:
    urls.closed.clear()
    for host, ref in (("summit.localhost", other_firm), ("HARBOR.localhost.:80", firm)):
        status, body = await get_asgi(host, path)
        found = set(body.split()) if path == "/astream" else {json.loads(body)["schema"]}
        assert (status, found) == (200, {ref.schema})
        if path == "/astream":
            assert urls.closed.pop() == ref
    assert (await get_asgi("unknown.localhost", path))[0] == 404
    assert scope_or_none() is firm


def test_hosts_of_static_files(firm: FirmRef) -> None:
    from asgiref.sync import async_to_sync

    def served(*hosts: str) -> bool:
        headers = [(b"host", host.encode()) for host in hosts]
        return bool(async_to_sync(http.host_is_served)({"headers": headers, "client": ("127.0.0.1", 1)}))

    assert served("harbor.localhost:8000")
    assert served("admin.localhost")
    assert not served("unknown.localhost")
    assert not served()
    assert not served("harbor.localhost", "summit.localhost"), "two Host headers"


def test_staff_of_one_firm_cannot_log_in_on_the_other(live_firms: tuple[FirmRef, FirmRef]) -> None:
    from tenants.accounts.models import User

    ours, theirs = live_firms
    hosts = {ref: directory.resolve_firm(ref.id).hosts[0] for ref in live_firms}
    with firm_scope(ours):
        User.objects.create_user("ann@example.org", "a long password", is_staff=True)

    def log_in(host: str, browser: Client) -> int:
        body = {"email": "ann@example.org", "password": "a long password"}
        return browser.post("/login", body, content_type="application/json", headers={"host": host}).status_code

    browser = Client()
    assert log_in(hosts[theirs], browser) == 401
    assert log_in("admin.localhost", browser) == 401
    assert log_in(hosts[ours], browser) == 200
    seen = [
        browser.get("/whoami", headers={"host": host}).json()["user"] for host in (*hosts.values(), "admin.localhost")
    ]
    assert seen == ["ann@example.org", None, None], "the other firm takes this firm's cookie for nobody's"


def test_a_session_row_copied_to_another_firm_is_nobodys(live_firms: tuple[FirmRef, FirmRef]) -> None:
    from django.contrib.sessions.models import Session

    from tenants.accounts.models import User
    from tenants.sessions import SessionStore

    ours, theirs = live_firms
    with firm_scope(ours):
        user = User.objects.create_user("ann@example.org", "a long password")
        session = SessionStore()
        session["_auth_user_id"] = str(user.pk)
        session.create()
        row = Session.objects.get()
        assert SessionStore(row.session_key)["_auth_user_id"] == str(user.pk)
    with firm_scope(theirs):
        Session(session_key=row.session_key, session_data=row.session_data, expire_date=row.expire_date).save()
        assert SessionStore(row.session_key).get("_auth_user_id") is None


def test_a_password_link_of_one_firm_means_nothing_in_another(firm: FirmRef, other_firm: FirmRef) -> None:
    from tenants.accounts.models import User
    from tenants.accounts.tokens import password_tokens

    user = User(email="ann@example.org")
    link = password_tokens.make_token(user)
    assert password_tokens.check_token(user, link)
    for scope in (firm_scope(other_firm), public_scope()):
        with scope:
            assert not password_tokens.check_token(user, link), "same user row, other schema"
