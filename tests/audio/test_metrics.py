"""What the voice counts: the age of a caption, what was not sent, and who was refused."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
import redis

from audio import captions, journal, services
from audio.api.views import _opened
from audio.arrivals import MARKS, Arrivals
from audio.errors import AudioError, SpeakingClosed
from audio.metrics import (
    CAPTION_SECONDS,
    CAPTIONS_SUPPRESSED,
    CLOSED,
    SESSIONS,
    WAITING,
    WAITING_SECONDS,
    WAITING_SESSIONS,
)
from audio.outbox import Outbox
from tests.audio.voices import Voice, in_firm, make_voice
from tests.audio.wire import Wire

STEP = 640


def suppressed(reason: str) -> float:
    return float(CAPTIONS_SUPPRESSED.labels(reason)._value.get())


def observed() -> tuple[float, float]:
    """How many captions were timed, and how many of them within 0.8 s."""
    counts = [bucket.get() for bucket in CAPTION_SECONDS._buckets]
    aim = CAPTION_SECONDS._upper_bounds.index(0.8)
    return sum(counts), sum(counts[: aim + 1])


# -- arrivals


def marked(count: int) -> Arrivals:
    arrivals = Arrivals()
    for index in range(count):
        arrivals.note((index * STEP, (index + 1) * STEP, float(index)))
    return arrivals


@pytest.mark.parametrize(
    ("sample", "at"), [(1, 0.0), (STEP, 0.0), (STEP + 1, 1.0), (9 * STEP + 1, 9.0), (10 * STEP, 9.0)]
)
def test_audio_came_with_the_frame_that_ends_it(sample: int, at: float) -> None:
    assert marked(10).of(sample) == at


def test_audio_of_an_earlier_socket_or_not_come_yet_has_no_time() -> None:
    arrivals = Arrivals()
    assert arrivals.of(100) is None
    arrivals.note((5000, 5640, 1.0))
    assert arrivals.of(5000) is None
    assert arrivals.of(5001) == 1.0
    assert arrivals.of(5641) is None


def test_audio_that_is_long_gone_is_as_old_as_the_oldest_that_is_kept() -> None:
    arrivals = marked(MARKS + 100)
    assert arrivals.of(STEP) == 100.0


def test_after_a_pause_the_frame_that_follows_counts() -> None:
    arrivals = marked(3)
    arrivals.note((100 * STEP, 101 * STEP, 50.0))
    assert arrivals.of(50 * STEP) == 50.0
    assert arrivals.of(3 * STEP) == 2.0


# -- the outbox


async def test_a_caption_is_timed_when_it_has_been_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    outbox, before = Outbox(uuid4(), 1), observed()
    monkeypatch.setattr("audio.outbox.time.monotonic", lambda: 100.0)
    for item, came in (("a", 99.3), ("b", 99.1), ("c", 90.0), ("d", None)):
        outbox.caption({"type": "partial", "item_id": item}, came)
    outbox.close(1000)

    async def send(_message: dict[str, Any]) -> None:
        await asyncio.sleep(0)

    await outbox.run(send)
    after = observed()
    assert (after[0] - before[0], after[1] - before[1]) == (3, 1)


async def test_what_is_replaced_or_final_while_it_waits_is_suppressed() -> None:
    outbox, before = Outbox(uuid4(), 1), (suppressed("replaced"), suppressed("final"))
    for revision in range(4):
        outbox.caption({"type": "partial", "item_id": "a", "revision": revision})
    outbox.caption({"type": "partial", "item_id": "b"})
    outbox.forget_caption("a")
    outbox.forget_caption("never-seen")
    assert (suppressed("replaced") - before[0], suppressed("final") - before[1]) == (3, 1)


# -- the layer


PARTIAL = {"type": "conversation.item.input_audio_transcription.partial", "item_id": "a", "text": "words"}


def test_a_caption_that_redis_did_not_take_is_suppressed(firm: Any, settings: Any) -> None:
    settings.REDIS_CACHE_URL = "redis://127.0.0.1:1/0"
    before = suppressed("layer_down")
    captions.publish_caption(uuid4(), dict(PARTIAL))
    captions.publish_caption(uuid4(), {"type": "input_audio_buffer.speech_started"})
    assert suppressed("layer_down") - before == 1


def test_a_caption_for_nobody_is_told_apart(firm: Any) -> None:
    before = suppressed("no_reader"), suppressed("layer_down")
    captions.publish_caption(uuid4(), dict(PARTIAL))
    assert (suppressed("no_reader") - before[0], suppressed("layer_down") - before[1]) == (1, 0)


# -- one socket


@pytest.fixture
def voice(live_firms: Any) -> Voice:
    return make_voice(live_firms[0])


async def test_a_socket_times_captions_by_its_own_clock_and_keeps_the_position_inside(voice: Voice) -> None:
    before = observed()
    async with Wire(voice.host, voice.cookie, voice.protocols) as socket:
        await socket.until("session.created")
        socket.frame(0, bytes(2 * STEP))
        await asyncio.sleep(0.1)
        event = {**PARTIAL, "item_id": str(uuid4()), "revision": 1, "speculative": False, "sample": STEP}
        for _ in range(50):
            await in_firm(voice.firm, captions.publish_caption, voice.session_id, dict(event))
            await asyncio.sleep(0.05)
            if observed()[0] > before[0]:
                break
        told = await socket.until(PARTIAL["type"])
        assert "sample" not in told
    after = observed()
    assert after[0] > before[0]
    assert after[1] - before[1] == after[0] - before[0]


async def test_the_end_of_a_socket_is_counted_by_its_code(voice: Voice) -> None:
    before = CLOSED.labels("1000")._value.get(), CLOSED.labels("client")._value.get()
    async with Wire(voice.host, voice.cookie, voice.protocols) as socket:
        await socket.until("session.created")
        socket.tell("session.close")
        assert await socket.until_closed() == 1000
    assert CLOSED.labels("1000")._value.get() == before[0] + 1
    assert CLOSED.labels("client")._value.get() == before[1]


# -- sessions


def sessions(outcome: str) -> float:
    return float(SESSIONS.labels(outcome)._value.get())


@pytest.mark.parametrize(("error", "counted"), [(redis.ConnectionError("away"), 1), (SpeakingClosed(), 0)])
def test_a_session_that_we_refuse_is_counted_and_one_that_may_not_be_is_not(
    monkeypatch: pytest.MonkeyPatch, error: Exception, counted: int
) -> None:
    def refuse(**_: Any) -> Any:
        raise error

    monkeypatch.setattr(services, "open_session", refuse)
    before = sessions("opened"), sessions("refused_unavailable")
    with pytest.raises(type(error)):
        _opened(None)  # type: ignore[arg-type]
    assert (sessions("opened") - before[0], sessions("refused_unavailable") - before[1]) == (0, counted)


def test_a_session_that_was_opened_is_counted(firm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = services.Opened(uuid4(), "resume", "ticket")
    monkeypatch.setattr(services, "open_session", lambda **_: made)
    before = sessions("opened")
    assert _opened(None) is made  # type: ignore[arg-type]
    assert sessions("opened") == before + 1


def test_a_refusal_with_a_status_of_ours_is_counted_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(AudioError):
        code, status = "journal_full", 503

    def refuse(**_: Any) -> Any:
        raise Full("no room")

    monkeypatch.setattr(services, "open_session", refuse)
    before = sessions("refused_journal_full")
    with pytest.raises(Full):
        _opened(None)  # type: ignore[arg-type]
    assert sessions("refused_journal_full") == before + 1


# -- what waits


def test_the_reaper_tells_how_long_audio_has_waited(live_firms: Any) -> None:
    from audio.periodic import reap
    from tenants.redis import journal_redis

    journal_redis().zadd(journal.pending_key(), {f"{uuid4()}:{uuid4()}": 1.0})
    reap()
    told = {family.name: family.samples[0].value for family in WAITING.collect()}
    assert told[WAITING_SESSIONS] >= 1
    assert told[WAITING_SECONDS] > 1_000_000
    reap()  # that firm is unknown: it was let go
    told = {family.name: family.samples[0].value for family in WAITING.collect()}
    assert told[WAITING_SECONDS] < 1_000_000
