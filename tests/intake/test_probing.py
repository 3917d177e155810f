"""Somebody who tries names; the firm's own people as the other side; what is told too early is nowhere to be read."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from intake import selectors, services
from intake.conflicts import probing
from intake.conflicts.probing import MOST, MOST_CHECKS, origin_hashes
from intake.interview.wordings import texts
from intake.models import ConflictCheck, Intake, SafetyAlert, Turn
from tenants.accounts.models import User
from tests.intake.client import Browser
from tests.intake.talk import answer_basics, begin, fresh, say, stage, start
from tests.intake.test_admin import account, page, staff

SURNAMES = (
    "Achterberg", "Brokenshire", "Czajkowski", "Dunwoody", "Eisengrein", "Featherstonehaugh", "Grzelak", "Hollobone",
    "Inchbald", "Jeyaretnam", "Krasnopolsky", "Lillywhite", "Mucklebackit", "Nettleship",
)  # fmt: skip


def came_from(phone: str, surname: str, *, address: str = "", agent: str = "") -> Intake:
    """A conversation of one contact, from one place, against one name."""
    intake = start(address=address, agent=agent)
    say(intake, "Theodosia Quackenbush")
    say(intake, f"Rosalinde {surname}")
    answer_basics(intake, phone=phone)
    return fresh(intake)


def test_one_contact_that_tries_name_after_name_is_stopped_as_at_any_other_stop() -> None:
    stages = [stage(came_from("512 555 0147", surname)) for surname in SURNAMES[:6]]
    assert stages == ["story"] * MOST["contact"] + ["conflict_hold"] * 2
    last = Intake.objects.order_by("-created_at")[0]
    assert selectors.snapshot(last.id)["turns"][-1]["text"].endswith(texts("stopped", "en")[0])
    check = ConflictCheck.objects.get(intake=last)
    assert (check.result, check.why, check.matches) == ("hit", "probing", [])
    assert [alert.kinds for alert in SafetyAlert.objects.filter(intake=last)] == [["names_changed_often"]]
    assert stage(came_from("512 555 0199", SURNAMES[7])) == "story", "another contact"


def test_the_same_names_again_are_no_new_try() -> None:
    assert [stage(came_from("512 555 0147", SURNAMES[0])) for _ in range(MOST["contact"] + 2)] == ["story"] * 6


def test_one_browser_and_one_address_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "MOST", {"contact": 99, "device": 2, "address": 3})
    stages = []
    for number, surname in enumerate(SURNAMES[:5]):
        phone, agent = f"512 555 01{number:02d}", f"Browser/{number // 2}"
        stages.append(stage(came_from(phone, surname, address="203.0.113.9", agent=agent)))
    assert stages == ["story", "story", "story", "conflict_hold", "conflict_hold"]


def test_only_keyed_hashes_of_where_somebody_is_are_kept() -> None:
    one, two = origin_hashes("2001:db8::1", "Browser/1"), origin_hashes("2001:db8::ffff", "Browser/1")
    assert one == two, "one network"
    assert origin_hashes("2001:db8:1::1", "Browser/1") != one
    assert origin_hashes("203.0.113.9", "Browser/1")[1] == origin_hashes("203.0.113.9", "Browser/2")[1]
    assert origin_hashes("nonsense", "Browser/1") == (None, None)
    browser = Browser()
    browser.start()
    intake = Intake.objects.get()
    assert intake.device_hash is None, "the machine's own address is nobody's"
    kept = start(address="203.0.113.9", agent="Browser/1")
    assert len(bytes(kept.device_hash or b"")) == len(bytes(kept.address_hash or b"")) == 32


@pytest.mark.parametrize("inner", ["127.0.0.1", "10.0.0.7", "172.20.0.3", "192.168.1.5", "::1", "fd00::7", "fe80::1"])
def test_an_inner_address_is_nobodys(inner: str) -> None:
    assert origin_hashes(inner, "Browser/1") == (None, None)


def test_where_a_firm_has_many_clients_an_address_may_have_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "MOST", {"contact": 99, "device": 99, "address": 1})
    monkeypatch.setattr(probing, "SHARE", {"address": 0.75})
    stages = [
        stage(
            came_from(f"512 555 01{number:02d}", SURNAMES[number], address="203.0.113.9" if number else "198.51.100.1")
        )
        for number in range(4)
    ]
    assert stages == ["story", "story", "story", "story"]


def test_one_conversation_whose_names_change_again_and_again_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "MOST", {**MOST, "contact": 99})
    intake = came_from("512 555 0147", SURNAMES[0])
    say(intake, "They kept my deposit.")
    turn = Turn.objects.get(intake=intake, role="client", question="other_side")
    for number in range(1, MOST_CHECKS):
        say(intake, f"Rosalinde {SURNAMES[0]}{'e' * number}", supersedes=turn.number)
    say(intake, "Rosalinde Hollobone", supersedes=turn.number)
    assert stage(intake) == "conflict_hold"
    check = ConflictCheck.objects.filter(intake=intake).latest("id")
    assert check.why == "probing"
    user = User.objects.create_user("attorney@example.test", None, is_staff=True)
    services.decide_conflict(check_id=check.id, decision="cleared", reason="A nervous typist.", user=user)
    assert stage(intake) == "story"
    say(intake, f"Rosalinde {SURNAMES[9]}", supersedes=turn.number)
    assert stage(intake) == "story", "counted anew once a person has looked"


def test_without_the_cache_the_conversation_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Any:
        raise redis.ConnectionError

    monkeypatch.setattr(probing, "cache_redis", away)
    assert stage(came_from("512 555 0147", SURNAMES[0])) == "story"


@pytest.mark.parametrize("named", ["Ada Counsel", "Counsel, Ada", "Harbor Law", "the Harbor Law firm"])
def test_the_firms_own_people_as_the_other_side_are_left_to_a_person(named: str) -> None:
    User.objects.create_user("ada@example.test", None, is_staff=True, name="Ada Counsel")
    intake = begin("Theodosia Quackenbush", named)
    assert stage(intake) == "conflict_hold"
    assert ConflictCheck.objects.get(intake=intake).why == "own_people"
    html = page(staff("attorney"), intake).content.decode()
    assert "works for it" in html
    assert selectors.snapshot(intake.id)["turns"][-1]["text"].endswith(texts("stopped", "en")[0])


@pytest.mark.parametrize("again", ["Maria Silva", "Silva, Maria", "maria silva"])
def test_ones_own_name_as_the_other_side_is_asked_about_once_and_then_taken(again: str) -> None:
    intake = start()
    say(intake, "Maria Silva")
    reply = say(intake, again).turns[-1]
    assert reply.text is not None
    assert texts("same_name", "en")[0] in reply.text
    say(intake, again)
    assert stage(intake) == "topic"
    answer_basics(intake)
    assert stage(intake) == "story", "she is not her own conflict"


MARK = "marmalade"
EARLY = f"my landlord kept all of my things after the {MARK} incident and he has my dog too and the spare keys"


def early() -> Intake:
    begin("Globex", "Somebody")
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "Globex")
    say(intake, EARLY)
    answer_basics(intake)
    assert stage(intake) == "conflict_hold"
    return fresh(intake)


def test_early_words_are_on_no_page_of_the_admin_until_cleared() -> None:
    intake = early()
    client = staff("administrator")
    pages = ["/admin/", f"/admin/intake/intake/?q={MARK}", f"/admin/intake/conflictcheck/?q={MARK}"]
    for model in ("intake", "turn", "fact", "conflictcheck", "consent", "auditevent"):
        pages.append(f"/admin/intake/{model}/")
        rows = client.get(f"/admin/intake/{model}/").context["cl"].result_list
        pages += [f"/admin/intake/{model}/{row.pk}/change/" for row in rows]
    assert len(pages) > 30
    for address in pages:
        response = client.get(address, follow=True)
        assert response.status_code == 200, address
        assert "dog too" not in response.content.decode(), address
        if "?q=" not in address:
            assert MARK not in response.content.decode(), address
    check = ConflictCheck.objects.get(intake=intake)
    user = account("attorney", email="eve@harbor.test")
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Another.", user=user)
    assert MARK in page(client, intake).content.decode()


def test_early_words_stand_nowhere_in_the_clear_and_alerts_carry_their_kind_alone() -> None:
    from django.apps import apps
    from django.db import connection

    intake = early()
    SafetyAlert.objects.create(intake=intake, level="attention", kinds=["undecided_stop"])
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label not in {"intake", "audio"} or model._meta.proxy:
                continue
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            rows = " ".join(row[0] for row in cursor.fetchall())
            assert MARK not in rows
            assert MARK.encode().hex() not in rows


def test_another_browser_does_not_get_them_over_the_api() -> None:
    intake = early()
    stranger = Browser()
    stranger.start()
    for address in (f"/api/intakes/{intake.id}/turns", "/api/intakes/current"):
        assert MARK not in stranger.get(address).content.decode()
