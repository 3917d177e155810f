"""What lies in Redis: sealed, fenced, repeated without harm, and gone in time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from django.db import DatabaseError

from audio import journal, periodic, selectors
from audio.frames import Frame
from audio.journal_writer import Write, _call, writer
from audio.lease import lease
from audio.models import Utterance
from audio.replicas import Replicas
from tenants import keys
from tenants.context import firm_scope
from tenants.errors import CannotDecrypt
from tenants.redis import journal_redis
from tests.audio.clips import clips
from tests.audio.voices import Voice, another_session, make_voice

PCM = clips()[0].pcm[2 * clips()[0].first_voiced :]


@pytest.fixture
def voice(live_firms: Any) -> Voice:
    return make_voice(live_firms[0])


def frames(count: int, first: int = 0) -> list[Frame]:
    return [Frame(seq, 640 * seq, PCM[1280 * seq : 1280 * (seq + 1)]) for seq in range(first, first + count)]


def append(voice: Voice, some: list[Frame], epoch: int) -> str:
    """Write one entry as the writer does; what it answers."""
    with firm_scope(voice.firm):
        entry = journal.seal_entry(voice.session_id, [journal.frame_record(f) for f in some], keys.ring())
        write = Write(
            journal.session_keys(voice.session_id), epoch, b"", some[-1].seq + 1, True, f"{some[0].seq + 1}-0", entry
        )

        async def call() -> bytes:
            from tenants.redis import close_async_clients

            running = writer()
            try:
                return await _call(*running._command([write]), Replicas(0))
            finally:
                running._task.cancel()
                await close_async_clients()

        return asyncio.run(call()).decode()


def read(voice: Voice) -> list[journal.Record]:
    with firm_scope(voice.firm):
        return journal.JournalReader(voice.session_id, 0).read(1)


def test_what_goes_in_comes_out_and_is_sealed(voice: Voice) -> None:
    with firm_scope(voice.firm):
        state = journal.take_socket(voice.session_id)
        assert state is not None
        assert (state.epoch, state.next_seq, state.gate) == (1, 0, None)
    assert append(voice, frames(3), 1) == "k"
    assert [(r.seq, r.sample_pos, r.pcm) for r in read(voice)] == [(f.seq, f.sample_pos, f.pcm) for f in frames(3)]
    with firm_scope(voice.firm):
        stream = journal.session_keys(voice.session_id).stream
        entries: Any = journal_redis().xrange(stream)
        [(_, fields)] = entries
        assert frames(1)[0].pcm[:40] not in fields[b"e"]
        other = another_session(voice)
        with pytest.raises(CannotDecrypt):
            journal.open_entry(other.session_id, fields[b"e"])


def test_a_repeated_write_changes_nothing(voice: Voice) -> None:
    with firm_scope(voice.firm):
        journal.take_socket(voice.session_id)
    assert [append(voice, frames(3), 1) for _ in range(3)] == ["k"] * 3
    assert len(read(voice)) == 3
    with firm_scope(voice.firm):
        assert journal.take_socket(voice.session_id).next_seq == 3  # type: ignore[union-attr]


def test_a_replaced_sockets_write_is_refused(voice: Voice) -> None:
    with firm_scope(voice.firm):
        journal.take_socket(voice.session_id)
        journal.take_socket(voice.session_id)
    assert append(voice, frames(3), 1) == "r"
    assert read(voice) == []
    assert append(voice, frames(3), 2) == "k"


def test_overlapping_frames_are_read_once(voice: Voice) -> None:
    with firm_scope(voice.firm):
        journal.take_socket(voice.session_id)
    append(voice, frames(4), 1)
    append(voice, frames(4, first=2), 1)
    assert [record.seq for record in read(voice)] == [0, 1, 2, 3, 4, 5]


def test_uncommitted_stays_a_day_and_committed_a_quarter_of_an_hour(voice: Voice) -> None:
    with firm_scope(voice.firm):
        journal.take_socket(voice.session_id)
        append(voice, frames(4), 1)
        names = journal.session_keys(voice.session_id)
        client = journal_redis()
        assert client.ttl(names.stream) > journal.UNCOMMITTED_SECONDS
        assert client.zscore(journal.pending_key(), names.member) is not None
        with lease(voice.session_id, 0) as held:
            assert held is not None
            reader = journal.JournalReader(voice.session_id, 0)
            reader.read(1)
            assert reader.trim(held.epoch, 640 * 4) == 0
        assert client.zscore(journal.pending_key(), names.member) is None
        for name in (names.stream, names.state):
            assert client.ttl(name) <= journal.COMMITTED_TTL
        assert journal.starting_point(voice.session_id, 0) == 640 * 4


def test_one_listener_is_sent_at_a_time(voice: Voice) -> None:
    with firm_scope(voice.firm):
        journal.take_socket(voice.session_id)
        assert not journal.claim_listener(voice.session_id), "nothing waits"
        append(voice, frames(4), 1)
        assert journal.claim_listener(voice.session_id)
        assert not journal.claim_listener(voice.session_id), "one is on the way"
        with lease(voice.session_id, 0) as held:
            assert held is not None
            assert not journal.claim_listener(voice.session_id), "one is there"
            held.park_at = "1-0"
        assert not journal.claim_listener(voice.session_id), "it left on purpose what it knew"
        append(voice, frames(4, first=4), 1)
        assert journal.claim_listener(voice.session_id), "there is more now"


def test_what_a_client_left_open_is_ended_when_it_does_not_come_back(
    voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(periodic, "send_listener", lambda _, reason: sent.append(reason))
    monkeypatch.setattr(periodic, "RESUME_WINDOW_SECONDS", 0.2)
    with firm_scope(voice.firm):
        journal.take_socket(voice.session_id)
        append(voice, frames(4), 1)
        with lease(voice.session_id, 0) as held:
            assert held is not None
            held.park_at = "1-0"
    periodic.reap()
    assert sent == []
    time.sleep(0.3)
    periodic.reap()
    assert sent == ["abandoned"]
    assert read(voice)[-1].flags == journal.MARK_END


def test_a_day_old_is_given_up_and_said(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    with firm_scope(voice.firm):
        journal.take_socket(voice.session_id)
    append(voice, frames(25), 1)
    monkeypatch.setattr(journal, "UNCOMMITTED_SECONDS", 0)
    periodic.reap()
    with firm_scope(voice.firm):
        row = Utterance.objects.get()
        assert (row.status, row.error, row.end_sample) == ("failed", "uncommitted_too_long", 640 * 25)
        assert journal.take_socket(voice.session_id) is None
        assert not journal_redis().zscore(journal.pending_key(), journal.session_keys(voice.session_id).member)


def test_a_firm_whose_schema_is_broken_does_not_keep_the_others_from_their_turn(
    voice: Voice, live_firms: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_voice(live_firms[1])
    for one in (voice, other):
        with firm_scope(one.firm):
            journal.take_socket(one.session_id)
        append(one, frames(25), 1)
    monkeypatch.setattr(journal, "UNCOMMITTED_SECONDS", 0)
    look_up = selectors.voice_session

    def broken(session_id: Any) -> Any:
        if session_id == voice.session_id:
            raise DatabaseError("relation does not exist")
        return look_up(session_id)

    monkeypatch.setattr(selectors, "voice_session", broken)
    periodic.reap()
    with firm_scope(other.firm):
        assert Utterance.objects.get().error == "uncommitted_too_long"
    with firm_scope(voice.firm):
        assert not Utterance.objects.exists()
        assert journal_redis().zscore(journal.pending_key(), journal.session_keys(voice.session_id).member)


def test_all_goes_with_the_firm_and_only_that_firms(voice: Voice, live_firms: Any) -> None:
    other = make_voice(live_firms[1])
    for one in (voice, other):
        with firm_scope(one.firm):
            journal.take_socket(one.session_id)
        append(one, frames(4), 1)
    with firm_scope(voice.firm):
        assert journal.discard_firm() >= 2
        assert journal.take_socket(voice.session_id) is None
    assert len(read(other)) == 4
    with firm_scope(other.firm):
        assert journal_redis().zscore(journal.pending_key(), journal.session_keys(other.session_id).member)
        journal.discard_firm()
