"""Rehearsals aloud: spoken by espeak-ng, heard by the real recogniser, committed as a slot commits, and rolled back."""

from __future__ import annotations

import io
import shutil
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audio.models import Utterance, VoiceSession
from audio.rehearsing import CannotSpeak, Spoken, check_speech, heard_in, synthesise
from intake.models import Turn
from tenants.redis import journal_redis
from tests.intake.talk import begin

spoken = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed here")


def test_without_a_voice_it_says_what_to_install(public: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audio.rehearsing.shutil.which", lambda _name: None)
    with pytest.raises(CannotSpeak, match="apt-get install espeak-ng"):
        synthesise("hello", "en")
    with pytest.raises(CommandError, match="apt-get install espeak-ng") as raised:
        call_command("rehearse", "harbor.localhost", persona=["kyle"], voice=True, stdout=io.StringIO())
    assert raised.value.returncode == 1


@spoken
def test_a_language_that_the_recogniser_does_not_know_is_refused() -> None:
    check_speech("en")
    with pytest.raises(CannotSpeak, match="knows English alone"):
        check_speech("es")


@spoken
@pytest.mark.slow
def test_what_is_spoken_is_heard_and_becomes_turns_with_their_place_in_the_audio() -> None:
    assert heard_in(synthesise("hello, how are you today", "en"))
    intake = begin("Maria Silva", "Globex", heard=True)
    voice = Spoken()
    before = journal_redis().keys("*")
    took = [voice.speak(intake, text) for text in ("They kept my deposit and never wrote to me.", "I want it back.")]
    assert all(took)
    turns = Turn.objects.filter(intake=intake, modality="voice").order_by("number")
    assert len(turns) >= 2
    places: list[Any] = [(turn.audio_start_ms, turn.audio_end_ms) for turn in turns]
    assert places == sorted(places)
    assert VoiceSession.objects.filter(intake=intake).count() == 1, "one microphone"
    assert Utterance.objects.filter(session__intake=intake).count() >= len(turns)
    assert journal_redis().keys("*") == before, "no journal outlives a rehearsal"
