"""Near its memory limit the journal takes no new speakers; those who speak go on, and typing is offered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from audio import journal, services
from audio.errors import JournalFull
from audio.models import VoiceSession
from tenants.context import firm_scope
from tenants.problems import exception_handler
from tenants.redis import journal_redis
from tests.audio.voices import Voice, make_voice


@pytest.fixture
def voice(live_firms: Any) -> Voice:
    return make_voice(live_firms[0])


@pytest.fixture
def limit() -> Iterator[Any]:
    """Sets the journal's memory limit, in per cent of what it uses now."""
    client = journal_redis()

    def set_limit(percent: int) -> None:
        used = int(client.info("memory")["used_memory"])
        client.config_set("maxmemory", used * percent // 100)

    yield set_limit
    client.config_set("maxmemory", 0)


def test_a_full_journal_takes_no_new_session_and_keeps_those_it_has(voice: Voice, limit: Any) -> None:
    with firm_scope(voice.firm):
        session = VoiceSession.objects.get(pk=voice.session_id)
        count = VoiceSession.objects.count()
        limit(110)
        with pytest.raises(JournalFull):
            services.open_session(intake=session.intake)
        assert VoiceSession.objects.count() == count
        assert services.ticket_for(session_id=session.id, intake_id=session.intake_id), "who speaks may come back"
        assert journal.take_socket(session.id) is not None
        limit(200)
        assert services.open_session(intake=session.intake).ticket


def test_the_share_is_a_setting_and_no_limit_is_never_full(limit: Any) -> None:
    limit(150)
    journal.check_room()
    with override_settings(JOURNAL_FULL_PERCENT=50), pytest.raises(JournalFull):
        journal.check_room()
    journal_redis().config_set("maxmemory", 0)
    with override_settings(JOURNAL_FULL_PERCENT=1):
        journal.check_room()


def test_the_client_is_told_to_type() -> None:
    answer = exception_handler(JournalFull(), {})
    assert answer is not None
    assert answer.status_code == 503
    assert answer.data["code"] == "journal_full"
    assert answer.data["typing"] is True
    assert "Please type" in answer.data["detail"]
    assert int(answer.headers["Retry-After"]) > 0
