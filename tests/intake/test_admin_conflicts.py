"""Staff and conflicts: what a check found, in words; decisions; the firm's rules; what waits, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from intake import services
from intake.conflicts import index
from intake.conflicts.comparing import Name
from intake.conflicts.entries import new_entry
from intake.models import (
    AuditEvent,
    ConflictCheck,
    ConflictEntry,
    ConflictRules,
    Declination,
    Intake,
    InterviewEvent,
    SafetyAlert,
)
from intake.services import waiting
from tests.intake.talk import answer_basics, begin, say, stage, start
from tests.intake.test_admin import account, page, staff

RULES = "/admin/intake/conflictrules/"
GOOD = {"alert_hours": "24", "institutions": ""}


def add(name: str, role: str, kind: Any = "organisation") -> ConflictEntry:
    entry = new_entry(Name(name, kind), role)
    entry.save(force_insert=True)
    return entry


def held() -> Intake:
    begin("Katherine Vandermeer", "Somebody Else", "Hello.")
    return begin("Maria Silva", "Kathy van der Meer")


def test_a_check_shows_who_in_which_role_how_alike_and_why() -> None:
    add("Kathy Vandermere", "former_client", "person")
    intake = held()
    html = page(staff("attorney"), intake).content.decode()
    assert "Katherine Vandermeer" in html
    assert "asked the firm before" in html
    assert "former client" in html
    check = ConflictCheck.objects.get(intake=intake)
    for found in check.findings:
        assert all(reason in html.replace("&#x27;", "'").replace("&quot;", '"') for reason in found["reasons"])
    assert "on the wrong side: it stops" in html
    assert "Waiting for" in html


@pytest.mark.parametrize("form", ["summary.json", "summary.txt", "print/"])
def test_what_leaves_the_page_has_the_reasons_and_no_name_of_another_client(form: str) -> None:
    add("Kathy Vandermere", "former_client", "person")
    add("Vandermeer & Hollis", "client")
    intake = held()
    check = ConflictCheck.objects.get(intake=intake)
    quoted = " ".join(reason for found in check.findings for reason in found["reasons"])
    assert "katherine" in quoted.lower(), "the reasons on the page quote the other name"
    told = staff("attorney").get(f"/admin/intake/intake/{intake.pk}/{form}").content.decode().lower()
    assert "forms of one given name" in told
    assert "katherine" not in told
    assert "vandermere" not in told
    assert "hollis" not in told


def test_what_leaves_the_page_says_why_somebody_without_a_match_was_stopped() -> None:
    ConflictRules.objects.create(hold_everyone=True)
    intake = begin("Theodosia Quackenbush", "Rosalinde Achterberg")
    told = staff("attorney").get(f"/admin/intake/intake/{intake.pk}/summary.txt").content.decode()
    assert "the firm looks at everyone first" in told


def test_notes_of_the_same_side_are_shown_where_nobody_was_stopped() -> None:
    begin("Pat Jones", "Globex Inc", "Hello.")
    intake = begin("Maria Silva", "Globex Holdings")
    html = page(staff("intake"), intake).content.decode()
    assert "nobody was stopped" in html
    assert "Globex Inc" in html
    assert "the other side in a matter" in html
    assert "on the same side" in html


def test_who_comes_back_is_shown_with_what_became_of_it() -> None:
    for _ in range(2):
        begin("Theodosia Quackenbush", "Initech", "Hello.")
    intake = begin("Theodosia Quackenbush", "Initech", "Again.")
    assert stage(intake) == "story", "nobody is stopped for coming a third time"
    assert "Seems to have come before (2)" in page(staff("intake"), intake).content.decode()


def test_what_waits_is_listed_with_its_age() -> None:
    intake = held()
    client = staff("intake")
    html = client.get("/admin/intake/conflictcheck/?waits=yes").content.decode()
    assert str(intake) in html
    assert "minute" in html
    services.decide_conflict(
        check_id=ConflictCheck.objects.get(intake=intake).id, decision="cleared", reason="Another.",
        user=account("attorney", email="eve@harbor.test"),
    )  # fmt: skip
    assert str(intake) not in client.get("/admin/intake/conflictcheck/?waits=yes").content.decode()


def test_a_firm_may_hold_everyone() -> None:
    client = staff("administrator")
    assert client.post(RULES, {**GOOD, "hold_everyone": "on"}).status_code == 302
    intake = begin("Theodosia Quackenbush", "Rosalinde Achterberg")
    assert stage(intake) == "conflict_hold"
    check = ConflictCheck.objects.get(intake=intake)
    assert (check.why, check.matches) == ("hold_everyone", [])
    assert "the firm looks at everyone first" in page(client, intake).content.decode()
    user = account("attorney", email="eve@harbor.test")
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Nobody we know.", user=user)
    assert stage(intake) == "story"


def test_rules_are_checked_kept_and_audited() -> None:
    client = staff("administrator")
    given = {
        **GOOD, "hit": "0.9", "alert_hours": "2", "institutions": "Wells Fargo Bank, N.A.\n\nGEICO\ngeico\n",
        "stop_common": "on",
    }  # fmt: skip
    assert client.post(RULES, given).status_code == 302
    rules = ConflictRules.objects.get()
    assert (rules.thresholds, rules.alert_hours, rules.stop_common) == ({"hit": 0.9}, 2, True)
    assert index.rules_of_firm()["hit"] == 0.9
    marked = ConflictEntry.objects.filter(role="institution")
    assert sorted(entry.record["name"] for entry in marked) == ["GEICO", "Wells Fargo Bank, N.A."]
    event = AuditEvent.objects.get(action="conflict_rules.changed")
    assert event.data["institutions_added"] == 2
    assert "GEICO" not in str(event.data)
    html = client.get(RULES).content.decode()
    assert "Wells Fargo Bank, N.A." in html
    assert client.post(RULES, {**given, "institutions": "GEICO"}).status_code == 302
    assert [entry.record["name"] for entry in ConflictEntry.objects.filter(role="institution")] == ["GEICO"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"hit": "1.5"}, {"hit": "0.6", "note": "0.9"}, {"namesakes": "-1"}, {"alert_hours": "0"},
        {"alert_hours": "soon"}, {"institutions": "12345"}, {"institutions": "x" * 300}, {"note": "nan"},
    ],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused_with_the_reason(wrong: dict[str, str]) -> None:
    response = staff("administrator").post(RULES, {**GOOD, **wrong})
    assert response.status_code == 400
    assert "Nothing was saved" in response.content.decode()
    assert not ConflictRules.objects.exists()


@pytest.mark.parametrize("role", ["attorney", "intake", "read-only", None])
def test_only_administrators_change_rules_and_all_read_them(role: str | None) -> None:
    client = staff(role)
    assert client.get(RULES).status_code == 200
    assert client.post(RULES, GOOD).status_code == 403


def test_a_marked_institution_stops_nobody() -> None:
    add("Wells Fargo", "adverse")
    assert stage(begin("Wells Fargo Bank", "Rosalinde Achterberg")) == "conflict_hold"
    staff("administrator").post(RULES, {**GOOD, "institutions": "Wells Fargo Bank"})
    assert stage(begin("Wells Fargo Bank", "Theodosia Quackenbush")) == "story"


def test_a_client_without_a_safe_way_is_told_by_a_person() -> None:
    intake = held()
    user = account("attorney", email="eve@harbor.test")
    check = ConflictCheck.objects.get(intake=intake)
    services.decide_conflict(check_id=check.id, decision="confirmed", reason="Ours.", user=user)
    client = staff("attorney")
    assert "not told yet" in client.get("/admin/").content.decode()
    assert "no e-mail address that is safe" in page(client, intake).content.decode()
    address = f"/admin/intake/intake/{intake.pk}/told/"
    client.post(address, {"reason": ""})
    assert Declination.objects.get(intake=intake).status == "no_channel"
    client.post(address, {"reason": "By letter."})
    assert Declination.objects.get(intake=intake).note == "By letter."
    assert "not told yet" not in client.get("/admin/").content.decode()
    assert staff("read-only", email="r@harbor.test").post(address, {"reason": "x"}).status_code == 403


def older(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    """As if so many hours had gone by."""
    later = timezone.now() + timedelta(hours=hours)
    monkeypatch.setattr("intake.services.waiting.timezone.now", lambda: later)


def kinds(intake: Intake) -> list[list[str]]:
    return [alert.kinds for alert in SafetyAlert.objects.filter(intake=intake).order_by("id")]


def test_a_stop_that_nobody_decides_about_raises_one_alert_with_its_kind_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = held()
    assert waiting.alert_of_stops() == 0
    older(monkeypatch, 23.5)
    assert waiting.alert_of_stops() == 0
    older(monkeypatch, 1)
    assert waiting.alert_of_stops() == 1
    assert waiting.alert_of_stops() == 0, "once for each stop"
    assert kinds(intake) == [["undecided_stop"]]
    alert = SafetyAlert.objects.get(intake=intake)
    assert (alert.level, alert.turn) == ("attention", None)


def test_a_firm_has_its_own_limit_and_a_decided_stop_raises_none(monkeypatch: pytest.MonkeyPatch) -> None:
    ConflictRules.objects.create(alert_hours=2)
    intake = held()
    older(monkeypatch, 2.1)
    user = account("attorney")
    check = ConflictCheck.objects.get(intake=intake)
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Another.", user=user)
    assert waiting.alert_of_stops() == 0


def test_who_waits_for_a_person_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "Globex")
    answer_basics(intake, has_lawyer="=yes", lawyer_reason="=change")
    assert stage(intake) == "person_decides"
    assert InterviewEvent.objects.filter(intake=intake).exists()
    older(monkeypatch, 25)
    assert waiting.alert_of_stops() == 1
    assert waiting.undecided()[0].intake == intake
