"""The firm's admin: who gets in, what they read, what they decide, and that reading is audited."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils.safestring import mark_safe

from intake import roles, services, staff_selectors
from intake.admin import Panel, register_panel
from intake.admin.panels import _panels
from intake.interview.stages import Stage
from intake.models import FIRM_CHAIN, AuditEvent, ConflictCheck, Fact, Intake, Party, Turn
from tenants.accounts.models import User
from tests.intake.talk import begin, say, stage, to_review

PASSWORD = "correct horse battery staple"


def account(role: str | None = None, email: str = "ann@harbor.test", **flags: Any) -> User:
    user: User = User.objects.create_user(email, PASSWORD, name="Ann Lee", **{"is_staff": True, **flags})
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def staff(role: str | None = None, host: str = "harbor.localhost", **flags: Any) -> Client:
    client = Client(headers={"host": host})
    client.force_login(account(role, **flags))
    return client


def page(client: Client, intake: Intake) -> Any:
    return client.get(f"/admin/intake/intake/{intake.pk}/change/")


def test_roles_are_made_with_the_schema() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ROLES)


def test_staff_log_in_on_their_own_firm_and_nowhere_else(other_firm: Any) -> None:
    account("attorney")
    form = {"username": "ann@harbor.test", "password": PASSWORD}
    here, there = Client(headers={"host": "harbor.localhost"}), Client(headers={"host": "summit.localhost"})
    assert here.post("/admin/login/?next=/admin/", form).status_code == 302
    assert here.get("/admin/").status_code == 200
    refused = there.post("/admin/login/?next=/admin/", form)
    assert refused.status_code == 200
    assert "errornote" in refused.content.decode() or "Please enter the correct" in refused.content.decode()
    there.cookies["__Host-sessionid"] = here.cookies["__Host-sessionid"].value
    assert there.get("/admin/").status_code == 302


def test_an_anonymous_visitor_and_a_mere_account_see_nothing() -> None:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.")
    anonymous = Client(headers={"host": "harbor.localhost"})
    assert page(anonymous, intake).status_code == 302
    assert page(staff(is_staff=False), intake).status_code == 302
    assert not AuditEvent.objects.filter(action="intake.viewed").exists()


def test_the_page_of_an_intake_shows_everything_and_is_audited() -> None:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.")
    story = Turn.objects.get(intake=intake, role="client", question="story")
    say(intake, "They kept my whole deposit.", supersedes=story.number)
    to_review(intake)
    services.send_intake(intake_id=intake.id)
    intake.refresh_from_db()
    client = staff("read-only")
    html = page(client, intake).content.decode()
    for shown in (
        "Maria Silva", "Globex", "They kept my deposit.", "They kept my whole deposit.", "corrected by", "corrects",
        "keep the recording", "not given", "intake.sent", "intake.viewed", intake.reference or "?", "Ann Lee",
    ):  # fmt: skip
        assert shown in html, shown
    assert AuditEvent.objects.filter(chain=intake.id, action="intake.viewed").count() == 1


def test_words_are_escaped() -> None:
    intake = begin("Maria <script>alert(1)</script>", "Globex")
    html = page(staff(), intake).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_the_list_shows_no_words_and_searches_only_references() -> None:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.")
    to_review(intake)
    services.send_intake(intake_id=intake.id)
    intake.refresh_from_db()
    client = staff()
    for address in ("intake", "turn", "fact", "consent", "conflictcheck", "auditevent"):
        response = client.get(f"/admin/intake/{address}/")
        assert response.status_code == 200, address
        assert "Silva" not in response.content.decode()
    assert str(intake.reference) in client.get(f"/admin/intake/intake/?q={intake.reference}").content.decode()
    assert "0 " in client.get("/admin/intake/intake/?q=Silva").content.decode()
    for state in ("open", "decided", "none"):
        assert client.get(f"/admin/intake/intake/?conflict={state}").status_code == 200


@pytest.mark.parametrize("model", [Turn, Fact, ConflictCheck])
def test_opening_one_record_is_audited_and_changes_nothing(model: Any) -> None:
    intake = begin("Maria Silva", "Globex")
    row = model.objects.filter(intake=intake).order_by("id").first()
    client = staff("administrator")
    address = f"/admin/intake/{model._meta.model_name}/{row.pk}/change/"
    assert client.get(address).status_code == 200
    assert AuditEvent.objects.filter(chain=intake.id, action="intake.viewed").count() == 1
    assert client.post(address, {"role": "staff"}).status_code == 403
    assert client.get(f"/admin/intake/{model._meta.model_name}/add/").status_code == 403
    assert client.post(f"/admin/intake/{model._meta.model_name}/{row.pk}/delete/").status_code == 403


def test_an_audit_event_can_be_read() -> None:
    intake = begin("Maria Silva", "Globex")
    event = AuditEvent.objects.filter(chain=intake.id).latest("sequence")
    html = staff().get(f"/admin/intake/auditevent/{event.pk}/change/").content.decode()
    assert bytes(event.hash).hex() in html


def held() -> tuple[Intake, str]:
    begin("Globex", "Somebody")
    intake = begin("Maria Silva", "Globex")
    check = ConflictCheck.objects.get(intake=intake, result="hit")
    return intake, f"/admin/intake/intake/{intake.pk}/conflict/{check.pk}/"


@pytest.mark.parametrize(("decision", "leads_to"), [("cleared", "story"), ("confirmed", "stopped")])
def test_a_conflict_is_decided_with_a_reason(decision: str, leads_to: str) -> None:
    intake, address = held()
    client = staff("intake")
    assert "Possible conflict" in page(client, intake).content.decode()
    refused = client.post(address, {"decision": decision, "reason": " "})
    assert refused.status_code == 400
    assert "give its reason" in refused.content.decode()
    assert stage(intake) == "conflict_hold"
    response = client.post(address, {"decision": decision, "reason": "Looked at both."})
    assert response.status_code == 302
    assert stage(intake) == leads_to
    html = page(client, intake).content.decode()
    assert "Looked at both." in html
    again = client.post(address, {"decision": "cleared", "reason": "Again."}, follow=True)
    assert "nothing left to decide" in again.content.decode()
    assert stage(intake) == leads_to


def test_who_may_only_read_does_not_decide() -> None:
    intake, address = held()
    client = staff("read-only")
    assert 'name="decision"' not in page(client, intake).content.decode()
    assert client.post(address, {"decision": "cleared", "reason": "x"}).status_code == 403
    assert stage(intake) == "conflict_hold"


def test_a_check_is_decided_on_its_own_intake() -> None:
    _intake, address = held()
    other = begin("Sam Poe", "Nobody")
    wrong = address.replace(str(_intake.pk), str(other.pk))
    assert staff("attorney").post(wrong, {"decision": "cleared", "reason": "x"}).status_code == 404


def test_the_first_page_says_what_needs_a_person_and_why() -> None:
    intake, _address = held()
    sent = begin("Sam Poe", "Nobody", "Hello.")
    to_review(sent)
    services.send_intake(intake_id=sent.id)
    client = staff()
    assert [need.intake for need in staff_selectors.needs_a_person()] == [intake, sent]
    html = client.get("/admin/").content.decode()
    assert "possible conflict" in html
    assert "not read by anybody" in html
    page(client, sent)
    assert [need.intake for need in staff_selectors.needs_a_person()] == [intake]


def test_other_apps_add_panels() -> None:
    intake = begin("Maria Silva", "Globex")
    register_panel(
        Panel(
            "player", lambda _request, shown: mark_safe(f"<p>{shown.pk} plays</p>"), ("x/player.js",), ("x/player.css",)
        )
    )
    try:
        html = page(staff(), intake).content.decode()
    finally:
        del _panels["player"]
    assert f"{intake.pk} plays" in html
    assert '<script src="/static/x/player.js" defer></script>' in html
    assert html.count("x/player.js") == 1
    assert '<link rel="stylesheet" href="/static/x/player.css">' in html
    assert html.count("x/player.css") == 1


def test_only_the_admins_pages_have_the_looser_policy() -> None:
    client = staff()
    policy = client.get("/admin/").headers["Content-Security-Policy"]
    assert "unsafe-eval" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in client.get("/api/firm").headers["Content-Security-Policy"]
    html = client.get("/admin/").content.decode()
    assert "<script>" not in html
    assert " onclick=" not in html


def test_accounts_are_made_given_roles_and_disabled() -> None:
    client = staff("administrator")
    attorney = Group.objects.get(name="attorney")
    made = client.post(
        "/admin/accounts/user/add/", {"email": "bob@harbor.test", "name": "Bob", "groups": [attorney.pk]}, follow=True
    )
    assert "/accounts/set-password/" in made.content.decode()
    bob = User.objects.get(email="bob@harbor.test")
    assert bob.is_staff
    assert not bob.is_superuser
    assert list(bob.groups.all()) == [attorney]
    assert not bob.has_usable_password()
    address = f"/admin/accounts/user/{bob.pk}/change/"
    assert client.post(address, {"name": "Bob", "groups": []}).status_code == 302
    bob.refresh_from_db()
    assert not bob.is_active
    assert client.post(f"/admin/accounts/user/{bob.pk}/delete/").status_code == 403
    actions = list(AuditEvent.objects.filter(chain=FIRM_CHAIN).values_list("action", flat=True))
    assert actions == ["user.added", "user.changed"]
    assert "bob" not in str(list(AuditEvent.objects.filter(chain=FIRM_CHAIN).values_list("data", flat=True)))


def test_an_address_that_is_taken_is_refused_whatever_its_case() -> None:
    client = staff("administrator")
    again = client.post("/admin/accounts/user/add/", {"email": "ANN@harbor.test", "name": "Ann"})
    assert again.status_code == 200
    assert "already exists" in again.content.decode()
    assert User.objects.count() == 1


def test_a_link_for_a_new_password_is_shown_and_audited() -> None:
    client = staff("administrator")
    bob = account("intake", email="bob@harbor.test")
    action = {"action": "make_password_link", "_selected_action": [str(bob.pk)]}
    html = client.post("/admin/accounts/user/", action, follow=True).content.decode()
    assert "/accounts/set-password/" in html
    bob.refresh_from_db()
    assert not bob.has_usable_password()
    assert AuditEvent.objects.filter(chain=FIRM_CHAIN, action="user.password_reset").exists()


def test_nobody_locks_themselves_out() -> None:
    client = staff("administrator")
    me = User.objects.get(email="ann@harbor.test")
    client.post(f"/admin/accounts/user/{me.pk}/change/", {"name": "Ann"})
    me.refresh_from_db()
    assert me.is_active
    assert me.groups.filter(name="administrator").exists()


@pytest.mark.parametrize("role", ["attorney", "intake", "read-only", None])
def test_only_administrators_manage_accounts(role: str | None) -> None:
    client = staff(role)
    assert client.get("/admin/accounts/user/").status_code == 403
    assert client.get("/admin/accounts/user/add/").status_code == 403
    assert client.get("/admin/intake/intake/").status_code == 200


def test_a_page_costs_the_same_queries_however_long_the_conversation(django_assert_num_queries: Any) -> None:
    short, long = begin("Maria Silva", "Globex", "One."), begin("Sam Poe", "Initech", *["More."] * 15)
    client = staff()
    page(client, short)
    with django_assert_num_queries(_count(lambda: page(client, short))):
        page(client, long)
    Party.objects.count()


def _count(act: Any) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def test_every_stage_has_words_for_staff() -> None:
    assert set(staff_selectors.STAGE_WORDS) == set(Stage)
