"""Urgency in the list, the limitation table from file to flag, the summary on a page; and that clients get nothing."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from intake import recording, selectors, services, staff_selectors
from intake.interview.assistant import GUIDED
from intake.limits.reckoning import SHORTER
from intake.limits.table import EXAMPLES
from intake.models import AuditEvent, Intake, LimitationPeriod, OnCall, SafetyAlert
from intake.services import paging, periods
from intake.services.triage import refresh_due
from tenants.errors import InvalidInput
from tests.intake.client import Browser
from tests.intake.talk import begin, fresh, say, start, to_review
from tests.intake.test_admin import account, page, staff
from tests.intake.test_admin_summary import plain

MARK = "Zz. Code 77.777"
HEAD = "state,area,claim,amount,unit,begins,cite,note\n"
ROW = f"TX,HO-00-00-00-00,Zzclaim deposit,1,years,notice_date,{MARK},Zznote\n"
STORY = "I got a notice on May 3 2026. I owe 1200 dollars in rent. I have to be in court on July 2nd."
TABLE = "/admin/intake/limitationperiod/"


def table(*rows: str) -> bytes:
    return (HEAD + "".join(rows)).encode()


def confirmed(*rows: str) -> None:
    periods.import_table(table(*(rows or (ROW,))), by="test")
    user = account("attorney", email="law@harbor.test")
    assert periods.confirm(ids=None, user=user) == len(rows or (ROW,))


# -- urgency


def test_points_are_kept_with_each_step_and_sort_and_filter_the_list() -> None:
    calm = begin("Sam Poe", "Initech", "It is about a fence.")
    grave = begin("Maria Silva", "Globex", "I want to kill myself tonight.")
    assert fresh(grave).urgency >= 100 > fresh(calm).urgency
    client = staff("read-only", email="r@harbor.test")
    html = client.get("/admin/intake/intake/?urgency=at_once").content.decode()
    assert str(grave.pk) in html
    assert str(calm.pk) not in html
    assert "at once (" in html
    order = client.get("/admin/intake/intake/?o=-1").content.decode()
    assert order.index(str(grave.pk)) < order.index(str(calm.pk))


def test_the_page_shows_each_point_with_its_reason() -> None:
    text = plain(page(staff("read-only", email="r@harbor.test"), begin("Maria Silva", "Globex", STORY)))
    assert "A court date is set: 40 points" in text
    assert "Papers or a notice" not in text or "days ago" in text


def test_when_a_day_comes_the_points_are_reckoned_anew_and_the_rest_is_left_alone() -> None:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.")
    services.finish_story(intake_id=intake.id)
    ahead = timezone.now().date() + timedelta(days=20)
    services.write_fact(intake_id=intake.id, key="court_date", text=f"{ahead:%B %d, %Y}", user=account("attorney"))
    before = fresh(intake)
    assert before.urgency_due is not None
    with patch.object(timezone, "now", lambda: _at(before.urgency_due)):
        assert refresh_due() == 1
        assert fresh(intake).urgency > before.urgency
        assert refresh_due() == 0
    assert fresh(intake).updated_at == before.updated_at


def _at(day: Any) -> Any:
    from datetime import UTC, datetime, time

    return datetime.combine(day, time(12), UTC)


def test_one_row_that_nobody_wrote_to_since_the_last_release_is_due() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_default FROM information_schema.columns WHERE table_name = 'intake_intake' "
            "AND column_name = 'urgency_due' AND table_schema = current_schema()"
        )
        assert cursor.fetchone()[0]


# -- the table


def test_rows_count_only_once_a_person_confirmed_them() -> None:
    intake = begin("Maria Silva", "Globex", STORY)
    done = periods.import_table(table(ROW), by="test")
    assert (done.added, done.bad) == (1, ())
    assert flags(intake) == []
    assert "not checked" in lines(intake)[0]
    periods.confirm(ids=None, user=account("attorney"))
    (flag,) = flags(intake)
    assert flag.ends == date(2027, 5, 3)
    assert lines(intake)[-1] == SHORTER
    row = LimitationPeriod.objects.get()
    assert row.confirmed_by is not None
    assert row.confirmed_at is not None
    assert AuditEvent.objects.filter(action="limitations.confirmed").exists()
    periods.retire(ids=[row.pk], user=row.confirmed_by)
    assert "not checked" in lines(intake)[0]


def flags(intake: Intake) -> list[Any]:
    summary = staff_selectors.record_for_staff(intake.pk).summary
    assert summary is not None
    return list(summary.limits.flags)


def lines(intake: Intake) -> tuple[str, ...]:
    summary = staff_selectors.record_for_staff(intake.pk).summary
    assert summary is not None
    return summary.limits.lines


def test_examples_never_count_nor_replace_what_the_firm_confirmed() -> None:
    user = account("attorney")
    own = "TX,TO-00-00-00-00,Personal injury,2,years,injury_date,Our own,\n"
    periods.import_table(table(own), by="test")
    done = periods.import_table(EXAMPLES.read_bytes(), by="test")
    assert done.kept == 1
    assert periods.confirm(ids=None, user=user) == 1
    assert not LimitationPeriod.objects.filter(example=True, confirmed_at__isnull=False).exists()
    ids = list(LimitationPeriod.objects.values_list("pk", flat=True))
    assert periods.confirm(ids=ids, user=user) == 0


def test_a_changed_row_waits_to_be_confirmed_again_and_the_old_one_stays_on_record() -> None:
    confirmed()
    assert periods.import_table(table(ROW), by="test").known == 1
    done = periods.import_table(table(ROW.replace(",1,years", ",2,years")), by="test")
    assert (done.added, done.replaced) == (1, 1)
    now = LimitationPeriod.objects.get(retired_at__isnull=True)
    assert now.confirmed_at is None
    assert LimitationPeriod.objects.filter(retired_at__isnull=False).count() == 1


def test_nothing_is_checked_before_the_conflict_check_is_passed() -> None:
    confirmed()
    intake = start()
    say(intake, "Maria Silva")
    assert lines(intake) == ("not checked: the conflict check is not passed yet",)


def test_the_command_imports_lists_and_prints_the_examples(tmp_path: Path) -> None:
    path = tmp_path / "periods.csv"
    path.write_bytes(table(ROW, "ZZ,HO-00-00-00-00,c,1,years,,x,\n"))
    out = io.StringIO()
    call_command("limitations", "import", "harbor.localhost", str(path), stdout=out)
    assert "line 3: state 'ZZ'" in out.getvalue()
    assert "1 added" in out.getvalue()
    assert "1 bad" in out.getvalue()
    listed = io.StringIO()
    call_command("limitations", "list", "harbor.localhost", "--json", stdout=listed)
    assert json.loads(listed.getvalue())[0]["status"] == "waits to be confirmed"
    shown = io.StringIO()
    call_command("limitations", "examples", stdout=shown)
    assert shown.getvalue() == EXAMPLES.read_text()
    with pytest.raises(InvalidInput):
        periods.import_table(b"", by="test")


def test_attorneys_import_and_confirm_in_the_admin_row_by_row_or_all() -> None:
    client = staff("attorney")
    second = ROW.replace("Zzclaim", "Zzother")
    upload = SimpleUploadedFile("t.csv", table(ROW, second, "bad,row\n"), content_type="text/csv")
    html = client.post(f"{TABLE}import/", {"file": upload}, follow=True).content.decode()
    assert "2 rows added" in html
    assert "Line 4: 2 columns" in html
    assert "confirm them" in html
    row = LimitationPeriod.objects.order_by("claim").first()
    assert row is not None
    client.post(TABLE, {"action": "confirm_rows", "_selected_action": [str(row.pk)]})
    assert LimitationPeriod.objects.filter(confirmed_at__isnull=False).count() == 1
    client.post(f"{TABLE}confirm-all/")
    assert LimitationPeriod.objects.filter(confirmed_at__isnull=True).count() == 0
    client.post(TABLE, {"action": "retire_rows", "_selected_action": [str(row.pk)]})
    assert LimitationPeriod.objects.get(pk=row.pk).retired_at is not None
    assert client.get(f"{TABLE}examples/").content == EXAMPLES.read_bytes()


@pytest.mark.parametrize("role", ["intake", "read-only"])
def test_who_is_no_lawyer_reads_the_table_and_changes_nothing(role: str) -> None:
    periods.import_table(table(ROW), by="test")
    row = LimitationPeriod.objects.get()
    client = staff(role)
    html = client.get(TABLE).content.decode()
    assert MARK in html
    assert "Import" not in html
    for address in ("import/", "confirm-all/"):
        assert client.post(f"{TABLE}{address}").status_code == 403
    client.post(TABLE, {"action": "confirm_rows", "_selected_action": [str(row.pk)]})
    row.refresh_from_db()
    assert row.confirmed_at is None


# -- nothing of it reaches a client


def test_no_limitation_period_reaches_a_client_by_any_way() -> None:
    """With a confirmed row that fits, everything that a client is sent or shown, and what an assistant is given."""
    confirmed()
    OnCall.objects.create(user=account("attorney", email="one@harbor.test"))
    given: list[Any] = []
    phrase = type(GUIDED).phrase

    def listening(self: Any, said: Any, context: Any) -> Any:
        given.append((said, context))
        return phrase(self, said, context)

    with patch.object(type(GUIDED), "phrase", listening), patch.object(paging, "enqueue"):
        browser = Browser()
        browser.start()
        browser.to_story("Maria Silva", "Globex")
        sent = [browser.say(STORY).content.decode(), browser.say("I want to kill myself tonight").content.decode()]
        intake = Intake.objects.get(pk=browser.snapshot["id"])
        services.choose(intake_id=intake.pk, question="", code="@go_on", client_ref=intake.pk)
        to_review(intake)
        services.send_intake(intake_id=intake.pk)
        paging.carry_on(SafetyAlert.objects.filter(intake=intake, level="danger_now").get().pk)
    assert flags(fresh(intake)), "there is something to leak"
    assert fresh(intake).urgency > 0
    sent += [
        browser.get("/api/intakes/current").content.decode(),
        browser.get("/").content.decode(),
        json.dumps(selectors.snapshot(intake.pk), default=str),
        json.dumps([turn.as_dict() for turn in selectors.turns_after(intake.pk, 0)]),
        *[f"{message.subject} {message.body}" for message in mail.outbox],
        repr(given),
        json.dumps(recording.replay(intake.pk).as_json(), default=str),
        json.dumps(list(fresh(intake).interview_events.values_list("kind", flat=True))),
    ]
    assert mail.outbox
    for text in sent:
        for word in (
            MARK,
            "Zzclaim",
            "Zznote",
            "2027-05-03",
            "May 3, 2027",
            "may be shorter",
            "urgency",
            "Possible, verify",
        ):
            assert word not in text, word


# -- one page


def test_the_print_view_has_the_label_and_every_part_and_no_more_than_a_page() -> None:
    confirmed()
    intake = to_review(begin("Maria Silva", "Globex", STORY, *["And so it went on and on."] * 20))
    client = staff("read-only", email="r@harbor.test")
    response = client.get(f"/admin/intake/intake/{intake.pk}/print/")
    text = plain(response)
    for shown in (
        staff_selectors.PRIVILEGED, "Urgency: ", "Time limits, for staff alone", MARK, "may be shorter", "Red flags",
        "Possible conflicts", "Alerts", "Facts", "Open questions", "Papers to bring", "Consents", "[turn ",
    ):  # fmt: skip
        assert shown.lower() in text.lower(), shown
    assert len(response.content) < 12_000
    assert AuditEvent.objects.filter(chain=intake.pk, action="intake.viewed").count() == 1


def test_the_summary_goes_to_other_systems_with_the_words_each_fact_came_from() -> None:
    confirmed()
    intake = to_review(begin("Maria Silva", "Globex", STORY))
    client = staff("read-only", email="r@harbor.test")
    response = client.get(f"/admin/intake/intake/{intake.pk}/summary.json")
    told = json.loads(response.content)
    assert told["label"] == staff_selectors.PRIVILEGED
    assert told["time_limits"]["warning"] == SHORTER
    assert told["time_limits"]["possible"][0]["cite"] == MARK
    assert told["urgency"]["points"] == sum(each["points"] for each in told["urgency"]["reasons"])
    notice = next(fact for fact in told["facts"] if fact["key"] == "notice_date")
    assert notice["words"] == "May 3 2026"
    assert notice["turn"]
    assert told["open_questions"]
    text = client.get(f"/admin/intake/intake/{intake.pk}/summary.txt").content.decode()
    assert text.startswith(staff_selectors.PRIVILEGED)
    assert "FACTS" in text
    assert client.get(f"/admin/intake/intake/{intake.pk}/summary.xml").status_code == 404
    assert Browser().get(f"/admin/intake/intake/{intake.pk}/summary.json").status_code == 302


def test_sealed_words_are_on_no_page_and_a_conflict_names_no_other_client() -> None:
    begin("Globex", "Somebody")
    intake = start()
    say(intake, "Maria Silva")
    say(intake, "Globex")
    say(intake, "They changed the locks on my apartment and my insulin is still inside")
    client = staff("attorney")
    for address in ("print/", "summary.json", "summary.txt"):
        assert "insulin" not in client.get(f"/admin/intake/intake/{intake.pk}/{address}").content.decode()
    held = begin("Maria Silva", "Globex")
    told = json.loads(client.get(f"/admin/intake/intake/{held.pk}/summary.json").content)
    assert told["conflicts"][0]["decision"] == "waits for a decision"


def test_a_conversation_of_the_first_form_has_a_short_page() -> None:
    intake = begin("Maria Silva", "Globex", "They kept my deposit.", first_form=True)
    text = plain(staff().get(f"/admin/intake/intake/{intake.pk}/print/"))
    assert "Consents" in text
    assert "Urgency" not in text
