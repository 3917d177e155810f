"""One socket: who may come, what it takes and refuses, what it says and when it closes."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any
from uuid import uuid4

import pytest

from audio import journal, live
from audio.frames import HEADER_BYTES
from intake import services as intake_services
from intake.models import Intake
from tenants.models import Firm
from tenants.redis import journal_redis
from tests.audio.clips import clips, room
from tests.audio.voices import Voice, another_session, fresh_protocols, in_firm, make_voice
from tests.audio.wire import Wire
from tests.intake.talk import to_review

QUIET = room(640)


@pytest.fixture
def voice(live_firms: Any) -> Voice:
    return make_voice(live_firms[0])


def wire(voice: Voice, **options: Any) -> Wire:
    return Wire(voice.host, voice.cookie, options.pop("protocols", voice.protocols), **options)


def speech(frames: int) -> list[bytes]:
    pcm = clips()[0].pcm[clips()[0].first_voiced * 2 :]
    return [pcm[1280 * index : 1280 * (index + 1)] for index in range(frames)]


async def test_greets_with_limits(voice: Voice) -> None:
    async with wire(voice) as socket:
        created = await socket.until("session.created", session_id=str(voice.session_id))
        assert socket.accepted == "intake.realtime.v1"
        assert created["last_turn"] == voice.last_turn + 0 or created["last_turn"] >= 0


@pytest.mark.parametrize(("origin", "status"), [("http://evil.example", 403), ("", 403), ("null", 403)])
async def test_wrong_origin_is_403_before_accept(voice: Voice, origin: str, status: int) -> None:
    async with wire(voice, origin=origin) as socket:
        await socket.until_refused()
        assert (socket.status, socket.accepted) == (status, None)


async def test_a_ticket_opens_one_socket(voice: Voice) -> None:
    async with wire(voice) as first:
        await first.until("session.created")
        async with wire(voice) as second:
            error = await second.until_error("ticket_invalid")
            assert error["fatal"]
            assert await second.until_closed() == 4001


async def test_a_ticket_needs_its_own_cookie(voice: Voice, live_firms: Any) -> None:
    stranger = await asyncio.to_thread(make_voice, live_firms[0])
    async with Wire(voice.host, stranger.cookie, voice.protocols) as socket:
        await socket.until_error("ticket_invalid")
        assert await socket.until_closed() == 4001
    async with Wire(voice.host, "", fresh := await asyncio.to_thread(fresh_protocols, voice)) as socket:
        assert fresh
        assert await socket.until_closed() == 4001


async def test_another_firms_ticket_is_nothing_here(voice: Voice, live_firms: Any) -> None:
    other = await asyncio.to_thread(make_voice, live_firms[1])
    async with Wire(voice.host, other.cookie, other.protocols) as socket:
        await socket.until_error("ticket_invalid")
        assert await socket.until_closed() == 4001


async def test_without_our_protocol_there_is_no_session(voice: Voice) -> None:
    async with wire(voice, protocols=["chat"]) as socket:
        await socket.until_error("unsupported_protocol")
        assert await socket.until_closed() == 4001


async def test_a_forgotten_journal_is_a_session_that_is_over(voice: Voice) -> None:
    await in_firm(voice.firm, journal.discard_session, voice.session_id)
    async with wire(voice) as socket:
        await socket.until_error("session_expired")
        assert await socket.until_closed() == 4004


async def test_quiet_frames_become_durable_but_for_what_the_gate_holds(voice: Voice) -> None:
    async with wire(voice) as socket:
        for seq in range(60):
            socket.frame(seq, QUIET)
        await socket.until_durable(40)
        await asyncio.sleep(1.5)  # an acknowledgement nobody waits for comes within a second
        last = [e for e in socket.events if e["type"] == "input_audio_buffer.ack"][-1]
        assert last["received_seq"] == 59
        assert 44 <= last["durable_seq"] < 59, "the last 500 ms are only in memory"


async def test_speech_is_durable_to_the_last_frame_and_sealed(voice: Voice) -> None:
    async with wire(voice) as socket:
        for seq, pcm in enumerate(speech(25)):
            socket.frame(seq, pcm)
        await socket.until_durable(24)
        stream = (await in_firm(voice.firm, journal.session_keys, voice.session_id)).stream
        entries: Any = await in_firm(voice.firm, lambda: journal_redis().xrange(stream))
        assert entries
        whole = b"".join(fields[b"e"] for _, fields in entries)
        assert speech(25)[12][:64] not in whole


async def test_duplicates_are_dropped_but_acknowledged(voice: Voice) -> None:
    async with wire(voice) as socket:
        for seq, pcm in enumerate(speech(20)):
            socket.frame(seq, pcm)
        await socket.until_durable(19)
        count = len(socket.events)
        for seq, pcm in enumerate(speech(20)):
            socket.frame(seq, pcm)
        await asyncio.sleep(1.5)  # an acknowledgement nobody waits for comes within a second
        acks = [e for e in socket.events[count:] if e["type"] == "input_audio_buffer.ack"]
        assert acks
        assert all(ack["received_seq"] == 19 for ack in acks)


async def test_out_of_order_is_put_in_order(voice: Voice) -> None:
    async with wire(voice) as socket:
        frames = speech(20)
        for seq in (0, 2, 1, 4, 3, *range(5, 20)):
            socket.frame(seq, frames[seq])
        await socket.until_durable(19)
        assert not [e for e in socket.events if e["type"] == "error"]


async def test_a_gap_is_said_after_a_second_and_filled(voice: Voice) -> None:
    async with wire(voice) as socket:
        frames = speech(20)
        for seq in (0, 1, 2, *range(5, 20)):
            socket.frame(seq, frames[seq])
        error = await socket.until_error("sequence_gap")
        assert error["next_expected_seq"] == 3
        assert not error["fatal"]
        for seq in range(3, 20):
            socket.frame(seq, frames[seq])
        await socket.until_durable(19)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x01\x00", "frame_too_short"),
        (struct.pack("<BBHIQ", 1, 0, 0, 0, 0), "frame_too_short"),
        (struct.pack("<BBHIQ", 9, 0, 0, 0, 0) + QUIET, "unknown_frame_type"),
        (struct.pack("<BBHIQ", 1, 7, 0, 0, 0) + QUIET, "unsupported_codec"),
        (struct.pack("<BBHIQ", 1, 0, 0, 0, 0) + QUIET[:-1], "frame_odd_bytes"),
        (struct.pack("<BBHIQ", 1, 0, 0, 0, 0) + QUIET[:100], "frame_duration"),
        (struct.pack("<BBHIQ", 1, 0, 0, 0, 0) + bytes(40_000), "frame_duration"),
        (struct.pack("<BBHIQ", 1, 0, 0, 0, 2**64 - 1) + QUIET, "frame_duration"),
    ],
)
async def test_a_bad_frame_has_a_code_and_the_next_good_one_is_taken(voice: Voice, data: bytes, code: str) -> None:
    async with wire(voice) as socket:
        socket.raw(data)
        error = await socket.until_error(code)
        assert not error["fatal"]
        for seq, pcm in enumerate(speech(20)):
            socket.frame(seq, pcm)
        await socket.until_durable(19)


async def test_ten_bad_frames_are_enough(voice: Voice) -> None:
    async with wire(voice) as socket:
        for _ in range(10):
            socket.raw(b"\x01")
        assert await socket.until_closed() == 4101


async def test_over_the_cap_is_1009_alone(voice: Voice) -> None:
    async with wire(voice) as socket:
        await socket.until("session.created")
        socket.raw(bytes(HEADER_BYTES + 70_000))
        assert await socket.until_closed() == 1009
        assert not [e for e in socket.events if e["type"] == "error"]


async def test_a_clock_that_goes_back_is_refused(voice: Voice) -> None:
    async with wire(voice) as socket:
        socket.frame(0, QUIET, 6400)
        socket.frame(1, QUIET, 0)
        await socket.until_error("invalid_message")
        assert await socket.until_closed() == 1008


async def test_too_fast_is_warned_then_closed_and_what_came_stays(voice: Voice) -> None:
    async with wire(voice) as first:
        frames = speech(25)
        for seq in range(400):
            first.frame(seq, frames[seq % 25])
        warning = await first.until_error("rate_limited")
        assert warning["retry_after_ms"]
        assert await first.until_closed() == 4029
    async with wire(voice, protocols=await asyncio.to_thread(fresh_protocols, voice)) as socket:
        await socket.until("session.created")
        socket.tell(
            "session.resume", session_id=str(voice.session_id), resume_token=voice.resume_token,
            last_turn=0, next_audio_seq=400, oldest_buffered_seq=0,
        )  # fmt: skip
        resumed = await socket.until("session.resumed")
        # What was acknowledged, and what reached the journal before the next socket took over.
        acked = max(e["durable_seq"] for e in first.events if e["type"] == "input_audio_buffer.ack")
        assert acked > 100
        assert acked < resumed["next_expected_seq"] <= live.BURST_SAMPLES // 640 + 8


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", '{"a":1}', '{"type":1}', '{"type":"no.such"}', "[" * 5000, "\ud83d"]
)
async def test_json_that_is_none_has_a_code(voice: Voice, text: str) -> None:
    async with wire(voice) as socket:
        socket.text(text)
        await socket.until_error("invalid_message")
        socket.tell("ping", t=5)
        assert (await socket.until("pong"))["t"] == 5


async def test_a_long_message_has_a_code(voice: Voice) -> None:
    async with wire(voice) as socket:
        socket.text(json.dumps({"type": "ping", "t": "x" * 40_000}))
        await socket.until_error("message_too_large")


async def test_typed_turns_come_by_the_socket_once(voice: Voice) -> None:
    async with wire(voice) as socket:
        event_id = str(uuid4())
        for _ in range(2):
            socket.tell("conversation.item.create", event_id=event_id, item={"text": "He shouted."})
        turn = await socket.until("turn", text="He shouted.")
        assert (turn["role"], turn["modality"]) == ("client", "typed")
        socket.tell("conversation.item.create", event_id="mine-1", item={"text": "Then he left."})
        await socket.until("turn", text="Then he left.")
        said = [e["text"] for e in socket.events if e["type"] == "turn" and e["role"] == "client"]
        assert said.count("He shouted.") == 1


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"text": " \x00\x07 "}, "text_empty"),
        ({"text": "so", "supersedes": 999}, "no_such_turn"),
        ({"text": 5}, "invalid_message"),
        ({"text": "so", "supersedes": -1}, "invalid_message"),
        ("so", "invalid_message"),
    ],
)
async def test_a_typed_turn_that_is_refused_has_a_code(voice: Voice, item: Any, code: str) -> None:
    async with wire(voice) as socket:
        socket.tell("conversation.item.create", event_id="e1", item=item)
        error = await socket.until_error(code)
        assert error["client_event_id"] == "e1"
        assert not error["fatal"]


async def test_turns_typed_elsewhere_arrive(voice: Voice) -> None:
    async with wire(voice) as socket:
        await socket.until("session.created")
        await in_firm(
            voice.firm, intake_services.add_turn,
            intake_id=voice.intake_id, text="In the other tab.", modality="typed", client_ref=uuid4(),
        )  # fmt: skip
        await socket.until("turn", text="In the other tab.")


async def test_a_turn_whose_wake_up_was_lost_arrives_by_the_sweep(voice: Voice, monkeypatch: Any) -> None:
    monkeypatch.setattr("intake.signalling._send", lambda *_: None)
    async with wire(voice) as socket:
        await socket.until("session.created")
        await in_firm(
            voice.firm, intake_services.add_turn,
            intake_id=voice.intake_id, text="Nobody rang.", modality="typed", client_ref=uuid4(),
        )  # fmt: skip
        await socket.until("turn", 4, text="Nobody rang.")


async def test_the_same_session_again_replaces_the_first(voice: Voice) -> None:
    async with wire(voice) as first:
        await first.until("session.created")
        await asyncio.sleep(0.2)
        async with wire(voice, protocols=await asyncio.to_thread(fresh_protocols, voice)) as second:
            await second.until("session.created")
            await first.until_error("session_replaced")
            assert await first.until_closed() == 4009
            second.frame(0, QUIET)
            assert second.closed is None


async def test_a_second_tabs_microphone_replaces_the_first(voice: Voice) -> None:
    async with wire(voice) as first:
        await first.until("session.created")
        await asyncio.sleep(0.2)
        other = await asyncio.to_thread(another_session, voice)
        async with wire(other) as second:
            await second.until("session.created")
            assert await first.until_closed() == 4009
            assert second.closed is None


async def test_resume_tells_what_is_expected_and_wants_the_token(voice: Voice) -> None:
    async with wire(voice) as socket:
        for seq, pcm in enumerate(speech(20)):
            socket.frame(seq, pcm)
        await socket.until_durable(19)
    async with wire(voice, protocols=await asyncio.to_thread(fresh_protocols, voice)) as socket:
        resume = {"session_id": str(voice.session_id), "last_turn": 0, "next_audio_seq": 20, "oldest_buffered_seq": 20}
        socket.tell("session.resume", resume_token=voice.resume_token, **resume)
        assert (await socket.until("session.resumed"))["next_expected_seq"] == 20
        await socket.until("turn", number=1)
    async with wire(voice, protocols=await asyncio.to_thread(fresh_protocols, voice)) as socket:
        socket.tell("session.resume", resume_token="no", **resume)
        await socket.until_error("resume_token_invalid")
        assert await socket.until_closed() == 4001


async def test_a_suspended_firm_loses_its_sockets(voice: Voice) -> None:
    async with wire(voice) as socket:
        await socket.until("session.created")
        await asyncio.to_thread(_suspend, voice.firm.id)
        await socket.until_error("tenant_disabled", 3)
        assert await socket.until_closed() == 4003


def _suspend(firm_id: Any) -> None:
    from django.db import connections, transaction

    from tenants import directory
    from tenants.context import public_scope

    with public_scope(), transaction.atomic():
        Firm.objects.filter(pk=firm_id).update(status=Firm.Status.SUSPENDED)
        directory.announce()
    connections.close_all()


async def test_a_stage_that_takes_no_speech_closes_the_socket(voice: Voice) -> None:
    async with wire(voice) as socket:
        socket.tell("conversation.item.create", event_id="e1", item={"text": "He shouted."})
        await socket.until("turn", text="He shouted.")
        await in_firm(voice.firm, to_review, await in_firm(voice.firm, Intake.objects.get, pk=voice.intake_id))
        await in_firm(voice.firm, intake_services.send_intake, intake_id=voice.intake_id)
        await socket.until_error("stage_closed", 4)
        assert await socket.until_closed() == 4010
    async with wire(voice, protocols=await asyncio.to_thread(fresh_protocols, voice)) as socket:
        await socket.until_error("stage_closed")
        assert await socket.until_closed() == 4010


async def test_a_server_that_ends_says_so(voice: Voice) -> None:
    going_away = asyncio.Event()
    async with wire(voice, going_away=going_away) as socket:
        await socket.until("session.created")
        going_away.set()
        assert (await socket.until("session.going_away"))["reason"] == "deploy"
        assert await socket.until_closed() == 1012


async def test_nothing_said_for_long_is_idle(voice: Voice, monkeypatch: Any) -> None:
    monkeypatch.setattr("audio.session.IDLE_SECONDS", 0.5)
    async with wire(voice) as socket:
        await socket.until_error("idle")
        assert await socket.until_closed() == 4031


async def test_close_is_answered_by_1000(voice: Voice) -> None:
    async with wire(voice) as socket:
        for seq, pcm in enumerate(speech(12)):
            socket.frame(seq, pcm)
        await socket.until_durable(5)
        socket.tell("session.close")
        assert await socket.until_closed() == 1000


async def test_done_in_silence_is_answered_at_once(voice: Voice) -> None:
    async with wire(voice) as socket:
        socket.tell("input_audio_buffer.commit", event_id="done-1")
        assert (await socket.until("input_audio_buffer.committed", 3))["client_event_id"] == "done-1"


async def test_who_comes_back_elsewhere_takes_the_conversation_from_this_browser(voice: Voice) -> None:
    def come_back() -> None:
        code = intake_services.offer(intake_id=voice.intake_id, pin="482917").code
        back = intake_services.WayBack(code=code)
        assert intake_services.come_back(back=back, pin="482917", device="192.0.2.9").secret

    async with wire(voice) as socket:
        await socket.until("session.created")
        await in_firm(voice.firm, come_back)
        await socket.until_error("session_replaced", 4)
