"""A commit happens once, whole or not at all, and only under the newest lease."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections

from audio import services
from audio.errors import LeaseLost
from audio.models import Recording, Utterance, VoiceSession
from audio.recordings import master_pcm
from audio.utterances import Final, Reason
from intake.models import AuditEvent, Intake, Turn
from tenants.context import firm_scope
from tenants.storage import FirmStorage, firm_folder
from tests.audio.clips import clips
from tests.audio.voices import Voice, make_voice
from tests.intake.talk import to_review

PCM = clips()[0].pcm[: 2 * 16_000]


@pytest.fixture
def voice(live_firms: Any) -> Voice:
    return make_voice(live_firms[0])


def heard(text: str = "he shouted", start: int = 640, pcm: bytes = PCM) -> Final:
    words: Any = tuple(
        {"word": word, "start_ms": 40 + 100 * i, "end_ms": 130 + 100 * i} for i, word in enumerate(text.split())
    )
    after = '{"recogniser": "1", "continues": false}'
    return Final(text, words, start, start + len(pcm) // 2, None, after, Reason.SILENCE, pcm)


def commit(voice: Voice, final: Final, epoch: int = 1) -> services.Committed:
    with firm_scope(voice.firm):
        return services.commit_utterance(session_id=voice.session_id, epoch=epoch, heard=final, recogniser="test 1")


def files(voice: Voice) -> list[str]:
    folder = firm_folder(voice.firm)
    return [str(path) for path in folder.rglob("*") if path.is_file()]


def test_everything_is_written_together(voice: Voice) -> None:
    done = commit(voice, heard())
    with firm_scope(voice.firm):
        row = Utterance.objects.get(pk=done.utterance_id)
        turn = Turn.objects.get(utterance_id=row.id)
        assert (row.text, turn.text, turn.modality) == ("he shouted", "he shouted", "voice")
        assert row.turn_number == turn.number
        assert [word["word"] for word in row.words] == ["he", "shouted"]
        assert (turn.audio_start_ms, turn.audio_end_ms) == (40, 230)
        assert Turn.objects.filter(number__gt=turn.number, role="assistant").exists()
        assert master_pcm(row.recording) == PCM
        assert FirmStorage().exists(row.recording.name)
        session = VoiceSession.objects.get(pk=voice.session_id)
        assert (session.epoch, session.committed_sample, session.state) == (1, 640 + len(PCM) // 2, heard().next_state)
        assert AuditEvent.objects.filter(action="utterance.committed").count() == 1
        assert b"shouted" not in bytes(row.text_ct) + bytes(row.words_ct)


def test_again_by_anybody_is_the_same_one(voice: Voice) -> None:
    first = commit(voice, heard())
    again = commit(voice, heard(), epoch=5)
    assert (first.created, again.created) == (True, False)
    assert first.utterance_id == again.utterance_id
    with firm_scope(voice.firm):
        assert Utterance.objects.count() == 1
        assert Turn.objects.filter(modality="voice").count() == 1
    assert len(files(voice)) == 1


def test_many_at_once_make_one(voice: Voice) -> None:
    results: list[bool] = []

    def work() -> None:
        try:
            results.append(commit(voice, heard(), epoch=3).created)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 5 + [True]
    assert len(files(voice)) == 1


def test_a_lower_epoch_is_refused_and_leaves_nothing(voice: Voice) -> None:
    commit(voice, heard(), epoch=7)
    with pytest.raises(LeaseLost):
        commit(voice, heard("stale", start=100_000), epoch=6)
    with firm_scope(voice.firm):
        assert Utterance.objects.count() == 1
    assert len(files(voice)) == 1


def test_audio_that_was_committed_in_other_pieces_is_refused(voice: Voice) -> None:
    commit(voice, heard())
    with pytest.raises(LeaseLost):
        commit(voice, heard("overlapping", start=1280), epoch=1)


def test_a_failure_leaves_no_file(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("in the last step")

    monkeypatch.setattr(services, "_audit", broken)
    with pytest.raises(RuntimeError):
        commit(voice, heard())
    assert files(voice) == []
    with firm_scope(voice.firm):
        assert not Utterance.objects.exists()
        assert not Turn.objects.filter(modality="voice").exists()


def test_an_empty_utterance_makes_no_turn_and_keeps_no_audio(voice: Voice) -> None:
    done = commit(voice, heard(""))
    assert done.status == "empty"
    with firm_scope(voice.firm):
        assert not Turn.objects.filter(modality="voice").exists()
        assert VoiceSession.objects.get(pk=voice.session_id).committed_sample == 640 + len(PCM) // 2
    assert files(voice) == []


def test_without_consent_there_is_no_recording(live_firms: Any) -> None:
    voice = make_voice(live_firms[0], keep_audio=False)
    commit(voice, heard())
    with firm_scope(voice.firm):
        assert not Recording.objects.exists()
    assert files(voice) == []


def test_a_closed_stage_keeps_the_words_and_says_so(voice: Voice) -> None:
    from intake import services as conversation

    commit(voice, heard())
    with firm_scope(voice.firm):
        to_review(Intake.objects.get(pk=voice.intake_id))
        conversation.send_intake(intake_id=voice.intake_id)
    done = commit(voice, heard("too late", start=200_000))
    with firm_scope(voice.firm):
        row = Utterance.objects.get(pk=done.utterance_id)
        assert (row.status, row.error, row.text, row.turn_number) == ("failed", "stage_closed", "too late", None)


def test_giving_up_keeps_the_audio_that_may_be_kept(voice: Voice) -> None:
    with firm_scope(voice.firm):
        services.give_up(session_id=voice.session_id, epoch=2, start=640, pcm=PCM, reason="asr_unavailable")
        row = Utterance.objects.get()
        assert (row.status, row.error) == ("failed", "asr_unavailable")
        assert master_pcm(row.recording) == PCM
        with pytest.raises(LeaseLost):
            services.give_up(session_id=voice.session_id, epoch=1, start=90_000, pcm=PCM, reason="asr_unavailable")
