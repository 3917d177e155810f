"""Consents as data: asked for apart, with the words that were shown, and obeyed at once when taken back."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from intake import agreed, erasers, errors, hearing, interviews, recording, selectors, services, staff_selectors
from intake.erasers import Eraser
from intake.interview.agreeing import CONSENT_KINDS, CURRENT, versions
from intake.interview.wordings import LOCALES
from intake.models import AuditEvent, Consent, Erasure, Intake, LegalHold
from intake.periodic import run_due_erasures
from intake.services import erasing
from tenants.accounts.models import User
from tests.intake.client import Browser
from tests.intake.talk import answer_basics, fresh, say, start
from tests.intake.test_admin import page
from tests.intake.test_admin import staff as member
from tests.intake.test_admin_summary import plain

#: What was in use stays as it was: these are the words that people agreed to.
RELEASED = {
    "2026-1": "5e36fd266ef8f41a261cb95079922d66405fd963179eff92f01fc2fbdc26560f",
    "2026-2": "10cb68926cf4bc20c204bf0c7b249d8895aa22ece7267926bb503d7fa290a0e2",
}
FILES = Path(agreed.__file__).parent / "interview" / "consents"


class Shelf:
    """Something outside the database that an eraser empties."""

    def __init__(self) -> None:
        self.pieces = 120
        self.failures: list[Exception] = []
        self.until: list[datetime | None] = []

    def erase(self, _intake_id: UUID, until: datetime | None) -> int:
        if self.failures:
            raise self.failures.pop(0)
        self.until.append(until)
        gone = min(50, self.pieces)
        self.pieces -= gone
        return gone


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Recordings, as an app above this one would hold them."""
    shelf = Shelf()
    monkeypatch.setattr(erasers, "_erasers", {"shelf": Eraser("shelf", frozenset({"keep_audio"}), shelf.erase)})
    return shelf


@pytest.fixture
def staff() -> User:
    return User.objects.create_user(email="ann@harbor.test", password="x")


def withdraw(intake: Intake, kind: Any = "keep_audio") -> Intake:
    return services.give_consent(intake_id=intake.id, kind=kind, granted=False)


def actions(intake: Intake) -> list[str]:
    return list(AuditEvent.objects.filter(chain=intake.id).order_by("sequence").values_list("action", flat=True))


# -- the words


@pytest.mark.parametrize("version", sorted(versions()))
def test_words_that_were_in_use_stay_as_they_were(version: str) -> None:
    content = (FILES / f"{version}.yaml").read_bytes()
    assert hashlib.sha256(content).hexdigest() == RELEASED[version], "new words are a new file"


def test_every_kind_has_words_in_every_language_now() -> None:
    current = versions()[CURRENT]
    assert set(current.consents) == set(CONSENT_KINDS)
    for by_locale in current.consents.values():
        assert set(by_locale) == set(LOCALES)
        assert all(words.ask and words.more and words.back for words in by_locale.values())


# -- given


def test_the_start_asks_for_the_service_alone() -> None:
    browser = Browser()
    shown = browser.get("/api/firm?locale=es").json()["agreements"]
    words = {one["kind"]: one["text"] for one in shown["items"]}
    assert words["service"] == versions()[CURRENT].consents["service"]["es"].ask
    response = browser.post(
        "/api/intakes/", {"consents": {"service": True}, "locale": "es", "wording": shown["version"]}
    )
    snapshot = response.json()
    assert snapshot["consents"] == {kind: kind == "service" for kind in CONSENT_KINDS}
    row = Consent.objects.get()
    assert (row.kind, row.granted, row.wording_version, row.locale, row.channel, row.place) == (
        "service", True, CURRENT, "es", "web", "start",
    )  # fmt: skip
    assert not any(one["ask"] for one in snapshot["agreements"]["items"])


def test_an_older_page_may_still_say_both_at_the_start() -> None:
    browser = Browser()
    snapshot = browser.start(keep_audio=True)
    assert snapshot["consents"]["keep_audio"]
    assert not snapshot["consents"]["transcription"]


def test_the_version_that_was_shown_is_kept_and_one_that_never_was_is_refused() -> None:
    browser = Browser()
    browser.start()
    path = f"{browser.path}/consents"
    given = {"kind": "keep_audio", "granted": True, "wording": "2026-1", "place": "choices"}
    assert browser.post(path, given).status_code == 200
    newest = Consent.objects.filter(kind="keep_audio", granted=True).get()
    assert (newest.wording_version, newest.place) == ("2026-1", "choices")
    for wrong in ("1999-1", ""):
        assert browser.post(path, {**given, "wording": wrong}).status_code == 400
    # That version had no such consent.
    refused = browser.post(path, {"kind": "sms", "granted": True, "wording": "2026-1"})
    assert (refused.status_code, refused.json()["code"]) == (400, "no_such_wording")
    assert browser.post(path, {**given, "place": "nowhere"}).status_code == 400


def test_texts_are_asked_for_once_a_number_is_given_and_never_where_they_are_not_safe() -> None:
    def asks(intake: Intake) -> bool:
        items = selectors.snapshot(intake.id)["agreements"]["items"]
        return bool({one["kind"]: one["ask"] for one in items}["sms"])

    for answers, asked in (({}, True), ({"phone": "=@skip"}, False), ({"safe_to_text": "=no"}, False)):
        intake = start()
        say(intake, "Maria Silva")
        say(intake, "Globex")
        assert not asks(intake)
        answer_basics(intake, **answers)
        assert asks(intake) is asked, answers
    intake = start()
    for text in ("Maria Silva", "Globex"):
        say(intake, text)
    answer_basics(intake)
    services.give_consent(intake_id=intake.id, kind="sms", granted=False, place="talk")
    assert not asks(intake), "it was answered"
    assert not Erasure.objects.exists(), "there was nothing to take back"


def test_a_language_model_is_asked_about_where_the_firm_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = start()

    def item() -> Any:
        return {one["kind"]: one for one in selectors.snapshot(intake.id)["agreements"]["items"]}["ai_processing"]

    assert (item()["offered"], item()["ask"]) == (False, False)
    monkeypatch.setattr(agreed, "_model", [lambda: True])
    assert (item()["offered"], item()["ask"]) == (True, True)
    services.give_consent(intake_id=intake.id, kind="ai_processing", granted=True)
    talk = interviews.talk_of(fresh(intake))
    assert talk is not None
    assert "ai_processing" in talk.consents
    assert (item()["given"], item()["ask"]) == (True, False)
    withdraw(intake, "ai_processing")
    talk = interviews.talk_of(fresh(intake))
    assert talk is not None
    assert "ai_processing" not in talk.consents
    assert recording.replay(intake.id).as_json() == fresh(intake).mind


def test_no_consent_tells_one_stop_from_another() -> None:
    """A stranger who tries names must not learn from what a stop takes which stop it is."""
    first = start()
    for text in ("Ann Example", "Globex"):
        say(first, text)
    answer_basics(first)
    seen = []
    for decision in (None, "confirmed"):
        browser = Browser()
        browser.start()
        browser.to_story("Globex", "Ann Example")
        assert browser.snapshot["stage"] == "stopped"
        if decision:
            check = Intake.objects.get(pk=browser.snapshot["id"]).conflict_checks.get()
            services.decide_conflict(
                check_id=check.id, decision=decision, reason="So it is.",
                user=User.objects.create_user(email="dec@harbor.test", password="x"),
            )  # fmt: skip
        path, answers = f"{browser.path}/consents", []
        for kind, granted in (("keep_audio", True), ("service", True), ("sms", False), ("service", False)):
            response = browser.post(path, {"kind": kind, "granted": granted})
            body = response.json()
            # What was told too early is gone after a "no", which is told in fixed words (docs/decisions/0018).
            answers.append((response.status_code, body.get("stage"), body.get("code"), body.get("can")))
        seen.append(answers)
    assert seen[0] == seen[1]


# -- the microphone and the language


def test_the_microphone_is_offered_in_languages_that_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser()
    browser.start()
    assert browser.snapshot["microphone"] == {"offered": True, "reason": None, "text": None}
    assert browser.snapshot["can"]["speak"]
    snapshot = browser.post(f"{browser.path}/locale", {"locale": "es"}).json()
    assert not snapshot["can"]["speak"]
    assert snapshot["microphone"]["reason"] == "language_not_heard"
    assert "no entiende español" in snapshot["microphone"]["text"]
    monkeypatch.setattr(hearing, "_heard", [lambda: frozenset({"en", "es"})])
    assert browser.get("/api/intakes/current").json()["microphone"]["offered"]
    monkeypatch.setattr(hearing, "_heard", [])
    assert not browser.post(f"{browser.path}/locale", {"locale": "en"}).json()["can"]["speak"]


def test_staff_see_which_language_somebody_writes_in() -> None:
    intake = start()
    say(intake, "bonjou, mwen rele Jan e mwen pa gen travay")
    assert "Language that they wrote in Haitian Creole" in plain(page(member(), intake))


# -- taken back


def test_taking_a_recording_back_deletes_it_in_batches_and_says_so(shelf: Shelf) -> None:
    intake = start(keep_audio=True)
    withdraw(intake)
    waiting = Erasure.objects.get()
    assert (waiting.state, waiting.what, waiting.consent.kind) == ("waiting", "shelf", "keep_audio")
    done = services.run_erasure(erasure_id=waiting.id)
    assert (done.state, done.count, shelf.pieces) == ("done", 120, 0)
    assert done.done_at is not None
    assert actions(intake)[-2:] == ["consent.withdrawn", "erasure.done"]
    calls = len(shelf.until)
    services.run_erasure(erasure_id=waiting.id)
    assert len(shelf.until) == calls, "done once"
    assert staff_selectors.record_for_staff(intake.id).erasures == [done]


def test_what_was_agreed_to_anew_stays(shelf: Shelf) -> None:
    intake = start(keep_audio=True)
    withdraw(intake)
    services.give_consent(intake_id=intake.id, kind="keep_audio", granted=True)
    again = Consent.objects.filter(kind="keep_audio", granted=True).order_by("id").last()
    assert again is not None
    services.run_erasure(erasure_id=Erasure.objects.get().id)
    assert set(shelf.until) == {again.at}


def test_what_fails_is_tried_again_with_growing_pauses_and_then_given_up(shelf: Shelf, staff: User) -> None:
    shelf.failures = [OSError("disk")] * erasing.ATTEMPTS
    intake = start(keep_audio=True)
    withdraw(intake)
    key = Erasure.objects.get().id
    pauses = []
    for _ in range(erasing.ATTEMPTS):
        before = timezone.now()
        tried = services.run_erasure(erasure_id=key)
        pauses.append((tried.next_at - before).total_seconds())
    assert (tried.state, tried.attempts, tried.error) == ("failed", erasing.ATTEMPTS, "OSError")
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(erasing.LONGEST_PAUSE_SECONDS, abs=5)
    assert actions(intake)[-1] == "erasure.failed"
    assert [need.reason for need in staff_selectors.needs_a_person()] == [
        "Not deleted: shelf, though the client took it back"
    ]
    services.retry_erasure(erasure_id=key, user=staff)
    assert services.run_erasure(erasure_id=key).state == "done"
    with pytest.raises(errors.AlreadyDecided):
        services.retry_erasure(erasure_id=key, user=staff)


def test_a_crash_after_the_withdrawal_loses_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job was never sent: the scheduler's look finds what waits, once its time has come."""
    intake = start(keep_audio=True)
    withdraw(intake)
    assert run_due_erasures() >= 1
    assert Erasure.objects.get().state == "done"
    waiting = start(keep_audio=True)
    withdraw(waiting)
    Erasure.objects.filter(intake=waiting).update(next_at=timezone.now() + timedelta(minutes=5))
    run_due_erasures()
    assert Erasure.objects.get(intake=waiting).state == "waiting"


def test_a_legal_hold_keeps_it_until_it_is_released(shelf: Shelf, staff: User) -> None:
    intake = start(keep_audio=True)
    with pytest.raises(errors.ReasonRequired):
        services.place_hold(intake_id=intake.id, reason="  ", user=staff)
    services.place_hold(intake_id=intake.id, reason="A court asked for it.", user=staff)
    with pytest.raises(errors.AlreadyDecided):
        services.place_hold(intake_id=intake.id, reason="Twice.", user=staff)
    withdraw(intake)
    key = Erasure.objects.get().id
    assert services.run_erasure(erasure_id=key).state == "held"
    assert shelf.pieces == 120
    assert not selectors.keeps_audio(intake.id), "nothing new is kept all the same"
    services.release_hold(intake_id=intake.id, reason="The case is over.", user=staff)
    assert services.run_erasure(erasure_id=key).state == "done"
    assert shelf.pieces == 0
    with pytest.raises(errors.AlreadyDecided):
        services.release_hold(intake_id=intake.id, reason="Twice.", user=staff)
    assert [name for name in actions(intake) if name.startswith(("hold", "erasure"))] == [
        "hold.placed", "erasure.held", "hold.released", "erasure.done",
    ]  # fmt: skip
    hold = LegalHold.objects.get()
    assert (hold.reason, hold.released_because) == ("A court asked for it.", "The case is over.")


def test_neither_an_erasure_nor_a_hold_can_be_made_away_with(shelf: Shelf, staff: User) -> None:
    intake = start(keep_audio=True)
    hold = services.place_hold(intake_id=intake.id, reason="A court asked for it.", user=staff)
    withdraw(intake)
    for statement in (
        "DELETE FROM intake_erasure",
        "DELETE FROM intake_legalhold",
        "UPDATE intake_erasure SET what = 'nothing'",
        "UPDATE intake_legalhold SET placed_at = now() - interval '1 day'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    services.release_hold(intake_id=intake.id, reason="Over.", user=staff)
    with pytest.raises(DatabaseError), transaction.atomic():
        LegalHold.objects.filter(pk=hold.pk).update(released_at=None)


# -- what staff see


def test_staff_read_each_consent_with_the_very_words_and_what_was_deleted(shelf: Shelf) -> None:
    intake = start(keep_audio=True)
    services.give_consent(intake_id=intake.id, kind="keep_audio", granted=True, wording="2026-1", place="choices")
    services.switch_language(intake_id=intake.id, locale="es")
    withdraw(intake)
    client = member()
    text = plain(page(client, intake))
    for words in (
        versions()[CURRENT].consents["service"]["en"].ask,
        versions()["2026-1"].consents["keep_audio"]["en"].more,
        versions()[CURRENT].consents["keep_audio"]["es"].back,
    ):
        assert words in text
    assert "keep the recording given" in text
    assert "keep the recording taken back, holds now" in text
    assert "web, choices Version 2026-1, en" in text
    assert "Shelf, asked for" in text
    assert "waiting" in text
    services.run_erasure(erasure_id=Erasure.objects.get().id)
    assert "deleted, 120 in all" in plain(page(client, intake))


def test_staff_place_and_release_a_hold_and_try_again(shelf: Shelf) -> None:
    intake, client = start(keep_audio=True), member("attorney")
    address = f"/admin/intake/intake/{intake.pk}"
    client.post(f"{address}/hold/", {"hold": "place", "reason": ""})
    assert not LegalHold.objects.exists()
    client.post(f"{address}/hold/", {"hold": "place", "reason": "A court asked for it."})
    text = plain(page(client, intake))
    assert "In force: nothing of this intake is deleted" in text
    assert "A court asked for it." in text
    withdraw(intake)
    key = Erasure.objects.get().id
    services.run_erasure(erasure_id=key)
    assert "kept, because of the legal hold" in plain(page(client, intake))
    client.post(f"{address}/hold/", {"hold": "release", "reason": "Over."})
    assert not LegalHold.objects.filter(released_at__isnull=True).exists()
    assert "Place a legal hold" in plain(page(client, intake))
    Erasure.objects.update(state="failed", error="OSError", attempts=10)
    assert "not deleted after 10 tries (OSError)" in plain(page(client, intake))
    assert client.post(f"/admin/intake/intake/{start().pk}/erasure/{key}/").status_code == 404
    client.post(f"{address}/erasure/{key}/")
    assert Erasure.objects.get().state == "waiting"
