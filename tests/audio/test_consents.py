"""Nobody is listened to who does not agree; who takes it back is heard no further, and what was kept goes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from audio import emptying, erasing, journal, services
from audio.actors import listen
from audio.doctor import models_service
from audio.errors import NotAgreed
from audio.models import Recording, Utterance
from audio.recognisers import choice
from audio.recordings import recordings_of, write_master
from intake import services as intake_services
from intake.interview.events import ConsentKind
from intake.models import AuditEvent, ConflictCheck, Erasure, Turn
from tenants.accounts.models import User
from tenants.context import firm_scope
from tenants.ids import new_id
from tenants.redis import journal_redis
from tests.audio.test_commit import PCM, commit, files, heard
from tests.audio.test_socket import speech, wire
from tests.audio.voices import Voice, fresh_protocols, in_firm, make_voice
from tests.intake.client import Browser
from tests.intake.talk import begin


@pytest.fixture
def voice(live_firms: Any) -> Voice:
    return make_voice(live_firms[0])


def take_back(voice: Voice, kind: ConsentKind, *, granted: bool = False) -> None:
    with firm_scope(voice.firm):
        intake_services.give_consent(intake_id=voice.intake_id, kind=kind, granted=granted)


def erase_all(voice: Voice) -> list[str]:
    """What the job does; the states."""
    with firm_scope(voice.firm):
        keys = list(Erasure.objects.filter(intake_id=voice.intake_id).order_by("id").values_list("id", flat=True))
        return [intake_services.run_erasure(erasure_id=key).state for key in keys]


def waits_in_the_journal(voice: Voice) -> int:
    with firm_scope(voice.firm):
        keys = journal.session_keys(voice.session_id)
        pending: Any = journal_redis().zscore(journal.pending_key(), keys.member)
        return int(journal_redis().xlen(keys.stream)) + (pending is not None)


# -- opening


def test_a_session_needs_the_consent_and_a_language_that_is_heard(settings: Any) -> None:
    browser = Browser()
    browser.start()
    body = {"intake": browser.snapshot["id"]}
    refused = browser.post("/api/voice/sessions", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "transcription_consent_required")
    assert "agree" in refused.json()["detail"]
    consents = f"{browser.path}/consents"
    browser.post(consents, {"kind": "keep_audio", "granted": True})
    assert browser.post("/api/voice/sessions", body).status_code == 403, "keeping is not transcribing"
    browser.post(consents, {"kind": "transcription", "granted": True})
    assert browser.post("/api/voice/sessions", body).status_code == 201
    browser.post(f"{browser.path}/locale", {"locale": "es"})
    refused = browser.post("/api/voice/sessions", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "language_not_heard")
    settings.AUDIO_LANGUAGES = ["en", "es"]
    assert browser.post("/api/voice/sessions", body).status_code == 201


def test_the_languages_are_those_of_the_recogniser(settings: Any) -> None:
    assert choice.languages() == {"en"}
    settings.AUDIO_LANGUAGES = ["en", "es"]
    assert "pocketsphinx has English alone" in models_service()[0].message
    settings.AUDIO_RECOGNISER, settings.MODELS_URL, settings.MODELS_TOKEN = "remote", "ws://127.0.0.1:1", "t" * 32
    settings.AUDIO_LANGUAGES = [""]
    assert any("AUDIO_LANGUAGES" in line for line in choice.findings())


async def test_a_socket_needs_the_consent_too(voice: Voice) -> None:
    await asyncio.to_thread(take_back, voice, "transcription")
    async with wire(voice) as socket:
        error = await socket.until_error("transcription_consent_required")
        assert error["fatal"]
        assert await socket.until_closed() == 4010


# -- taken back while somebody speaks


@pytest.mark.parametrize(
    ("kind", "code"), [("transcription", "transcription_consent_required"), ("service", "stage_closed")]
)
async def test_taking_it_back_closes_the_socket_with_its_reason(voice: Voice, kind: Any, code: str) -> None:
    async with wire(voice) as socket:
        for seq, pcm in enumerate(speech(25)):
            socket.frame(seq, pcm)
        await socket.until_durable(24)
        began = asyncio.get_running_loop().time()
        await asyncio.to_thread(take_back, voice, kind)
        error = await socket.until_error(code, 3)
        assert error["fatal"]
        assert await socket.until_closed() == 4010
        assert asyncio.get_running_loop().time() - began < 3
        assert await asyncio.to_thread(erase_all, voice) == ["done"]
    assert waits_in_the_journal(voice) == 0


async def test_the_reason_is_right_even_where_the_journal_goes_first(voice: Voice) -> None:
    """The wake-up was lost and the job was quick: the next write finds why it is not taken."""
    async with wire(voice) as socket:
        for seq, pcm in enumerate(speech(10)):
            socket.frame(seq, pcm)
        await socket.until_durable(9)
        assert await in_firm(voice.firm, journal.withdraw_session, voice.session_id) == 1
        for seq, pcm in enumerate(speech(20)[10:], start=10):
            socket.frame(seq, pcm)
        await socket.until_error("transcription_consent_required", 3)
        assert await socket.until_closed() == 4010
    async with wire(voice, protocols=await asyncio.to_thread(fresh_protocols, voice)) as socket:
        await socket.until_error("session_expired")
    assert await in_firm(voice.firm, journal.withdraw_session, voice.session_id) == 0


async def test_another_language_closes_the_microphone_and_hears_what_was_said(voice: Voice) -> None:
    async with wire(voice) as socket:
        for seq, pcm in enumerate(speech(25)):
            socket.frame(seq, pcm)
        await socket.until_durable(24)
        await in_firm(voice.firm, intake_services.switch_language, intake_id=voice.intake_id, locale="es")
        await socket.until_error("language_not_heard", 3)
        assert await socket.until_closed() == 4010
    assert waits_in_the_journal(voice) > 0


def test_nothing_is_written_of_what_was_heard_before_it_was_taken_back(voice: Voice) -> None:
    take_back(voice, "transcription")
    with pytest.raises(NotAgreed):
        commit(voice, heard())
    with firm_scope(voice.firm), pytest.raises(NotAgreed):
        services.give_up(session_id=voice.session_id, epoch=1, start=0, pcm=b"\0\0" * 640, reason="asr_unavailable")
    with firm_scope(voice.firm):
        assert not Utterance.objects.exists()
        assert not Turn.objects.filter(modality="voice").exists()
    assert files(voice) == []


async def test_a_listener_that_comes_late_drops_the_journal_unheard(voice: Voice) -> None:
    async with wire(voice) as socket:
        for seq, pcm in enumerate(speech(25)):
            socket.frame(seq, pcm)
        await socket.until_durable(24)
    assert waits_in_the_journal(voice)
    await asyncio.to_thread(take_back, voice, "transcription")
    await in_firm(voice.firm, listen.fn, str(voice.session_id))
    assert waits_in_the_journal(voice) == 0
    assert not await in_firm(voice.firm, Utterance.objects.exists)


def test_a_commit_in_the_middle_makes_the_job_come_back(voice: Voice) -> None:
    """A commit holds its session and waits for the intake; a job that waited for the session would never end."""
    take_back(voice, "transcription")
    key = _erasure(voice)
    other = connections.create_connection("default")
    try:
        with firm_scope(voice.firm):
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("SELECT 1 FROM audio_voicesession WHERE id = %s FOR UPDATE", [voice.session_id])
            assert intake_services.run_erasure(erasure_id=key).state == "waiting"
            other.rollback()
            assert intake_services.run_erasure(erasure_id=key).state == "done"
    finally:
        other.close()


def _erasure(voice: Voice) -> Any:
    with firm_scope(voice.firm):
        return Erasure.objects.get(intake_id=voice.intake_id, what="voice_journal").id


# -- what was kept


def test_recordings_go_with_what_was_learned_of_the_voice_and_the_words_stay(voice: Voice) -> None:
    commit(voice, heard())
    commit(voice, heard("and left", start=40_000), epoch=1)
    with firm_scope(voice.firm):
        Utterance.objects.update(start_state_ct=b"x")
        write_master(f"recordings/{voice.session_id}/{new_id()}", b"\0\0" * 640, recording_id=new_id())
    assert len(files(voice)) == 3, "two recordings, and one of a commit that was cut off"
    take_back(voice, "keep_audio")
    assert erase_all(voice) == ["done"]
    assert files(voice) == []
    with firm_scope(voice.firm):
        assert not Recording.objects.exists()
        assert {bytes(row.start_state_ct) for row in Utterance.objects.all()} == {b""}
        assert [turn.text for turn in Turn.objects.filter(modality="voice")] == ["he shouted", "and left"]
        assert Erasure.objects.get().count == 3
    commit(voice, heard("once more", start=80_000))
    assert files(voice) == [], "nor is what comes after kept"


def test_a_recording_that_was_agreed_to_anew_stays(voice: Voice) -> None:
    commit(voice, heard())
    take_back(voice, "keep_audio")
    take_back(voice, "keep_audio", granted=True)
    commit(voice, heard("and left", start=40_000))
    assert erase_all(voice) == ["done"]
    with firm_scope(voice.firm):
        assert [row.utterance.text for row in recordings_of(voice.intake_id)] == ["and left"]
    assert len(files(voice)) == 1


def test_many_recordings_go_in_batches_and_others_stay(voice: Voice, live_firms: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(erasing, "BATCH", 2)
    bystander = make_voice(live_firms[0])
    commit(bystander, heard())
    for number in range(5):
        commit(voice, heard(f"part {number}", start=640 + 40_000 * number))
    take_back(voice, "keep_audio")
    assert erase_all(voice) == ["done"]
    with firm_scope(voice.firm):
        assert Recording.objects.get().utterance.session_id == bystander.session_id
    assert len(files(voice)) == 1


def test_a_disk_that_fails_is_tried_again(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(voice, heard())
    take_back(voice, "keep_audio")

    def broken(self: Any, name: str) -> None:
        raise OSError("read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("audio.erasing.FirmStorage.delete", broken)
        assert erase_all(voice) == ["waiting"]
    with firm_scope(voice.firm):
        assert Recording.objects.count() == 1, "a row stands for as long as its file does"
        assert Erasure.objects.get().next_at > timezone.now() - timedelta(seconds=1)
    assert erase_all(voice) == ["done"]
    assert files(voice) == []


# -- a "no" of the firm's


def test_a_no_empties_what_was_heard_too_early_and_became_no_turn(live_firms: Any) -> None:
    with firm_scope(live_firms[0]):
        begin("Globex", "Somebody")
    voice = make_voice(live_firms[0], client="Maria Silva", other="Globex", early=True)
    with firm_scope(voice.firm):
        check = ConflictCheck.objects.get(intake_id=voice.intake_id, result="hit")
        services.give_up(session_id=voice.session_id, epoch=1, start=0, pcm=PCM, reason="no_words")
    commit(voice, heard("he has my dog", start=40_000))
    assert len(files(voice)) == 2, "one that nobody understood, one that came when it had stopped"
    with firm_scope(voice.firm):
        staff = User.objects.create_user("attorney@example.test", None, is_staff=True, name="Ada Counsel")
        intake_services.decide_conflict(check_id=check.id, decision="confirmed", reason="Our client.", user=staff)
        assert files(voice) == []
        assert {(bytes(one.text_ct), bytes(one.words_ct)) for one in Utterance.objects.all()} == {(b"", b"")}
        assert AuditEvent.objects.get(chain=voice.intake_id, action="turns.purged").data["recordings"] == 2


def test_a_no_to_one_client_leaves_what_others_said(live_firms: Any) -> None:
    other = make_voice(live_firms[0])
    with firm_scope(other.firm):
        services.give_up(session_id=other.session_id, epoch=1, start=0, pcm=PCM, reason="no_words")
        emptying.empty(new_id(), frozenset())
        assert Recording.objects.count() == 1
