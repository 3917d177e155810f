"""A firm's versions: which is asked, which stay as they are, and that no other firm meets them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from intake import firm_playbooks, interviews, recording
from intake.errors import NoPlaybook, PlaybookChanged, PlaybookInvalid, PlaybookRefused
from intake.models import FIRM_CHAIN, AuditEvent, PlaybookVersion
from intake.playbooks.exporting import export
from intake.playbooks.problems import PlaybookError, Problem
from intake.playbooks.reading import shipped
from intake.services import playbooks
from tenants.context import firm_scope
from tests.intake.playbooks.firm import NEW, OLD, publish, text_of
from tests.intake.talk import begin, fresh, say, stage, start, to_review

AREA = "HO-00-00-00-00"


def wording(name: str = "housing@1001", key: str = "can_enter") -> str:
    return interviews.guided_named(name).question(key).wording["en"]


def refused(sql: str, *params: Any) -> None:
    with (
        pytest.raises(DatabaseError, match=r"append-only|refuses"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, params)


def test_without_any_of_its_own_a_firm_has_what_ships() -> None:
    assert interviews.playbook_for(AREA) is shipped()["housing"]
    assert interviews.opening() is shipped()["general"]


def test_a_published_version_is_asked_from_now_on() -> None:
    draft = playbooks.start_draft(key="housing", user=None)
    assert (draft.name, draft.based_on) == ("housing@1001", "housing@1")
    playbooks.save_draft(key="housing", source=text_of(), user=None)
    assert interviews.playbook_for(AREA) is shipped()["housing"], "a draft is nobody's"
    assert firm_playbooks.named("housing@1001") is None
    row = playbooks.publish(key="housing", user=None, note="Kinder")
    found = interviews.playbook_for(AREA)
    assert found.name == row.name == "housing@1001"
    assert found.question("can_enter").wording["en"] == NEW
    assert "version: 1001\n" in row.source
    assert interviews.playbook_for(AREA) is found, "read once"


def test_an_intake_stays_on_its_version_and_a_new_one_takes_the_published() -> None:
    before = begin("Maria Silva", "Globex", "They locked me out.")
    publish()
    between = begin("Pedro Silva", "Initech", "They locked me out.")
    publish(source=text_of(new="Is your home open to you?"))
    after = begin("Ann Poe", "Umbrella", "They locked me out.")
    assert [one.playbook for one in (before, between, after)] == ["housing@1", "housing@1001", "housing@1002"]
    assert [wording(one.playbook) for one in (before, between, after)] == [OLD, NEW, "Is your home open to you?"]
    for intake in (before, between, after):
        playbook = intake.playbook
        assert stage(to_review(intake)) == "review"
        intake = fresh(intake)
        assert intake.playbook == playbook
        assert recording.replay(intake.id).as_json() == intake.mind


def test_the_general_questions_can_be_adapted_and_hold_to_the_end() -> None:
    early = start()
    old = "Is something about to happen in the next few days?"
    publish("general", text_of("general", old, "Is anything set for the next days?"))
    assert interviews.opening().name == "general@1001"
    assert start().playbook == "general@1001"
    say(early, "Maria Silva")
    assert fresh(early).playbook == "general@1"
    assert interviews.playbook_for("", "general@1") is shipped()["general"]
    assert interviews.playbook_for("").name == "general@1001"


def test_rolling_back_publishes_the_earlier_text_under_the_next_number() -> None:
    publish()
    publish(source=text_of(new="Is your home open to you?"))
    row = playbooks.roll_back(key="housing", version=1001, user=None, note="Clients were puzzled")
    assert (row.version, row.restores, row.status) == (1003, 1001, "published")
    assert wording(interviews.playbook_for(AREA).name) == NEW
    assert wording("housing@1002") == "Is your home open to you?", "whoever began under it stays"
    statuses = PlaybookVersion.objects.order_by("version").values_list("status", flat=True)
    assert list(statuses) == ["retired", "retired", "published"]
    events = AuditEvent.objects.filter(chain=FIRM_CHAIN, target_type="playbook").order_by("sequence")
    assert [event.action for event in events] == ["playbook.published", "playbook.published", "playbook.rolled_back"]
    data = {"playbook": "housing@1003", "instead_of": "housing@1002", "restores": 1001}
    assert [event.data for event in events][-1] == data
    with pytest.raises(PlaybookRefused, match="in use now"):
        playbooks.roll_back(key="housing", version=1003, user=None)
    with pytest.raises(NoPlaybook):
        playbooks.roll_back(key="housing", version=1099, user=None)


def test_a_draft_that_was_overtaken_is_published_under_a_later_number() -> None:
    publish()
    publish(source=text_of(new="Is your home open to you?"))
    playbooks.start_draft(key="housing", user=None)
    playbooks.roll_back(key="housing", version=1001, user=None)
    row = playbooks.publish(key="housing", user=None)
    assert row.version == 1005
    assert "version: 1005\n" in row.source


def test_a_playbook_is_switched_off_and_on_again() -> None:
    playbooks.switch_off(key="housing", user=None)
    assert interviews.playbook_for(AREA).key == "general"
    assert begin("Maria Silva", "Globex").playbook == "general@1"
    with pytest.raises(PlaybookRefused, match="off already"):
        playbooks.switch_off(key="housing", user=None)
    playbooks.use_shipped(key="housing", user=None)
    assert interviews.playbook_for(AREA) is shipped()["housing"]
    with pytest.raises(PlaybookRefused, match="in use already"):
        playbooks.use_shipped(key="housing", user=None)
    with pytest.raises(PlaybookRefused, match="general questions cannot"):
        playbooks.switch_off(key="general", user=None)
    actions = AuditEvent.objects.filter(target_type="playbook").order_by("sequence").values_list("action", flat=True)
    assert list(actions) == ["playbook.switched_off", "playbook.shipped_again"]


def test_whoever_began_goes_on_when_it_is_switched_off() -> None:
    publish()
    intake = begin("Maria Silva", "Globex", "They locked me out.")
    playbooks.switch_off(key="housing", user=None)
    assert stage(to_review(intake)) == "review"
    assert fresh(intake).playbook == "housing@1001"


def test_a_firm_has_playbooks_of_its_own_for_areas() -> None:
    titles = {"en": "Evictions", "es": "Desalojos"}
    playbooks.new_playbook(key="evictions", titles=titles, codes=["HO-02-00-00-00"], user=None)
    row = playbooks.publish(key="evictions", user=None)
    assert row.name == "evictions@1001"
    assert interviews.playbook_for("HO-02-00-00-00").name == "evictions@1001"
    assert interviews.playbook_for("HO-03-00-00-00").key == "housing"
    with pytest.raises(PlaybookRefused, match="already"):
        playbooks.new_playbook(key="evictions", titles=titles, codes=[], user=None)
    with pytest.raises(PlaybookInvalid) as caught:
        playbooks.new_playbook(key="Other Matters", titles=titles, codes=["ZZ-99-00-00-00"], user=None)
    assert {problem.path for problem in caught.value.problems} == {"key", "list_codes[0]"}
    with pytest.raises(PlaybookRefused, match="HO-02-00-00-00"):
        publish("housing")


def test_a_question_that_is_off_is_not_asked_nor_what_follows_it() -> None:
    text = text_of(
        old="need: required\n    wording:\n      en: Have you been",
        new="need: required\n    switched_off: true\n    wording:\n      en: Have you been",
    )
    publish(source=text)
    found = interviews.playbook_for(AREA)
    keys = {question.key for question in found.questions}
    assert "notice_received" not in keys
    followed = shipped()["housing"].question("notice_received").follow_ups[0].ask
    assert followed
    assert not keys & set(followed)
    assert "switched_off: true" in export(firm_playbooks.read_version(PlaybookVersion.objects.get()))
    assert stage(to_review(begin("Maria Silva", "Globex", "They locked me out."))) == "review"


def test_what_was_published_cannot_be_changed_by_anybody() -> None:
    row = publish()
    refused("UPDATE intake_playbookversion SET source = 'x' WHERE id = %s", row.id)
    refused("UPDATE intake_playbookversion SET status = 'draft', published_at = NULL WHERE id = %s", row.id)
    refused("DELETE FROM intake_playbookversion WHERE id = %s", row.id)
    publish(source=text_of(new="Is your home open to you?"))
    refused("UPDATE intake_playbookversion SET status = 'published' WHERE id = %s", row.id)
    refused("UPDATE intake_playbookversion SET note = 'x' WHERE id = %s", row.id)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused("TRUNCATE intake_playbookversion")
    playbooks.start_draft(key="housing", user=None)
    playbooks.discard_draft(key="housing", user=None)
    assert PlaybookVersion.objects.count() == 2


def test_one_published_and_one_draft_of_a_key() -> None:
    row = publish()
    for status in ("published", "draft"):
        other = PlaybookVersion(key="housing", version=1050, status=status, published_at=row.published_at)
        other.published_at = row.published_at if status == "published" else None
        if status == "draft":
            playbooks.start_draft(key="housing", user=None)
        with pytest.raises(IntegrityError), transaction.atomic():
            other.save(force_insert=True)


def test_a_bad_draft_is_kept_and_not_published() -> None:
    playbooks.start_draft(key="housing", user=None)
    bad = text_of(old="type: yes_no", new="type: yesno")
    draft = playbooks.save_draft(key="housing", source=bad, user=None)
    assert "yesno" in draft.source
    with pytest.raises(PlaybookInvalid) as caught:
        playbooks.publish(key="housing", user=None)
    problem = caught.value.problems[0]
    assert problem.path.endswith(".type")
    assert problem.line > 0
    assert "yes_no" in problem.allowed


def test_a_draft_that_somebody_saved_meanwhile_is_not_overwritten() -> None:
    opened = playbooks.start_draft(key="housing", user=None).revision
    playbooks.save_draft(key="housing", source=text_of(), user=None, revision=opened)
    with pytest.raises(PlaybookChanged):
        playbooks.save_draft(key="housing", source="mine", user=None, revision=opened)
    with pytest.raises(PlaybookChanged):
        playbooks.publish(key="housing", user=None, revision=opened)


def test_a_text_of_300_kilobytes_or_of_another_key_is_refused() -> None:
    playbooks.start_draft(key="housing", user=None)
    with pytest.raises(PlaybookInvalid) as caught:
        playbooks.save_draft(key="housing", source="a: b\n" * 60_000, user=None)
    assert str(caught.value.problems[0]).endswith("the file has 300,000 bytes. Allowed: at most 262,144 bytes.")
    playbooks.save_draft(key="housing", source=text_of("family", "key: family\n", "key: famly\n"), user=None)
    with pytest.raises(PlaybookInvalid, match="as it stands") as caught:
        playbooks.publish(key="housing", user=None)
    assert caught.value.problems[0].allowed == "housing"


def test_no_firm_meets_another_firms_playbooks(firm: Any, other_firm: Any) -> None:
    row = publish()
    assert interviews.playbook_for(AREA).name == row.name
    with firm_scope(other_firm):
        assert interviews.playbook_for(AREA) is shipped()["housing"]
        assert interviews.guided_named(row.name) is shipped()["housing"], "the number is nobody's there"
        assert interviews.opening() is shipped()["general"]
        assert not firm_playbooks.published()
    assert wording(row.name) == NEW


def test_what_was_read_in_a_transaction_that_failed_is_not_kept() -> None:
    class Undone(Exception):
        pass

    with pytest.raises(Undone), transaction.atomic():
        publish()
        assert wording() == NEW
        raise Undone
    publish(source=text_of(new="Is your home open to you?"))
    assert wording() == "Is your home open to you?"


def test_a_turn_reads_no_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    publish()
    intake = begin("Maria Silva", "Globex", "They locked me out.")

    def never(*_args: Any, **_more: Any) -> Any:
        raise AssertionError("a playbook was read again")

    monkeypatch.setattr(firm_playbooks, "read_playbook", never)
    say(intake, "It was on May 3 2026.")
    assert stage(to_review(intake)) == "review"


def test_a_version_that_this_release_cannot_read_gives_way_to_what_ships(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish()
    intake = begin("Maria Silva", "Globex", "They locked me out.")

    def stricter(_text: str, file: str) -> Any:
        raise PlaybookError([Problem(file, 1, "", "no longer possible")])

    monkeypatch.setattr(firm_playbooks, "read_playbook", stricter)
    firm_playbooks.forget()
    assert interviews.playbook_for(AREA) is shipped()["housing"]
    assert "housing@1001 cannot be read" in caplog.text
    assert stage(to_review(intake)) == "review"
    assert fresh(intake).playbook == "housing@1001"


def test_many_at_once_make_one_draft_and_one_published_version(live_firms: Any) -> None:
    failed: list[Exception] = []

    def work() -> None:
        with firm_scope(live_firms[0]):
            try:
                for _ in range(4):
                    try:
                        playbooks.start_draft(key="housing", user=None)
                        playbooks.publish(key="housing", user=None)
                    except NoPlaybook:  # another one published the draft that both had found
                        continue
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    with firm_scope(live_firms[0]):
        versions = list(PlaybookVersion.objects.order_by("version"))
        assert [row.version for row in versions] == list(range(1001, 1001 + len(versions)))
        assert [row.status for row in versions] == ["retired"] * (len(versions) - 1) + ["published"]
        assert AuditEvent.objects.filter(action="playbook.published").count() == len(versions)
